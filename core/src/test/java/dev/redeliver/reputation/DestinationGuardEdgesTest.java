package dev.redeliver.reputation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Reaction;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.DestinationStatus.State;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

@SuppressWarnings({"UnusedVariable", "UnusedMethod", "FutureReturnValueIgnored"})
class DestinationGuardEdgesTest {
  private static final Destination HERE = Destination.ofDomain("example.org");
  private static final Destination THERE = Destination.ofDomain("example.net");
  private static final String TOO_FAST = "451 4.7.1 Too many messages, slow down";
  private static final String TOO_MANY = "421 4.7.0 Too many connections from your host";
  private static final String TROUBLE = "451 4.3.2 System not accepting network messages";
  private static final String BLAME = "450 4.7.1 Your IP address has a poor reputation";

  private final FakeClock clock = new FakeClock();
  private final DestinationGuard guard = guard(GuardSettings.DEFAULT);

  private DestinationGuard guard(GuardSettings settings) {
    RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).jitter(0).guard(settings).build();
    return new DestinationGuard(policy, clock, () -> 0);
  }

  private static SmtpFailure failure(String reply) {
    return new SmtpFailure.Refused(SmtpStage.RCPT, SmtpReply.parse(reply));
  }

  private static Classification meaning(String reply) {
    return ReplyClassifier.standard().classify(failure(reply));
  }

  private Permit permit() {
    return granted(guard);
  }

  private static Permit granted(DestinationGuard guard) {
    Leave leave = guard.ask(HERE);
    assertThat(leave).isInstanceOf(Leave.Granted.class);
    return ((Leave.Granted) leave).permit();
  }

  private Instant postponed() {
    Leave leave = guard.ask(HERE);
    assertThat(leave).isInstanceOf(Leave.Postponed.class);
    Instant until = ((Leave.Postponed) leave).until();
    assertThat(guard.opensAt(HERE)).isEqualTo(until);
    return until;
  }

  private Optional<DestinationStatus> refuse(Permit permit, String reply) {
    assertThat(guard.concerns(failure(reply), meaning(reply))).isTrue();
    return guard.refused(permit, failure(reply), meaning(reply));
  }

  private State state() {
    return guard.status().stream()
        .filter(status -> status.destination().equals(HERE))
        .map(DestinationStatus::state)
        .findFirst()
        .orElse(State.FREE);
  }

  private ReputationAlert alert(ReputationAlert.State state, Duration pause, double rate) {
    return new ReputationAlert(
        state,
        ReputationAlert.Level.WARNING,
        "mx.example.org",
        HERE,
        Cause.REPUTATION,
        failure(BLAME),
        "rule",
        new Reaction(1, Duration.ofMinutes(10), pause, rate),
        1,
        clock.instant(),
        clock.instant());
  }

  private void pause() {
    Permit permit = permit();
    guard.alerted(alert(ReputationAlert.State.RAISED, Duration.ofMinutes(15), 0));
    assertThat(refuse(permit, BLAME)).as("the alert has done it").isEmpty();
  }

  private Instant in(int minutes) {
    return clock.instant().plus(Duration.ofMinutes(minutes));
  }

  @Test
  void abandonedPermit_givesBackItsTurn() {
    DestinationGuard paced = guard(GuardSettings.DEFAULT.withMaxRate(1));
    for (int i = 0; i < 3; i++) {
      Leave leave = paced.ask(HERE);
      assertThat(leave).as("nothing was sent yet").isInstanceOf(Leave.Granted.class);
      paced.abandon(((Leave.Granted) leave).permit());
    }
  }

  @Test
  void maxRate_isKeptWhereItIsNoWholeNumberOfMilliseconds() {
    DestinationGuard paced = guard(GuardSettings.DEFAULT.withMaxRate(41_000));
    int granted = 0;
    for (int ms = 0; ms < 60_000; ms++) {
      while (paced.ask(HERE) instanceof Leave.Granted leave) {
        paced.answered(leave.permit(), true);
        granted++;
      }
      clock.advance(Duration.ofMillis(1));
    }
    assertThat(granted).isLessThan(43_000);
  }

  @Test
  void maxRateAbove60000_isKept() {
    DestinationGuard paced = guard(GuardSettings.DEFAULT.withMaxRate(60_000));
    int granted = 0;
    while (granted < 100_000 && paced.ask(HERE) instanceof Leave.Granted leave) {
      paced.answered(leave.permit(), true);
      granted++;
    }
    assertThat(granted).as("in one millisecond").isLessThan(100_000);
  }

  @Test
  void clockSetBack_refusalsCountAllTheSame() {
    refuse(permit(), TOO_FAST);
    clock.set(clock.instant().minus(Duration.ofHours(3)));
    assertThat(guard.opensAt(HERE)).isBefore(clock.instant().plus(Duration.ofMinutes(10)));
  }

  @Test
  void probeOutlivedByAPause_isNotTakenForTheNextProbe() {
    pause();
    clock.advance(Duration.ofMinutes(15));
    Permit first = permit();
    guard.alerted(alert(ReputationAlert.State.RESOLVED, Duration.ofMinutes(15), 0));
    guard.alerted(alert(ReputationAlert.State.RAISED, Duration.ofMinutes(15), 0));
    clock.advance(Duration.ofMinutes(15));
    Permit second = permit();
    guard.abandon(first);
    postponed(); // the second probe is under way
    guard.answered(second, true);
    assertThat(state()).isEqualTo(State.PACED);
  }

  @Test
  void slowDown_doesNotEndAPauseForTrouble() {
    for (int i = 0; i < 5; i++) {
      clock.advance(Duration.ofSeconds(1));
      refuse(permit(), TROUBLE);
    }
    Instant until = postponed();
    guard.alerted(alert(ReputationAlert.State.RAISED, Duration.ofMinutes(15), 10));
    assertThat(guard.opensAt(HERE)).as("out of order all the same").isEqualTo(until);
  }
}
