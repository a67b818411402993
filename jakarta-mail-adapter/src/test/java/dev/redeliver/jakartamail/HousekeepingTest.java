package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.jakartamail.Bench.Way;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What goes on between the attempts must not cost a recipient the message. */
class HousekeepingTest {
  private static final List<String> BOB = List.of("bob@example.org");

  private final ScriptedSmtpServer server = ScriptedSmtpServer.builder().with("AUTH PLAIN").open();

  @AfterEach
  void close() {
    server.close();
  }

  private Bench bench(Way way, RetryPolicy policy) {
    return new Bench(way, policy, TransportKind.properties(server));
  }

  private static RetryPolicy threeAttempts() {
    return RetryPolicy.builder(Profile.INTERACTIVE).maxAttempts(3).build();
  }

  /**
   * The mail library sends RSET after a refusal, closes when that fails, and says nothing about it.
   * The next attempt then found a transport that is "not connected", and took that for a refusal.
   */
  @ParameterizedTest
  @EnumSource
  void resetFailsAfterRefusal_refusedForNow_isSentAgain(Way way) throws Exception {
    server.on(Stage.RCPT).reply("451 4.3.0 local error");
    server.on(Stage.RSET).reset();
    try (Bench bench = bench(way, threeAttempts())) {
      DeliveryReport report = bench.send(bench.message("hello"), BOB).report().orElseThrow();

      assertThat(report.isComplete()).as(report.describe()).isTrue();
      assertThat(server.connections()).isEqualTo(2);
    }
  }

  /** "Once more on a fresh connection" is what is decided, and what has to happen. */
  @ParameterizedTest
  @EnumSource
  void badSequence_atMail_goesOnOverFreshConnection(Way way) throws Exception {
    server.on(Stage.MAIL).onConnection(1).always().reply("503 5.5.1 Bad sequence of commands");
    try (Bench bench = bench(way, threeAttempts())) {
      DeliveryReport report = bench.send(bench.message("hello"), BOB).report().orElseThrow();

      assertThat(report.isComplete()).as(report.describe()).isTrue();
      assertThat(server.connections()).isEqualTo(2);
      assertThat(report.recipients().get(0).attempts()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void badSequence_atRcpt_goesOnOverFreshConnection(Way way) throws Exception {
    server.on(Stage.RCPT).onConnection(1).always().reply("503 5.5.1 Bad sequence of commands");
    try (Bench bench = bench(way, threeAttempts())) {
      DeliveryReport report = bench.send(bench.message("hello"), BOB).report().orElseThrow();

      assertThat(report.isComplete()).as(report.describe()).isTrue();
      assertThat(server.connections()).isEqualTo(2);
    }
  }

  /** What is no reply says nothing about our credentials. */
  @ParameterizedTest
  @EnumSource
  void garbage_atAuth_isNoVerdictOnOurCredentials(Way way) throws Exception {
    server.on(Stage.AUTH).then(SmtpAction.raw("HTTP/1.1 400 Bad Request\r\n"), SmtpAction.close());
    Properties properties = TransportKind.properties(server);
    properties.setProperty("mail.smtp.auth", "true");
    try (Bench bench = new Bench(way, threeAttempts(), properties)) {
      Bench.Result result = bench.send(bench.message("hello"), BOB);

      assertThat(result.report()).get().matches(DeliveryReport::isComplete);
    }
  }

  /** The message that finds out that the relay holds it back must not be the last to hear of it. */
  @Test
  void sender_relayRefusesPassword_messageEndsAtItsDeadline() throws Exception {
    server.on(Stage.AUTH).always().reply("535 5.7.8 bad credentials");
    Properties properties = TransportKind.properties(server);
    properties.setProperty("mail.smtp.auth", "true");
    RetryPolicy policy =
        RetryPolicy.builder(Profile.BACKGROUND).deadline(Duration.ofMinutes(1)).build();
    try (Bench bench = new Bench(Way.SENDER, policy, properties)) {
      CompletableFuture<DeliveryReport> future =
          bench.sender().send(bench.message("hello"), Bench.addresses(BOB));

      bench.scheduler.advance(Duration.ofSeconds(59));
      assertThat(future).isNotDone();
      bench.scheduler.advance(Duration.ofSeconds(1));

      assertThat(future).isCompleted();
      assertThat(future.join().isHeld()).isTrue();
      assertThat(server.commands("AUTH")).isEqualTo(1);
    }
  }

  @Test
  void sender_relayRefusesPassword_interactiveDoesNotWait() throws Exception {
    server.on(Stage.AUTH).always().reply("535 5.7.8 bad credentials");
    Properties properties = TransportKind.properties(server);
    properties.setProperty("mail.smtp.auth", "true");
    try (Bench bench = new Bench(Way.SENDER, threeAttempts(), properties)) {
      CompletableFuture<DeliveryReport> future =
          bench.sender().send(bench.message("hello"), Bench.addresses(BOB));

      assertThat(future).isCompleted();
      assertThat(future.join().recipients().get(0).decision())
          .get()
          .isInstanceOf(Decision.Hold.class);
    }
  }
}
