package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.delivery.RelayStatus.State;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Authenticator;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Relays that cannot be used: passed over, left alone, probed, and used again. */
@Timeout(20)
class RelaysTest {
  private final ScriptedSmtpServer first = ScriptedSmtpServer.builder().with("AUTH PLAIN").open();
  private final ScriptedSmtpServer second = ScriptedSmtpServer.open();
  private final List<MailSender> senders = new ArrayList<>();
  private final FakeClock clock = new FakeClock();
  private final ManualScheduler scheduler = new ManualScheduler(clock);
  private final List<String> changes = new ArrayList<>();
  private final List<ConnectionFailure> failures = new ArrayList<>();
  private final RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).jitter(0).build();
  private final Properties properties = TransportKind.properties(first);
  private String password = "";

  private MailSender sender(RetryPolicy chosen, String... relays) {
    DeliveryListener listener =
        new DeliveryListener() {
          @Override
          public void relayChanged(RelayStatus relay) {
            changes.add(relay.place() + " " + relay.state().token());
          }

          @Override
          public void connectionFailed(ConnectionFailure failure) {
            failures.add(failure);
          }
        };
    MailSender sender =
        MailSender.builder(session())
            .redeliverer(Redeliverer.builder(chosen).clock(clock).listener(listener).build())
            .settings(SenderSettings.builder().relays(relays).connections(2).build())
            .executor(Runnable::run)
            .scheduler(scheduler)
            .build();
    senders.add(sender);
    return sender;
  }

  private Session session() {
    return Session.getInstance(
        properties,
        new Authenticator() {
          @Override
          protected PasswordAuthentication getPasswordAuthentication() {
            return new PasswordAuthentication(getDefaultUserName(), password);
          }
        });
  }

  private MailSender alone() {
    return sender(policy);
  }

  private MailSender inOrder() {
    return sender(policy, address(first), address(second));
  }

  private static String address(ScriptedSmtpServer server) {
    return server.host() + ":" + server.port();
  }

  @AfterEach
  void close() {
    senders.forEach(sender -> sender.close(Duration.ZERO));
    first.close();
    second.close();
  }

  private static CompletableFuture<DeliveryReport> send(MailSender sender)
      throws MessagingException {
    return sender.send(TransportKind.message());
  }

  /** With one thread, what has not ended by now will not end while the test waits. */
  private static DeliveryReport now(CompletableFuture<DeliveryReport> future) {
    assertThat(future).isDone();
    return future.join();
  }

  @Test
  void order_firstWorks_secondIsNotUsed() throws Exception {
    MailSender sender = inOrder();
    assertThat(now(send(sender)).isComplete()).isTrue();
    assertThat(now(send(sender)).isComplete()).isTrue();
    sender.close();
    assertThat(first.accepted()).hasSize(2);
    assertThat(second.connections()).isZero();
  }

  @Test
  void order_firstDown_secondTakesOverAtOnceUntilTheFirstIsBack() throws Exception {
    first.stop();
    MailSender sender = inOrder();
    DeliveryReport report = now(send(sender));
    assertThat(report.isComplete()).isTrue();
    assertThat(report.transactions()).isEqualTo(1);
    now(send(sender));
    assertThat(failures).hasSize(1);

    first.start();
    scheduler.advance(Duration.ofSeconds(5));
    now(send(sender));
    scheduler.advance(Duration.ofSeconds(1));
    now(send(sender));
    sender.close();
    assertThat(second.accepted()).hasSize(2);
    assertThat(first.accepted()).hasSize(2);
    assertThat(changes).startsWith("1 down", "1 recovering");
  }

  @Test
  void order_firstSuspendedAtMail_secondTakesOverAndNothingIsCounted() throws Exception {
    first.on(Stage.MAIL).always().reply("421 4.7.0 too many messages, slow down");
    MailSender sender = inOrder();
    DeliveryReport report = now(send(sender));

    assertThat(report.isComplete()).isTrue();
    assertThat(report.transactions()).isEqualTo(1);
    assertThat(failures).hasSize(1);
    assertThat(changes).containsExactly("1 suspended");
    now(send(sender));
    sender.close();
    assertThat(first.commands("MAIL")).isEqualTo(1);
    assertThat(second.accepted()).hasSize(2);
  }

  @Test
  void order_recipientRefused_isNoReasonToPassOver() throws Exception {
    first.on(Stage.RCPT).reply("550 5.1.1 no such user");
    first.on(Stage.RCPT).reply("450 4.2.0 greylisted");
    MailSender sender = inOrder();
    assertThat(now(send(sender)).with(Outcome.REFUSED)).hasSize(1);
    assertThat(send(sender)).isNotDone();
    assertThat(changes).isEmpty();
    sender.close();
    assertThat(second.connections()).isZero();
  }

  @Test
  void order_unknownOutcome_neverGoesToAnother() throws Exception {
    first.on(Stage.END_OF_DATA).acceptThenReset();
    MimeMessage message = TransportKind.message();
    MailSender sender = inOrder();
    CompletableFuture<DeliveryReport> future = sender.send(message);
    first.stop();
    scheduler.advance(Duration.ofSeconds(5));
    // The first relay is down now, and the second one takes everybody else.
    assertThat(now(send(sender)).isComplete()).isTrue();
    scheduler.advance(Duration.ofHours(1));
    assertThat(future).isNotDone();
    first.start();
    scheduler.advance(Duration.ofMinutes(10));

    assertThat(now(future).isComplete()).isTrue();
    sender.close();
    assertThat(first.copies(message.getMessageID(), "bob@example.org")).isEqualTo(2);
    assertThat(second.copies(message.getMessageID(), "bob@example.org")).isZero();
  }

  @Test
  void order_unknownOutcomeAndNeverBack_isUnknownWhenItsTimeIsOver() throws Exception {
    first.on(Stage.END_OF_DATA).acceptThenReset();
    MailSender sender = inOrder();
    CompletableFuture<DeliveryReport> future = send(sender);
    first.stop();
    scheduler.advance(Duration.ofHours(4));

    assertThat(now(future).with(Outcome.UNKNOWN)).hasSize(1);
    sender.close();
    assertThat(second.accepted()).isEmpty();
  }

  @Test
  void weights_areShares() throws Exception {
    MailSender sender = sender(policy, address(first) + "=3", address(second) + "=1");
    for (int i = 0; i < 40; i++) {
      now(send(sender));
    }
    sender.close();
    assertThat(first.accepted()).hasSize(30);
    assertThat(second.accepted()).hasSize(10);
  }

  @Test
  void weights_oneDown_theOtherTakesAll() throws Exception {
    first.stop();
    MailSender sender = sender(policy, address(first) + "=3", address(second));
    for (int i = 0; i < 10; i++) {
      assertThat(now(send(sender)).isComplete()).isTrue();
    }
    sender.close();
    assertThat(second.accepted()).hasSize(10);
    assertThat(failures).hasSize(1);
  }

  @Test
  void sessions_haveTheirOwnSettings() throws Exception {
    properties.setProperty("mail.smtp.auth", "true");
    properties.setProperty("mail.smtp.user", "alice");
    // No password anywhere: the first relay holds.
    MailSender sender =
        MailSender.builder(Session.getInstance(properties))
            .policy(policy)
            .relay(Session.getInstance(TransportKind.properties(second)))
            .build();
    assertThat(send(sender).get(20, TimeUnit.SECONDS).isComplete()).isTrue();
    assertThat(sender.status().relays())
        .extracting(RelayStatus::state)
        .containsExactly(State.HELD, State.UP);
    sender.close();
    assertThat(second.accepted()).hasSize(1);
  }

  @Test
  void sessions_andWeights_doNotMix() {
    MailSender.Builder builder =
        MailSender.builder(Session.getInstance(properties))
            .settings(SenderSettings.builder().relays("a=2").build())
            .relay(Session.getInstance(properties));

    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("relays by weight and relays by session do not mix");
  }

  // ---------------------------------------------------------------- nothing else left

  @Test
  void down_nothingElse_burnsNoAttemptAndSendsAllWhenItIsBack() throws Exception {
    first.stop();
    MailSender sender = alone();
    List<CompletableFuture<DeliveryReport>> futures = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      futures.add(send(sender));
    }
    scheduler.advance(Duration.ofHours(1));
    assertThat(sender.status().ready()).isEqualTo(50);
    // Not fifty times, but once per pause: 5 s, 10 s, ... up to 5 min.
    assertThat(failures).hasSizeBetween(15, 20);

    first.start();
    scheduler.advance(Duration.ofMinutes(5));
    assertThat(futures)
        .allMatch(future -> now(future).isComplete())
        .allMatch(future -> now(future).transactions() == 1);
    sender.close();
    assertThat(first.accepted()).hasSize(50);
    assertThat(changes).startsWith("1 down").endsWith("1 recovering", "1 up");
  }

  @Test
  void down_untilTheDeadline_endsWithTheReason() throws Exception {
    first.stop();
    MailSender sender = alone();
    CompletableFuture<DeliveryReport> early = send(sender);
    scheduler.advance(Duration.ofHours(1));
    CompletableFuture<DeliveryReport> late = send(sender);
    scheduler.advance(Duration.ofHours(3).minusMillis(1));
    assertThat(early).isNotDone();
    scheduler.advance(Duration.ofMillis(1));

    assertThat(early).isDone();
    assertThat(late).isNotDone();
    assertThat(now(early).transactions()).isZero();
    assertThat(now(early).describe())
        .contains("PENDING, attempts 0, connection refused at CONNECT")
        .contains("a later try would be right at");
    assertThat(now(early).recipients().get(0).decision())
        .map(decision -> ((Decision.GiveUp) decision).reason())
        .contains(Decision.Reason.DEADLINE);
    scheduler.advance(Duration.ofHours(1));
    assertThat(late).isDone();
    sender.close();
  }

  @Test
  void held_wrongPassword_isProbedSeldomAndKeepsTheMessages() throws Exception {
    authenticate("wrong");
    MailSender sender = alone();
    CompletableFuture<DeliveryReport> future = send(sender);
    CompletableFuture<DeliveryReport> other = send(sender);
    scheduler.advance(Duration.ofMinutes(59));
    assertThat(first.commands("AUTH")).isEqualTo(1);
    scheduler.advance(Duration.ofMinutes(1));
    assertThat(first.commands("AUTH")).isEqualTo(2);
    assertThat(future).isNotDone();
    assertThat(changes).containsExactly("1 held", "1 held");

    scheduler.advance(Duration.ofHours(3));
    assertThat(first.commands("AUTH")).isEqualTo(3);
    assertThat(other).isDone();
    assertThat(now(future).isHeld()).isTrue();
    assertThat(now(future).describe()).contains("Check user name, password or token");
    sender.close();
  }

  @Test
  void held_passwordAcceptedAgain_sendsWhatItKept() throws Exception {
    authenticate("right");
    first.on(Stage.AUTH).reply("535 5.7.8 bad credentials");
    MailSender sender = alone();
    CompletableFuture<DeliveryReport> future = send(sender);
    scheduler.advance(Duration.ofHours(1));

    assertThat(now(future).isComplete()).isTrue();
    sender.close();
    assertThat(first.commands("AUTH")).isEqualTo(2);
  }

  @Test
  void held_atMail_isNoAttempt() throws Exception {
    first.on(Stage.MAIL).reply("530 5.7.0 Authentication required");
    MailSender sender = alone();
    CompletableFuture<DeliveryReport> future = send(sender);
    assertThat(changes).containsExactly("1 held");
    assertThat(future).isNotDone();
    scheduler.advance(Duration.ofHours(1));

    assertThat(now(future).isComplete()).isTrue();
    assertThat(now(future).transactions()).isEqualTo(1);
    sender.close();
  }

  @Test
  void held_interactive_saysSoAtOnce() throws Exception {
    authenticate("wrong");
    RetryPolicy interactive = RetryPolicy.builder(Profile.INTERACTIVE).jitter(0).build();
    MailSender sender = sender(interactive);
    assertThat(now(send(sender)).isHeld()).isTrue();
    assertThat(now(send(sender)).isHeld()).isTrue();
    sender.close();
    assertThat(first.commands("AUTH")).isEqualTo(1);
  }

  @Test
  void down_interactive_isWaitedForUpToTheDeadline() throws Exception {
    first.stop();
    RetryPolicy interactive = RetryPolicy.builder(Profile.INTERACTIVE).jitter(0).build();
    MailSender sender = sender(interactive);
    CompletableFuture<DeliveryReport> future = send(sender);
    assertThat(future).isNotDone();
    first.start();
    scheduler.advance(Duration.ofMillis(500));
    assertThat(now(future).isComplete()).isTrue();
    sender.close();
  }

  @Test
  void greetingRefusedForGood_isHeld() throws Exception {
    first.on(Stage.GREETING).reply("554 5.7.1 no service for you");
    MailSender sender = alone();
    CompletableFuture<DeliveryReport> future = send(sender);
    assertThat(sender.status().relays().get(0).state()).isEqualTo(State.HELD);
    assertThat(sender.status().relays().get(0).obstacle()).isPresent();
    scheduler.advance(Duration.ofMinutes(1));
    assertThat(now(future).isComplete()).isTrue();
    sender.close();
  }

  @Test
  void close_whileDown_reportsEverything() throws Exception {
    first.stop();
    MailSender sender = alone();
    List<CompletableFuture<DeliveryReport>> futures = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      futures.add(send(sender));
    }

    assertThat(sender.close(Duration.ZERO)).hasSize(5);
    assertThat(futures)
        .allMatch(future -> now(future).with(Outcome.PENDING).size() == 1)
        .allMatch(future -> now(future).describe().contains("not tried (the sender was closed)"));
  }

  @Test
  void cancel_whileDown_endsIt() throws Exception {
    first.stop();
    MailSender sender = alone();
    CompletableFuture<DeliveryReport> future = send(sender);
    future.cancel(false);
    assertThat(sender.status().inFlight()).isZero();
    first.start();
    scheduler.advance(Duration.ofHours(1));
    sender.close();
    assertThat(first.commands("MAIL")).isZero();
  }

  private void authenticate(String given) {
    properties.setProperty("mail.smtp.auth", "true");
    properties.setProperty("mail.smtp.user", "alice");
    password = given;
    if (given.equals("wrong")) {
      first.on(Stage.AUTH).always().reply("535 5.7.8 bad credentials");
    }
  }
}
