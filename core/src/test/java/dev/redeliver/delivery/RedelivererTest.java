package dev.redeliver.delivery;

import static dev.redeliver.delivery.ScriptedSubmitter.accepted;
import static dev.redeliver.delivery.ScriptedSubmitter.lost;
import static dev.redeliver.delivery.ScriptedSubmitter.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.classify.Cause;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.RecordingWaiter;
import io.github.resilience4j.retry.RetryRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class RedelivererTest {
  private static final String A = "a@example.org";
  private static final String B = "b@example.org";

  private final FakeClock clock = new FakeClock();
  private final RecordingWaiter waiter = new RecordingWaiter(clock);
  private final RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).jitter(0).build();
  private final ScriptedSubmitter server = new ScriptedSubmitter();

  private Redeliverer.Builder builder(RetryPolicy policy) {
    return Redeliverer.builder(policy).clock(clock).waiter(waiter::await);
  }

  private DeliveryReport deliver(RetryPolicy policy, String... recipients) {
    return builder(policy).build().deliver(envelope(recipients), server);
  }

  private static Envelope envelope(String... recipients) {
    return Envelope.of("<1@example.org>", List.of(recipients));
  }

  @Test
  void deliver_allAccepted_isOneTransactionWithoutWait() {
    server.then(to -> accepted());

    DeliveryReport report = deliver(policy, A, B);

    assertThat(report.isComplete()).isTrue();
    assertThat(report.summary())
        .isEqualTo("accepted 2, refused 0, unknown 0, pending 0 of 2 after 1 transaction");
    assertThat(server.asked).containsExactly(List.of(A, B));
    assertThat(waiter.waits()).isEmpty();
  }

  @Test
  void deliver_hostOfAProvider_isReadByItsMeanings() {
    assertThat(causeOfFlood("gmail-smtp-in.l.google.com")).isEqualTo(Cause.RATE_LIMITED);
    assertThat(causeOfFlood("mx.example.org")).isEqualTo(Cause.REPUTATION);
  }

  /** 4.7.28 is a flood of mail in the registry, and a quota to Gmail. */
  private Cause causeOfFlood(String host) {
    RecipientResult refused = refused(SmtpStage.MAIL, "421 4.7.28 see the guidelines");
    Envelope envelope = envelope(A);
    Submitter submitter =
        pending -> new AttemptResult(host, false, Map.of(pending.get(0), refused));
    RetryPolicy once = RetryPolicy.builder(Profile.BACKGROUND).maxAttempts(1).build();
    DeliveryReport report = builder(once).build().deliver(envelope, submitter);
    return report.recipients().get(0).history().get(0).classification().orElseThrow().cause();
  }

  @Test
  void deliver_someRefusedForNow_sendsAgainToThemOnly() {
    server
        .then(
            to ->
                to.address().equals(A)
                    ? accepted()
                    : refused(SmtpStage.RCPT, "451 4.3.0 local error in processing"))
        .then(to -> accepted());

    DeliveryReport report = deliver(policy, A, B);

    assertThat(report.isComplete()).isTrue();
    assertThat(server.asked).containsExactly(List.of(A, B), List.of(B));
    assertThat(waiter.waits()).containsExactly(Duration.ofMinutes(1));
  }

  @Test
  void deliver_refusedForGood_isNotSentAgain() {
    server.then(
        to ->
            to.address().equals(A)
                ? accepted()
                : refused(SmtpStage.RCPT, "550 5.1.1 no such user"));

    DeliveryReport report = deliver(policy, A, B);

    assertThat(report.with(Outcome.REFUSED))
        .extracting(r -> r.recipient().address())
        .containsExactly(B);
    assertThat(server.asked).hasSize(1);
  }

  @Test
  void deliver_transientForEver_endsWithAttemptsAndBacksOff() {
    server.then(to -> refused(SmtpStage.MAIL, "451 4.3.0 local error in processing"));

    DeliveryReport report = deliver(policy.toBuilder().maxAttempts(4).build(), A);

    RecipientReport recipient = report.recipients().get(0);
    assertThat(recipient.outcome()).isEqualTo(Outcome.PENDING);
    assertThat(recipient.attempts()).isEqualTo(4);
    assertThat(waiter.waits())
        .containsExactly(Duration.ofMinutes(1), Duration.ofMinutes(2), Duration.ofMinutes(4));
    assertThat(recipient.laterTry()).contains(clock.instant().plus(Duration.ofMinutes(8)));
    assertThat(recipient.decision())
        .containsInstanceOf(Decision.GiveUp.class)
        .map(decision -> ((Decision.GiveUp) decision).reason())
        .contains(Decision.Reason.ATTEMPTS);
  }

  @Test
  void deliver_replyToContentLost_sendsOnceMoreAndCountsIt() {
    server.then(to -> lost(SmtpStage.END_OF_DATA)).then(to -> accepted());

    DeliveryReport report = deliver(policy, A);

    assertThat(report.isComplete()).isTrue();
    assertThat(report.recipients().get(0).unknownAttempts()).isEqualTo(1);
    assertThat(waiter.waits()).containsExactly(Duration.ofSeconds(5));
  }

  @Test
  void deliver_replyToContentLostTwice_isUnknownAndNotSentAThirdTime() {
    server.then(to -> lost(SmtpStage.END_OF_DATA));

    DeliveryReport report = deliver(policy, A);

    assertThat(report.with(Outcome.UNKNOWN)).hasSize(1);
    assertThat(server.asked).hasSize(2);
    assertThat(report.laterTry()).isEmpty();
  }

  @Test
  void deliver_refusedAfterUnknown_staysUnknown() {
    server
        .then(to -> lost(SmtpStage.END_OF_DATA))
        .then(to -> refused(SmtpStage.RCPT, "550 5.1.1 no such user"));

    assertThat(deliver(policy, A).with(Outcome.UNKNOWN)).hasSize(1);
  }

  @Test
  void deliver_unknownWithReport_isNotSentAgain() {
    server.then(to -> lost(SmtpStage.END_OF_DATA));
    RetryPolicy report = policy.toBuilder().unknownOutcome(UnknownOutcome.REPORT).build();

    assertThat(deliver(report, A).with(Outcome.UNKNOWN)).hasSize(1);
    assertThat(server.asked).hasSize(1);
  }

  @Test
  void deliver_idleConnectionWasClosed_goesOnAtOnceWithoutCounting() {
    server
        .onReusedConnection()
        .then(to -> refused(SmtpStage.MAIL, "421 4.4.2 idle too long"))
        .then(to -> accepted());

    DeliveryReport report = deliver(policy, A);

    assertThat(report.isComplete()).isTrue();
    assertThat(report.transactions()).isEqualTo(2);
    assertThat(report.recipients().get(0).attempts()).isEqualTo(1);
    assertThat(waiter.waits()).isEmpty();
  }

  @Test
  void deliver_closedAgainAfterReconnect_isAnOrdinaryFailure() {
    server.onReusedConnection().then(to -> lost(SmtpStage.MAIL));

    DeliveryReport report = deliver(policy.toBuilder().maxAttempts(1).build(), A);

    assertThat(report.transactions()).isEqualTo(2);
    assertThat(report.with(Outcome.PENDING)).hasSize(1);
  }

  @Test
  void deliver_submitterThrows_isUnknown() {
    Submitter broken =
        pending -> {
          throw new IllegalStateException("bug");
        };

    DeliveryReport report =
        builder(policy.toBuilder().maxAttempts(1).build()).build().deliver(envelope(A), broken);

    assertThat(report.with(Outcome.UNKNOWN)).hasSize(1);
  }

  @Test
  void deliver_submitterForgetsARecipient_isUnknownForThat() {
    Submitter forgetful = pending -> new AttemptResult("mx", false, Map.of());
    RetryPolicy report = policy.toBuilder().unknownOutcome(UnknownOutcome.REPORT).build();

    assertThat(builder(report).build().deliver(envelope(A), forgetful).with(Outcome.UNKNOWN))
        .hasSize(1);
  }

  @Test
  void deliver_interruptedWhileWaiting_reportsEveryRecipientAndKeepsTheFlag() {
    server.then(to -> refused(SmtpStage.MAIL, "451 4.3.0 local error in processing"));
    waiter.interruptAt(1);

    DeliveryReport report = deliver(policy, A, B);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(report.with(Outcome.PENDING)).hasSize(2);
    assertThat(report.recipients().get(0).decision())
        .map(decision -> ((Decision.GiveUp) decision).reason())
        .contains(Decision.Reason.INTERRUPTED);
    assertThat(report.laterTry()).contains(clock.instant().plus(Duration.ofMinutes(1)));
  }

  @Test
  void deliver_listenerThrows_changesNothingAndTellsTheOthers() {
    server.then(to -> accepted());
    List<String> told = new ArrayList<>();
    Redeliverer redeliverer =
        builder(policy)
            .listener(
                new DeliveryListener() {
                  @Override
                  public void attemptFinished(Attempt attempt) {
                    throw new IllegalStateException("listener bug");
                  }
                })
            .listener(
                new DeliveryListener() {
                  @Override
                  public void attemptFinished(Attempt attempt) {
                    told.add("attempt");
                  }

                  @Override
                  public void housekeepingFailed(String what, Exception problem) {
                    told.add(what + ": " + problem.getMessage());
                  }
                })
            .build();

    assertThat(redeliverer.deliver(envelope(A), server).isComplete()).isTrue();
    assertThat(told).containsExactly("listener: listener bug", "attempt");
  }

  @Test
  void deliver_blamedOften_raisesOneAlertThatBecomesCritical() {
    server.then(
        to -> refused(SmtpStage.MAIL, "421 4.7.0 very low reputation of the sending domain"));
    List<ReputationAlert> alerts = new ArrayList<>();
    Redeliverer redeliverer =
        builder(policy.toBuilder().maxAttempts(1).build())
            .listener(
                new DeliveryListener() {
                  @Override
                  public void reputationAlert(ReputationAlert alert) {
                    alerts.add(alert);
                  }
                })
            .build();

    for (int i = 0; i < 5; i++) {
      redeliverer.deliver(envelope(A, B), server);
    }

    assertThat(alerts)
        .extracting(ReputationAlert::state)
        .containsExactly(ReputationAlert.State.RAISED, ReputationAlert.State.ESCALATED);
    assertThat(alerts.get(0).destination()).isEqualTo(Destination.relay("mx.example.org"));
  }

  @Test
  void deliver_anyEnd_countsOneCallInResilience4j() {
    RetryRegistry registry = RetryRegistry.ofDefaults();
    Redeliverer redeliverer = builder(policy).retryRegistry(registry).build();
    server.then(to -> refused(SmtpStage.MAIL, "451 4.3.0 local error")).then(to -> accepted());
    List<Duration> intervals = new ArrayList<>();
    registry
        .retry("redeliver-default")
        .getEventPublisher()
        .onRetry(event -> intervals.add(event.getWaitInterval()));

    redeliverer.deliver(envelope(A), server);

    assertThat(intervals).containsExactly(Duration.ofMinutes(1));
    assertThat(
            registry
                .retry("redeliver-default")
                .getMetrics()
                .getNumberOfSuccessfulCallsWithRetryAttempt())
        .isEqualTo(1);
  }

  @Test
  void connect_refusedThenOpen_triesAgainByTheConnectionLane() {
    List<Optional<SmtpFailure>> tries = new ArrayList<>();
    tries.add(
        Optional.of(
            new SmtpFailure.Disconnected(SmtpStage.CONNECT, SmtpFailure.Fault.REFUSED, "")));
    tries.add(Optional.empty());

    ConnectReport report = builder(policy).build().connect("mx", () -> tries.remove(0));

    assertThat(report.isConnected()).isTrue();
    assertThat(report.attempts()).isEqualTo(2);
    assertThat(waiter.waits()).hasSize(1);
  }

  @Test
  void connect_badCredentials_isHeldAndNotTriedAgain() {
    Optional<SmtpFailure> failure =
        Optional.of(
            new SmtpFailure.Refused(SmtpStage.AUTH, SmtpReply.parse("535 5.7.8 bad password")));

    ConnectReport report = builder(policy).build().connect("mx", () -> failure);

    assertThat(report.attempts()).isEqualTo(1);
    assertThat(report.lastFailure())
        .map(ConnectionFailure::decision)
        .containsInstanceOf(Decision.Hold.class);
  }

  @Test
  void deliver_waiterReturnsEarly_attemptsAllTheSame() {
    server.then(to -> refused(SmtpStage.MAIL, "451 4.3.0 local error")).then(to -> accepted());

    DeliveryReport report =
        builder(policy).waiter(delay -> {}).build().deliver(envelope(A), server);

    assertThat(report.isComplete()).isTrue();
    assertThat(server.asked).containsExactly(List.of(A), List.of(A));
  }

  @Test
  void build_guarded_tellsListenersHowDestinationsStand() {
    List<Supplier<List<DestinationStatus>>> told = new ArrayList<>();
    DeliveryListener listener =
        new DeliveryListener() {
          @Override
          public void guardOpened(Supplier<List<DestinationStatus>> status) {
            told.add(status);
          }
        };
    Redeliverer redeliverer = builder(policy).listener(listener).build();
    Delivery delivery = redeliverer.begin(envelope(A));
    delivery.begin();
    assertThat(told).hasSize(1);
    assertThat(told.get(0).get()).hasSize(1).isEqualTo(redeliverer.guard().status());

    builder(policy.toBuilder().guard(GuardSettings.DEFAULT.withEnabled(false)).build())
        .listener(listener)
        .build();
    assertThat(told).as("without a guard there is nothing to tell").hasSize(1);
  }

  /** Otherwise a destination's only connection would be in use for ever. */
  @Test
  void deliver_submitterThrowsAnError_attemptIsWithdrawn() {
    List<String> told = new ArrayList<>();
    Redeliverer redeliverer =
        builder(policy)
            .listener(
                new DeliveryListener() {
                  @Override
                  public void attemptWithdrawn(Envelope envelope) {
                    told.add("withdrawn");
                  }
                })
            .build();

    assertThatThrownBy(
            () ->
                redeliverer.deliver(
                    envelope(A),
                    due -> {
                      throw new StackOverflowError();
                    }))
        .isInstanceOf(StackOverflowError.class);
    assertThat(told).containsExactly("withdrawn");
    assertThat(redeliverer.guard().status()).isEmpty();
  }

  @Test
  void of_samePolicy_isTheSameDeliverer() {
    assertThat(Redeliverer.of(policy)).isSameAs(Redeliverer.of(policy));
  }

  @Test
  void envelope_withoutRecipients_isRefused() {
    assertThatThrownBy(() -> Envelope.of("<1@example.org>", List.of()))
        .hasMessage("recipients must not be empty");
  }
}
