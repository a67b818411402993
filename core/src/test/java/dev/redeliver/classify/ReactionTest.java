package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReactionTest {
  private static Reaction of(String host, String reply) {
    SmtpFailure failure = new SmtpFailure.Refused(SmtpStage.RCPT, SmtpReply.parse(reply));
    String rule =
        ReplyClassifier.standard().classify(failure, MailboxProvider.ofHost(host)).ruleId();
    return Reaction.known(failure, rule).orElseThrow(() -> new AssertionError(rule));
  }

  /** What KumoMTA's users do about the same replies. */
  @ParameterizedTest
  @CsvSource({
    "mta7.am0.yahoodns.net, '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred', 1, PT1H, PT2H, 0",
    "mta7.am0.yahoodns.net, '421 4.7.0 [TSS05] Messages from 192.0.2.1 temporarily deferred', 2, PT1H, PT4H, 0",
    "x.mail.protection.outlook.com, '451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP"
        + " reputation. (S843)', 3, PT1H, PT30M, 0",
    "x.mail.protection.outlook.com, '550 5.7.1 Unfortunately, messages from [192.0.2.1] weren''t sent, part of their network is on"
        + " our block list (S3150).', 5, PT1H, PT2H, 0",
    "aspmx.l.google.com, '421 4.7.28 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail', 2, PT1H,"
        + " PT30M, 10",
    "aspmx.l.google.com, '421 4.7.0 [192.0.2.1] Our system has detected that this message is suspicious due to the very"
        + " low reputation of the sending domain.', 5, PT1H, PT1H, 0"
  })
  void replyOfAProvider_hasItsValues(
      String host, String reply, int threshold, Duration window, Duration pause, double rate) {
    assertThat(of(host, reply)).isEqualTo(new Reaction(threshold, window, pause, rate));
  }

  @Test
  void everyRow_isForARuleThatThereIs() {
    assertThat(BuiltInTable.rows().keySet()).containsAll(Reaction.rules());
  }

  @Test
  void badValues_areNamed() {
    assertThatThrownBy(() -> new Reaction(0, Duration.ofMinutes(1), Duration.ZERO, 0))
        .hasMessage("threshold must be at least 1, but is 0");
    assertThatThrownBy(() -> new Reaction(1, Duration.ZERO, Duration.ZERO, 0))
        .hasMessage("window must be positive, but is PT0S");
    assertThatThrownBy(() -> new Reaction(1, Duration.ofMinutes(1), Duration.ofSeconds(-1), 0))
        .hasMessage("pause must not be negative, but is PT-1S");
    assertThatThrownBy(() -> new Reaction(1, Duration.ofMinutes(1), Duration.ZERO, -1))
        .hasMessage("rate must not be negative, but is -1.0");
  }
}
