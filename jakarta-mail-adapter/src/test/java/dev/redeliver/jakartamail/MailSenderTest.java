package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Session;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One sender, one thread, one relay: every step in the order in which the test makes it. */
class MailSenderTest {
  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();
  private final FakeClock clock = new FakeClock();
  private final ManualScheduler scheduler = new ManualScheduler(clock);

  private MailSender sender() {
    Redeliverer redeliverer =
        Redeliverer.builder(RetryPolicy.builder(Profile.BACKGROUND).jitter(0).build())
            .clock(clock)
            .build();
    return MailSender.builder(Session.getInstance(TransportKind.properties(server)))
        .redeliverer(redeliverer)
        .executor(Runnable::run)
        .scheduler(scheduler)
        .build();
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void send_accepted_completes() throws Exception {
    try (MailSender sender = sender()) {
      CompletableFuture<DeliveryReport> first = sender.send(TransportKind.message());
      CompletableFuture<DeliveryReport> second = sender.send(TransportKind.message());

      assertThat(first.join().isComplete()).isTrue();
      assertThat(second.join().isComplete()).isTrue();
      assertThat(server.connections()).isEqualTo(1);
      assertThat(server.commands("NOOP")).isZero();
    }
  }

  @Test
  void send_refusedForNow_waitsAndSendsAgain() throws Exception {
    server.on(Stage.RCPT).reply("450 4.2.0 Greylisted, try again in 300 seconds");
    try (MailSender sender = sender()) {
      CompletableFuture<DeliveryReport> report = sender.send(TransportKind.message());

      assertThat(report).isNotDone();
      assertThat(sender.status().waiting()).isEqualTo(1);
      scheduler.advance(Duration.ofSeconds(299));
      assertThat(report).isNotDone();
      scheduler.advance(Duration.ofSeconds(1));

      assertThat(report.join().with(Outcome.ACCEPTED)).hasSize(1);
      assertThat(report.join().transactions()).isEqualTo(2);
    }
  }
}
