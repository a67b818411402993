package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SoakTest {
  @Test
  @Timeout(300)
  void soak_ofThousands_endsWithTheSummary() {
    Cli cli = Cli.run("soak", "--messages", "3000", "--seed", "1");

    assertThat(cli.lastLine())
        .matches(
            "summary messages=3000 recipients=\\d+ accepted=\\d+ refused=\\d+ unknown=\\d+"
                + " deferred=\\d+ lost=0 duplicated=0 unexplained=0 attempts=\\d+"
                + " heap-peak-mib=\\d+ threads-peak=\\d+");
    assertThat(cli.err()).isEmpty();
    assertThat(cli.out()).doesNotContain("no report");
    assertThat(cli.exitCode()).isZero();
  }

  /** Every kind of fault shows, or the soak would prove nothing. */
  @ParameterizedTest
  @ValueSource(longs = {2, 3})
  @Timeout(300)
  void run_meetsEveryFault(long seed) throws InterruptedException {
    Reckoning reckoning = soak(1000, RetryPolicy.of(Profile.BACKGROUND), seed);

    assertThat(reckoning.findings()).isEmpty();
    assertThat(reckoning.refused()).as("refused").isPositive();
    assertThat(reckoning.attempts()).as("attempts").isGreaterThan(1300);
    // A reply that got lost after the message was taken makes a copy that the report explains.
    assertThat(reckoning.copies()).as("copies").isGreaterThan(reckoning.accepted());
    assertThat(
            reckoning.accepted() + reckoning.refused() + reckoning.unknown() + reckoning.deferred())
        .isEqualTo(reckoning.recipients());
  }

  @Test
  void run_withoutRetries_leavesRecipients() throws InterruptedException {
    RetryPolicy once = RetryPolicy.builder(Profile.BACKGROUND).maxAttempts(1).build();

    Reckoning reckoning = soak(200, once, 1);

    assertThat(reckoning.findings()).isEmpty();
    assertThat(reckoning.deferred()).isPositive();
  }

  @Test
  void soak_withoutMessages_isRefused() {
    Cli cli = Cli.run("soak", "--messages", "0");

    assertThat(cli.firstErrorLine()).isEqualTo("--messages must be from 1 to 10000000, but is 0");
    assertThat(cli.exitCode()).isEqualTo(64);
  }

  @Test
  void letter_sameSeed_isTheSame() throws Exception {
    Session session = Session.getInstance(new Properties());
    MimeMessage message = SoakLetter.of(7, 1).message(session, Instant.EPOCH);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    message.writeTo(bytes);

    assertThat(SoakLetter.of(7, 1)).isEqualTo(SoakLetter.of(7, 1));
    assertThat(SoakLetter.of(7, 2)).isNotEqualTo(SoakLetter.of(7, 1));
    assertThat(SoakLetter.numberOf(message.getFrom()[0].toString())).isEqualTo(7);
    assertThat(SoakLetter.digest(message)).isEqualTo(SoakLetter.digest(bytes.toByteArray()));
  }

  private static Reckoning soak(int messages, RetryPolicy policy, long seed)
      throws InterruptedException {
    return new Soak(Terminal.writer(OutputStream.nullOutputStream()), policy, messages, seed)
        .run()
        .reckoning();
  }
}
