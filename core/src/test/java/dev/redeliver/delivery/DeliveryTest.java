package dev.redeliver.delivery;

import static dev.redeliver.delivery.ScriptedSubmitter.accepted;
import static dev.redeliver.delivery.ScriptedSubmitter.lost;
import static dev.redeliver.delivery.ScriptedSubmitter.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The steps of a delivery, for callers that wait by themselves. */
class DeliveryTest {
  private static final String A = "a@example.org";
  private static final String B = "b@example.org";

  private final FakeClock clock = new FakeClock();
  private final ScriptedSubmitter server = new ScriptedSubmitter();
  private final List<String> told = new ArrayList<>();
  private final Redeliverer redeliverer =
      Redeliverer.builder(RetryPolicy.builder(Profile.BACKGROUND).jitter(0).build())
          .clock(clock)
          .listener(
              new DeliveryListener() {
                @Override
                public void attemptFinished(Attempt attempt) {
                  told.add("attempt " + attempt.transaction());
                }

                @Override
                public void retryScheduled(RetryWait wait) {
                  told.add("wait " + wait.delay());
                }

                @Override
                public void deliveryFinished(DeliveryReport report) {
                  told.add("finished");
                }

                @Override
                public void connectionFailed(ConnectionFailure failure) {
                  told.add("failed " + failure.failure().describe());
                }
              })
          .build();

  private Delivery begin(String... recipients) {
    return redeliverer.begin(Envelope.of("<1@example.org>", List.of(recipients)));
  }

  private Optional<Duration> attempt(Delivery delivery) {
    return delivery.end(server.attempt(delivery.begin()));
  }

  @Test
  void steps_refusedThenAccepted_areThoseOfTheBlockingLoop() {
    server
        .then(
            to ->
                to.address().equals(A)
                    ? accepted()
                    : refused(SmtpStage.RCPT, "451 4.3.0 local error"))
        .then(to -> accepted());
    Delivery delivery = begin(A, B);

    assertThat(attempt(delivery)).contains(Duration.ofMinutes(1));
    assertThat(delivery.nextDue()).contains(clock.instant().plus(Duration.ofMinutes(1)));
    assertThat(delivery.waiting()).extracting(Recipient::address).containsExactly(B);
    clock.advance(Duration.ofMinutes(1));
    assertThat(attempt(delivery)).isEmpty();

    assertThat(delivery.finish().isComplete()).isTrue();
    assertThat(server.asked).containsExactly(List.of(A, B), List.of(B));
    assertThat(told).containsExactly("attempt 1", "wait PT1M", "attempt 2", "finished");
  }

  @Test
  void begin_withoutEnd_countsNothing() {
    server.then(to -> accepted());
    Delivery delivery = begin(A);

    delivery.begin();
    delivery.begin();
    attempt(delivery);

    DeliveryReport report = delivery.finish();
    assertThat(report.transactions()).isEqualTo(1);
    assertThat(report.recipients().get(0).attempts()).isEqualTo(1);
  }

  @Test
  void begin_andEnd_outOfOrder_areRefused() {
    server.then(to -> accepted());
    Delivery delivery = begin(A);

    assertThatThrownBy(() -> delivery.end(AttemptResult.unknown("mx", List.of(), new Error())))
        .hasMessage("no attempt was begun");
    attempt(delivery);
    assertThatThrownBy(delivery::begin).hasMessage("nobody waits for an attempt");
  }

  @Test
  void stop_beforeAnyAttempt_saysThatNothingWasTried() {
    Delivery delivery = begin(A);

    delivery.stop(Decision.Reason.INTERRUPTED, "the sender was closed");

    RecipientReport recipient = delivery.finish().recipients().get(0);
    assertThat(recipient.outcome()).isEqualTo(Outcome.PENDING);
    assertThat(recipient.laterTry()).contains(clock.instant());
    assertThat(recipient.describe())
        .isEqualTo(
            A
                + ": PENDING, attempts 0, not tried (the sender was closed), a later try would be"
                + " right at 2026-01-01T00:00:00Z");
  }

  @Test
  void stop_whileWaiting_changesNothingForTheOthers() {
    server.then(
        to ->
            to.address().equals(A) ? accepted() : refused(SmtpStage.RCPT, "451 4.3.0 local error"));
    Delivery delivery = begin(A, B);
    attempt(delivery);

    delivery.stop(Decision.Reason.DEADLINE, "too late");

    DeliveryReport report = delivery.finish();
    assertThat(report.with(Outcome.ACCEPTED)).hasSize(1);
    assertThat(report.with(Outcome.PENDING).get(0).history()).hasSize(1);
    assertThat(report.with(Outcome.PENDING).get(0).decision())
        .map(decision -> ((Decision.GiveUp) decision).reason())
        .contains(Decision.Reason.DEADLINE);
  }

  @Test
  void stop_forTheServersSake_isNoAttempt() {
    Delivery delivery = begin(A);
    SmtpFailure failure =
        new SmtpFailure.Refused(SmtpStage.AUTH, SmtpReply.parse("535 5.7.8 bad password"));
    ConnectionFailure obstacle = redeliverer.judge("mx", 1, failure);
    redeliverer.serverFailed(obstacle);

    delivery.stop(obstacle, obstacle.decision());

    DeliveryReport report = delivery.finish();
    assertThat(report.isHeld()).isTrue();
    assertThat(report.transactions()).isZero();
    assertThat(report.recipients().get(0).attempts()).isZero();
    assertThat(told).containsExactly("failed 535 5.7.8 bad password", "finished");
  }

  @Test
  void stop_afterAnUnknownOutcome_staysUnknown() {
    server.then(to -> lost(SmtpStage.END_OF_DATA));
    Delivery delivery = begin(A);
    attempt(delivery);

    assertThat(delivery.isOutcomeUnknown()).isTrue();
    delivery.stop(Decision.Reason.INTERRUPTED, "the sender was closed");

    assertThat(delivery.finish().with(Outcome.UNKNOWN)).hasSize(1);
    assertThat(delivery.isOutcomeUnknown()).isFalse();
  }

  @Test
  void judge_serverThatIsDown_leavesItAloneForLongerEachTime() {
    SmtpFailure refused =
        new SmtpFailure.Disconnected(SmtpStage.CONNECT, SmtpFailure.Fault.REFUSED, "");

    assertThat(redeliverer.judge("mx", 1, refused).decision())
        .extracting("delay")
        .isEqualTo(Duration.ofSeconds(5));
    assertThat(redeliverer.judge("mx", 3, refused).decision())
        .extracting("delay")
        .isEqualTo(Duration.ofSeconds(20));
    assertThat(redeliverer.judge("mx", 300, refused).decision())
        .extracting("delay")
        .isEqualTo(Duration.ofMinutes(5));
    assertThat(told).isEmpty();
  }
}
