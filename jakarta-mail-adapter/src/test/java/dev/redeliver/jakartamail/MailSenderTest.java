package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.PolicyException;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One sender, one thread, one relay: every step in the order in which the test makes it. */
@Timeout(20)
class MailSenderTest {
  private static final String BOB = "bob@example.org";
  private static final String CAROL = "carol@example.net";

  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();
  private final List<MailSender> senders = new ArrayList<>();
  private final FakeClock clock = new FakeClock();
  private final ManualScheduler scheduler = new ManualScheduler(clock);
  private final List<String> events = new ArrayList<>();
  private final List<DeliveryReport> reports = new ArrayList<>();
  private final RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).jitter(0).build();
  private final Properties properties = TransportKind.properties(server);

  private MailSender sender() {
    return sender(policy, SenderSettings.builder().build());
  }

  private MailSender sender(SenderSettings settings) {
    return sender(policy, settings);
  }

  private MailSender sender(
      RetryPolicy chosen, SenderSettings settings, DeliveryListener... listeners) {
    Redeliverer.Builder redeliverer =
        Redeliverer.builder(chosen).clock(clock).listener(new Noted());
    List.of(listeners).forEach(redeliverer::listener);
    MailSender sender =
        MailSender.builder(Session.getInstance(properties))
            .redeliverer(redeliverer.build())
            .settings(settings)
            .executor(this::run)
            .scheduler(scheduler)
            .build();
    senders.add(sender);
    return sender;
  }

  /** As a thread would: an Error goes no further. */
  private void run(Runnable work) {
    try {
      work.run();
    } catch (AssertionError e) {
      events.add(e.getMessage());
    }
  }

  /** Keeps what a sender tells. */
  private final class Noted implements DeliveryListener {
    @Override
    public void deliveryFinished(DeliveryReport report) {
      reports.add(report);
    }

    @Override
    public void handoverRejected(String reason) {
      events.add("rejected " + reason);
    }

    @Override
    public void connectionOpened(RelayStatus relay) {
      events.add("opened");
    }

    @Override
    public void connectionClosed(RelayStatus relay, String reason) {
      events.add("closed " + reason);
    }
  }

  @AfterEach
  void close() {
    senders.forEach(sender -> sender.close(Duration.ZERO));
    server.close();
  }

  private static CompletableFuture<DeliveryReport> send(MailSender sender, String... to)
      throws MessagingException {
    return sender.send(TransportKind.message(), TransportKind.to(to));
  }

  /** With one thread, what has not ended by now will not end while the test waits. */
  private static DeliveryReport now(CompletableFuture<DeliveryReport> future) {
    assertThat(future).isDone();
    return future.join();
  }

  private static Optional<Decision.Reason> reason(DeliveryReport report) {
    return report
        .recipients()
        .get(0)
        .decision()
        .map(decision -> ((Decision.GiveUp) decision).reason());
  }

  @Test
  void send_oneAfterAnother_usesOneConnectionAndAsksNothing() throws Exception {
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> first = sender.send(TransportKind.message());
    CompletableFuture<DeliveryReport> second = sender.send(TransportKind.message());

    assertThat(now(first).isComplete()).isTrue();
    assertThat(now(second).isComplete()).isTrue();
    sender.close();
    assertThat(server.connections()).isEqualTo(1);
    assertThat(server.commands("NOOP")).isZero();
    assertThat(server.commands("RSET")).isZero();
    assertThat(events).containsExactly("opened", "closed closed");
  }

  @Test
  void send_refusedForNow_waitsAsLongAsTheServerSaysAndSendsAgain() throws Exception {
    server.on(Stage.RCPT).reply("450 4.2.0 Greylisted, try again in 300 seconds");
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> report = sender.send(TransportKind.message());

    assertThat(sender.status().waiting()).isEqualTo(1);
    assertThat(sender.status().oldest()).contains(FakeClock.START);
    scheduler.advance(Duration.ofSeconds(299));
    assertThat(report).isNotDone();
    scheduler.advance(Duration.ofSeconds(1));

    assertThat(now(report).with(Outcome.ACCEPTED)).hasSize(1);
    assertThat(now(report).transactions()).isEqualTo(2);
    assertThat(sender.status().inFlight()).isZero();
    assertThat(sender.status().oldest()).isEmpty();
    sender.close();
  }

  @Test
  void send_partlyRefused_isSentAgainToThoseOnlyWhoNeedIt() throws Exception {
    server.on(Stage.RCPT).to(CAROL).reply("451 4.3.0 local error");
    server.on(Stage.RCPT).to("gone@example.org").always().reply("550 5.1.1 no such user");
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> report = send(sender, BOB, CAROL, "gone@example.org");
    scheduler.advance(Duration.ofMinutes(1));

    assertThat(now(report).with(Outcome.ACCEPTED)).hasSize(2);
    assertThat(now(report).with(Outcome.REFUSED)).hasSize(1);
    sender.close();
    assertThat(server.accepted())
        .extracting(ReceivedMessage::recipients)
        .containsExactly(List.of(BOB), List.of(CAROL));
    assertThat(server.accepted().get(0).content()).isEqualTo(server.accepted().get(1).content());
  }

  @Test
  void send_replyToContentLost_isSentOnceMoreWithTheSameId() throws Exception {
    server.on(Stage.END_OF_DATA).acceptThenReset();
    MimeMessage message = TransportKind.message();
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> report = sender.send(message);
    scheduler.advance(Duration.ofSeconds(5));

    assertThat(now(report).isComplete()).isTrue();
    assertThat(now(report).recipients().get(0).unknownAttempts()).isEqualTo(1);
    sender.close();
    assertThat(server.copies(message.getMessageID(), BOB)).isEqualTo(2);
    assertThat(server.connections()).isEqualTo(2);
  }

  @Test
  void send_replyToContentLostAndReport_isUnknown() throws Exception {
    server.on(Stage.END_OF_DATA).acceptThenReset();
    RetryPolicy report = policy.toBuilder().unknownOutcome(UnknownOutcome.REPORT).build();
    MailSender sender = sender(report, SenderSettings.builder().build());
    assertThat(now(sender.send(TransportKind.message())).with(Outcome.UNKNOWN)).hasSize(1);
    sender.close();
    assertThat(server.accepted()).hasSize(1);
  }

  @Test
  void send_messageChangedAfterwards_isSentAsItWas() throws Exception {
    server.on(Stage.MAIL).reply("451 4.3.0 local error");
    MimeMessage message = TransportKind.unsaved(Session.getInstance(new Properties()));
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> report = sender.send(message);
    String id = message.getMessageID();
    message.setSubject("Changed");
    message.saveChanges();
    scheduler.advance(Duration.ofMinutes(1));

    assertThat(now(report).envelope().messageId()).isEqualTo(id);
    assertThat(server.accepted().get(0).messageId()).contains(id);
    assertThat(server.accepted().get(0).text()).contains("Subject: Hello");
    sender.close();
  }

  @Test
  void send_cannotBeSentAtAll_failsTheFuture() throws Exception {
    SenderSettings one = SenderSettings.builder().maxInFlight(1).build();
    MailSender sender = sender(one);
    assertThatThrownBy(() -> now(sender.send(TransportKind.message(), new Address[0])))
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(SendFailedException.class);
    assertThat(now(send(sender, BOB)).isComplete()).isTrue();
    sender.close();
    assertThat(events).startsWith("rejected invalid");
  }

  // ---------------------------------------------------------------- connections

  @Test
  void connection_numberOfMessagesUsedUp_isReplaced() throws Exception {
    MailSender sender = sender(SenderSettings.builder().messagesPerConnection(2).build());
    for (int i = 0; i < 5; i++) {
      assertThat(now(send(sender, BOB)).isComplete()).isTrue();
    }
    sender.close();
    assertThat(server.connections()).isEqualTo(3);
    assertThat(server.commands("QUIT")).isEqualTo(3);
    assertThat(events)
        .containsExactly(
            "opened", "closed messages", "opened", "closed messages", "opened", "closed closed");
  }

  @Test
  void connection_tooOld_isReplaced() throws Exception {
    SenderSettings settings =
        SenderSettings.builder()
            .connectionAge(Duration.ofMinutes(1))
            .idleClose(Duration.ofHours(1))
            .build();
    MailSender sender = sender(settings);
    now(send(sender, BOB));
    clock.advance(Duration.ofSeconds(61));
    now(send(sender, BOB));
    sender.close();
    assertThat(events).containsExactly("opened", "closed age", "opened", "closed closed");
    assertThat(server.commands("NOOP")).isZero();
  }

  @Test
  void connection_idleForAWhile_isCheckedOnce() throws Exception {
    MailSender sender = sender();
    now(send(sender, BOB));
    clock.advance(Duration.ofSeconds(11));
    now(send(sender, BOB));
    now(send(sender, BOB));
    sender.close();
    assertThat(server.commands("NOOP")).isEqualTo(1);
    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void connection_idleAndGone_isReplacedUnnoticed() throws Exception {
    MailSender sender = sender();
    now(send(sender, BOB));
    server.disconnectAll("421 4.4.2 timeout");
    clock.advance(Duration.ofSeconds(11));
    DeliveryReport report = now(send(sender, BOB));

    assertThat(report.isComplete()).isTrue();
    assertThat(report.transactions()).isEqualTo(1);
    sender.close();
    assertThat(events).startsWith("opened", "closed broken", "opened");
  }

  @Test
  void connection_idleTooLong_isClosed() throws Exception {
    MailSender sender = sender();
    now(send(sender, BOB));
    scheduler.advance(Duration.ofSeconds(60));

    assertThat(server.commands("QUIT")).isEqualTo(1);
    assertThat(events).containsExactly("opened", "closed idle");
    assertThat(scheduler.waits()).isEmpty();
    assertThat(now(send(sender, BOB)).isComplete()).isTrue();
    sender.close();
  }

  @Test
  void connection_usedInBetween_isClosedWhenItsOwnTimeIsOver() throws Exception {
    MailSender sender = sender();
    now(send(sender, BOB));
    scheduler.advance(Duration.ofSeconds(40));
    now(send(sender, BOB));
    scheduler.advance(Duration.ofSeconds(59));
    assertThat(server.commands("QUIT")).isZero();
    scheduler.advance(Duration.ofSeconds(1));
    assertThat(server.commands("QUIT")).isEqualTo(1);
    sender.close();
  }

  @Test
  void connection_closedByServerMeanwhile_isReplacedAtOnceAndNotCounted() throws Exception {
    MailSender sender = sender();
    now(send(sender, BOB));
    server.on(Stage.MAIL).reply("421 4.4.2 too many messages on this connection");
    DeliveryReport report = now(send(sender, BOB));

    assertThat(report.isComplete()).isTrue();
    assertThat(report.transactions()).isEqualTo(2);
    assertThat(report.recipients().get(0).attempts()).isEqualTo(1);
    sender.close();
    assertThat(server.connections()).isEqualTo(2);
  }

  /** It is not the sender that stands still. */
  @Test
  void status_destinationThatPauses_itsMessagesWait() throws Exception {
    server.on(Stage.RCPT).reply("550 5.7.1 Client host blocked using zen.spamhaus.org");
    MailSender sender =
        sender(
            policy.toBuilder().alert(1, Duration.ofMinutes(10)).build(),
            SenderSettings.builder().build());
    now(send(sender, BOB));
    CompletableFuture<DeliveryReport> second = send(sender, BOB);

    assertThat(sender.status().waiting()).isEqualTo(1);
    assertThat(sender.status().ready()).isZero();
    assertThat(sender.status().relays().get(0).state()).isEqualTo(RelayStatus.State.UP);
    scheduler.advance(Duration.ofMinutes(15));
    assertThat(now(second).isComplete()).isTrue();
  }

  @Test
  void connection_fresh421AtMail_isAnOrdinaryAttempt() throws Exception {
    server.on(Stage.MAIL).reply("421 4.3.2 shutting down");
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> report = send(sender, BOB);

    assertThat(report).isNotDone();
    assertThat(sender.status().relays().get(0).state()).isEqualTo(RelayStatus.State.SUSPENDED);
    scheduler.advance(Duration.ofMinutes(1));
    assertThat(now(report).recipients().get(0).attempts()).isEqualTo(2);
    sender.close();
  }

  @Test
  void connection_refusedMessage_isKept() throws Exception {
    server.on(Stage.RCPT).reply("550 5.1.1 no such user");
    server.on(Stage.END_OF_DATA).reply("554 5.7.1 looks like spam");
    MailSender sender = sender();
    now(send(sender, BOB));
    now(send(sender, BOB));
    now(send(sender, BOB));
    sender.close();
    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void connection_timedOut_isNotUsedAgain() throws Exception {
    properties.setProperty("mail.smtp.timeout", "1000");
    server.on(Stage.DATA).stall();
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> first = send(sender, BOB);
    assertThat(now(send(sender, BOB)).isComplete()).isTrue();
    scheduler.advance(Duration.ofSeconds(5));
    assertThat(now(first).isComplete()).isTrue();
    sender.close();
    assertThat(server.connections()).isEqualTo(2);
    assertThat(events).startsWith("opened", "closed broken", "opened");
  }

  // ---------------------------------------------------------------- too much, too late

  @Test
  void backPressure_reject_countsTheWaitingOnes() throws Exception {
    server.on(Stage.MAIL).times(2).reply("451 4.3.0 local error");
    SenderSettings two =
        SenderSettings.builder()
            .maxInFlight(2)
            .backPressure(SenderSettings.BackPressure.REJECT)
            .build();
    MailSender sender = sender(two);
    assertThat(send(sender, BOB)).isNotDone();
    scheduler.advance(Duration.ofMinutes(1));
    assertThat(send(sender, BOB)).isNotDone();
    assertThat(sender.status().inFlight()).isEqualTo(2);

    assertThatThrownBy(() -> now(send(sender, BOB)))
        .hasCauseInstanceOf(RejectedExecutionException.class)
        .hasMessageContaining("as many messages as allowed are in flight");
    scheduler.advance(Duration.ofMinutes(5));
    assertThat(now(send(sender, BOB)).isComplete()).isTrue();
    sender.close();
    assertThat(events).contains("rejected full");
  }

  @Test
  void cancel_waitingMessage_endsItAndTellsTheListeners() throws Exception {
    server.on(Stage.MAIL).reply("451 4.3.0 local error");
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> future = send(sender, BOB);
    assertThat(future.cancel(true)).isTrue();

    assertThat(future).isCancelled();
    assertThat(sender.status().inFlight()).isZero();
    assertThat(reports).hasSize(1);
    assertThat(reason(reports.get(0))).contains(Decision.Reason.INTERRUPTED);
    scheduler.advance(Duration.ofHours(1));
    assertThat(server.commands("MAIL")).isEqualTo(1);
    assertThat(future.cancel(true)).isTrue();
    assertThat(reports).hasSize(1);
    sender.close();
  }

  @Test
  void cancel_endedMessage_isTooLate() throws Exception {
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> future = send(sender, BOB);
    assertThat(future.cancel(true)).isFalse();
    assertThat(now(future).isComplete()).isTrue();
    sender.close();
  }

  @Test
  void close_withWaitingMessages_reportsThemAll() throws Exception {
    server.on(Stage.MAIL).reply("451 4.3.0 local error");
    server.on(Stage.RCPT).reply("452 4.2.2 mailbox full");
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> first = send(sender, BOB);
    scheduler.advance(Duration.ofMinutes(1));
    CompletableFuture<DeliveryReport> second = send(sender, CAROL);

    List<DeliveryReport> left = sender.close(Duration.ofSeconds(30));

    assertThat(left).hasSize(1);
    assertThat(left.get(0)).isSameAs(now(first));
    RecipientReport recipient = left.get(0).recipients().get(0);
    assertThat(recipient.outcome()).isEqualTo(Outcome.PENDING);
    assertThat(reason(left.get(0))).contains(Decision.Reason.INTERRUPTED);
    assertThat(recipient.laterTry()).contains(FakeClock.START.plus(Duration.ofMinutes(61)));
    assertThat(now(second).isComplete()).isTrue();
    assertThat(server.awaitConnectionsClosed(Duration.ofSeconds(5))).isTrue();
    assertThat(sender.close(Duration.ZERO)).hasSize(1);
  }

  @Test
  void close_thenSend_isRejected() throws Exception {
    MailSender sender = sender();
    sender.close();

    assertThatThrownBy(() -> now(send(sender, BOB)))
        .hasCauseInstanceOf(RejectedExecutionException.class)
        .hasMessageContaining("the sender is closed");
    assertThat(events).containsExactly("rejected closed");
  }

  // ---------------------------------------------------------------- code that is not ours

  @Test
  void listener_throws_changesNothing() throws Exception {
    DeliveryListener broken =
        new DeliveryListener() {
          @Override
          public void attemptFinished(Attempt attempt) {
            throw new IllegalStateException("listener bug");
          }

          @Override
          public void connectionOpened(RelayStatus relay) {
            throw new IllegalStateException("listener bug");
          }

          @Override
          public void deliveryFinished(DeliveryReport report) {
            throw new IllegalStateException("listener bug");
          }
        };
    MailSender sender = sender(policy, SenderSettings.builder().build(), broken);
    assertThat(now(send(sender, BOB)).isComplete()).isTrue();
    sender.close();
  }

  @Test
  void listener_throwsAnError_endsThatMessageWithAReportAndNoOther() throws Exception {
    DeliveryListener broken =
        new DeliveryListener() {
          private boolean thrown;

          @Override
          public void attemptFinished(Attempt attempt) {
            if (!thrown) {
              thrown = true;
              throw new AssertionError("listener bug");
            }
          }
        };
    server.on(Stage.RCPT).to(CAROL).reply("451 4.3.0 local error");
    MailSender sender = sender(policy, SenderSettings.builder().build(), broken);
    CompletableFuture<DeliveryReport> future = send(sender, BOB, CAROL);

    DeliveryReport report = now(future);
    assertThat(report.with(Outcome.ACCEPTED)).hasSize(1);
    assertThat(report.with(Outcome.PENDING).get(0).describe())
        .contains("broken off by java.lang.AssertionError: listener bug");
    assertThat(sender.status().inFlight()).isZero();
    assertThat(now(send(sender, BOB)).isComplete()).isTrue();
    sender.close();
  }

  @Test
  void listener_throwsAnErrorAtTheEnd_completesTheFuture() throws Exception {
    DeliveryListener broken =
        new DeliveryListener() {
          @Override
          public void deliveryFinished(DeliveryReport report) {
            throw new AssertionError("listener bug");
          }
        };
    MailSender sender = sender(policy, SenderSettings.builder().build(), broken);
    assertThat(now(send(sender, BOB)).isComplete()).isTrue();
    assertThat(sender.status().inFlight()).isZero();
    assertThat(now(send(sender, BOB)).isComplete()).isTrue();
    sender.close();
    assertThat(events).containsSubsequence("opened", "listener bug", "listener bug");
  }

  @Test
  void furtherStages_thatThrowOrAreCancelled_changeNothing() throws Exception {
    server.on(Stage.MAIL).reply("451 4.3.0 local error");
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> future = send(sender, BOB);
    CompletableFuture<Integer> stage =
        future.thenApply(
            report -> {
              throw new IllegalStateException("bug");
            });
    CompletableFuture<Void> other = future.thenRun(() -> {});
    other.cancel(true);
    scheduler.advance(Duration.ofMinutes(1));

    assertThat(stage).isCompletedExceptionally();
    assertThat(now(future).isComplete()).isTrue();
    sender.close();
  }

  // ---------------------------------------------------------------- settings

  @Test
  void of_session_readsItsProperties() throws Exception {
    properties.setProperty("redeliver.sender.messages-per-connection", "1");
    properties.setProperty("redeliver.name", "from-properties");
    MailSender sender = MailSender.of(Session.getInstance(properties));
    assertThat(send(sender, BOB).get(20, TimeUnit.SECONDS).isComplete()).isTrue();
    assertThat(send(sender, BOB).get(20, TimeUnit.SECONDS).isComplete()).isTrue();
    sender.close();
    assertThat(server.connections()).isEqualTo(2);
  }

  @Test
  void of_badProperties_namesAllOfThem() {
    properties.setProperty("redeliver.sender.connections", "0");
    properties.setProperty("redeliver.profile", "fast");

    assertThatThrownBy(() -> MailSender.of(Session.getInstance(properties)))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("redeliver.sender.connections: '0' is not from 1 to 1000.")
        .hasMessageContaining("redeliver.profile: 'fast'");
  }

  @Test
  void of_switchedOff_triesOnce() throws Exception {
    server.on(Stage.RCPT).always().reply("451 4.3.0 local error");
    properties.setProperty("redeliver.enabled", "false");
    MailSender sender = MailSender.of(Session.getInstance(properties));
    assertThat(reason(send(sender, BOB).get(20, TimeUnit.SECONDS)))
        .contains(Decision.Reason.ATTEMPTS);
    sender.close();
    assertThat(server.commands("MAIL")).isEqualTo(1);
  }
}
