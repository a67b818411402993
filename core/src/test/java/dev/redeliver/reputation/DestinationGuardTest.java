package dev.redeliver.reputation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DestinationGuardTest {
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
    return alert(state, Cause.REPUTATION, pause, rate);
  }

  private ReputationAlert alert(
      ReputationAlert.State state, Cause cause, Duration pause, double rate) {
    return new ReputationAlert(
        state,
        ReputationAlert.Level.WARNING,
        "mx.example.org",
        HERE,
        cause,
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
  void unknownDestination_isFree() {
    assertThat(guard.opensAt(HERE)).isBefore(clock.instant());
    guard.answered(permit(), true);

    assertThat(guard.status()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "550 5.1.1 User unknown",
        "452 4.2.2 Mailbox full",
        "450 4.2.0 Greylisted, try again in 300 seconds",
        "552 5.3.4 Message too big",
        "550 5.7.1 Message looks like spam",
        "530 5.7.0 Authentication required",
        "421 4.7.0 Max message per connection reached",
        "452 4.5.3 Too many recipients"
      })
  void answersAboutARecipientOrAMessage_concernNobodyElse(String reply) {
    assertThat(guard.concerns(failure(reply), meaning(reply))).isFalse();
  }

  @Test
  void lostConnection_isNotTheDestinationsWord() {
    SmtpFailure lost =
        new SmtpFailure.Disconnected(SmtpStage.DATA, SmtpFailure.Fault.LOST, "reset");

    assertThat(guard.concerns(lost, ReplyClassifier.standard().classify(lost))).isFalse();
  }

  @Test
  void tooFast_slowsDown_thatDestinationAlone() {
    for (int i = 0; i < 30; i++) {
      guard.answered(permit(), true);
    }
    DestinationStatus status = refuse(permit(), TOO_FAST).orElseThrow();

    assertThat(status.state()).isEqualTo(State.PACED);
    assertThat(status.ratePerMinute()).isCloseTo(15, within(0.01));
    assertThat(status.why()).contains("slow down");
    assertThat(postponed()).isEqualTo(clock.instant().plusSeconds(5));
    assertThat(guard.ask(THERE)).isInstanceOf(Leave.Granted.class);
  }

  @Test
  void alert_pauses_andOneProbeFindsOutThatItIsOver() {
    pause();
    Instant until = in(15);
    assertThat(postponed()).isEqualTo(until);
    clock.set(until.minusMillis(1));
    assertThat(postponed()).isEqualTo(until);

    clock.set(until);
    Permit probe = permit();
    assertThat(state()).isEqualTo(State.PROBING);
    assertThat(postponed()).isEqualTo(until.plus(Gate.PROBE_WAIT));

    DestinationStatus open = guard.answered(probe, true).orElseThrow();
    assertThat(open.state()).isEqualTo(State.PACED);
    assertThat(open.ratePerMinute()).isEqualTo(Pace.RISE_FROM);
    assertThat(open.connections()).isEqualTo(1);
  }

  @Test
  void probeThatIsBlamed_pausesAgain_asLongAsTheAlertIsUp() {
    pause();
    clock.advance(Duration.ofMinutes(15));
    assertThat(refuse(permit(), BLAME).orElseThrow().state()).isEqualTo(State.PAUSED);
    assertThat(postponed()).isEqualTo(in(15));

    clock.advance(Duration.ofMinutes(15));
    guard.alerted(alert(ReputationAlert.State.RESOLVED, Duration.ofMinutes(15), 0));
    refuse(permit(), BLAME);
    assertThat(state()).as("one signal is no alert").isEqualTo(State.PACED);
  }

  @Test
  void twoAlerts_oneResolved_theOtherStillCounts() {
    pause();
    guard.alerted(
        alert(ReputationAlert.State.RAISED, Cause.AUTHENTICATION, Duration.ofMinutes(15), 0));
    guard.alerted(alert(ReputationAlert.State.RESOLVED, Duration.ofMinutes(15), 0));
    clock.advance(Duration.ofMinutes(15));

    assertThat(refuse(permit(), BLAME).orElseThrow().state()).isEqualTo(State.PAUSED);
  }

  @Test
  void probeThatMeetsSomethingElse_endsThePause() {
    pause();
    clock.advance(Duration.ofMinutes(15));

    assertThat(guard.answered(permit(), false).orElseThrow().state()).isEqualTo(State.PACED);
  }

  @Test
  void probeThatWasNotMade_isLeftToTheNext() {
    pause();
    clock.advance(Duration.ofMinutes(15));
    guard.abandon(permit());
    assertThat(state()).isEqualTo(State.PACED);

    Permit again = permit();
    assertThat(guard.answered(again, true)).isPresent();
  }

  @Test
  void attemptsUnderWayWhenThePauseBegan_neitherEndNorProlongIt() {
    Permit early = permit();
    Permit blamed = permit();
    clock.advance(Duration.ofSeconds(1));
    pause();
    Instant until = in(15);
    clock.advance(Duration.ofMinutes(5));

    assertThat(guard.answered(early, true)).isEmpty();
    assertThat(refuse(blamed, BLAME)).isEmpty();
    assertThat(postponed()).isEqualTo(until);
  }

  @Test
  void attemptUnderWayWhenThePauseBegan_isNotTakenForTheProbe() {
    Permit early = permit();
    clock.advance(Duration.ofSeconds(1));
    pause();
    clock.advance(Duration.ofMinutes(15));
    Permit probe = permit();

    assertThat(guard.answered(early, true)).isEmpty();
    assertThat(state()).isEqualTo(State.PROBING);
    assertThat(guard.answered(probe, true)).isPresent();
  }

  @Test
  void slowDown_capsTheRate_forItsTime() {
    guard.alerted(alert(ReputationAlert.State.RAISED, Duration.ofMinutes(30), 10));

    assertThat(state()).isEqualTo(State.PACED);
    Permit permit = permit();
    assertThat(postponed()).isEqualTo(clock.instant().plusSeconds(6));
    clock.advance(Duration.ofMinutes(30));
    guard.answered(permit, true);
    assertThat(guard.status()).isEmpty();
  }

  @Test
  void trouble_fiveTimesInARow_pausesByTheLane_andLongerNextTime() {
    for (int i = 1; i < DestinationGuard.FAILURES; i++) {
      assertThat(refuse(permit(), TROUBLE)).isEmpty();
      clock.advance(Duration.ofMillis(1));
    }
    assertThat(refuse(permit(), TROUBLE).orElseThrow().state()).isEqualTo(State.PAUSED);
    assertThat(postponed()).isEqualTo(in(1));

    clock.advance(Duration.ofMinutes(1));
    refuse(permit(), TROUBLE);
    assertThat(postponed()).isEqualTo(in(2));
  }

  @Test
  void trouble_withAnswersBetween_pausesNobody() {
    for (int i = 0; i < 20; i++) {
      refuse(permit(), TROUBLE);
      clock.advance(Duration.ofMillis(1));
      guard.answered(permit(), true);
    }

    assertThat(guard.status()).isEmpty();
  }

  @Test
  void longDelayThatTheServerNames_isKept() {
    refuse(permit(), "451 4.7.1 Sending rate exceeded, try again in 10 minutes");

    assertThat(postponed()).isEqualTo(in(10));
  }

  @Test
  void tooManyConnections_halvesThem_andOneComesBackAtATime() {
    List<Permit> permits = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      permits.add(permit());
    }
    clock.advance(Duration.ofSeconds(1));
    assertThat(refuse(permits.remove(0), TOO_MANY).orElseThrow().connections()).isEqualTo(4);
    assertThat(refuse(permits.remove(0), TOO_MANY)).as("was under way").isEmpty();
    assertThat(postponed()).isEqualTo(clock.instant().plus(Gate.BUSY_WAIT));

    permits.forEach(permit -> guard.answered(permit, true));
    for (int i = 0; i < Gate.ACCEPTED_PER_CONNECTION; i++) {
      guard.answered(permit(), true);
    }
    for (int i = 0; i < 5; i++) {
      permit();
    }
    assertThat(guard.ask(HERE)).isInstanceOf(Leave.Postponed.class);
  }

  @Test
  void ceilings_areKept() {
    DestinationGuard limited = guard(GuardSettings.DEFAULT.withMaxRate(60).withMaxConnections(2));
    Permit first = granted(limited);
    assertThat(limited.opensAt(HERE)).isEqualTo(clock.instant().plusSeconds(1));
    clock.advance(Duration.ofSeconds(1));
    granted(limited);
    clock.advance(Duration.ofSeconds(10));
    assertThat(limited.ask(HERE)).isInstanceOf(Leave.Postponed.class);
    limited.answered(first, true);
    granted(limited);
  }

  @Test
  void destinationsBeyondTheLimit_areForgotten() {
    for (int i = 0; i < 3 * DestinationGuard.MAX_DESTINATIONS; i++) {
      Leave leave = guard.ask(Destination.ofDomain("d" + i + ".example"));
      guard.answered(((Leave.Granted) leave).permit(), true);
    }

    assertThat(guard.size()).isLessThanOrEqualTo(DestinationGuard.MAX_DESTINATIONS);
  }

  @Test
  void domainsOfAProvider_areOneDestination() {
    assertThat(Destination.ofDomain("GMAIL.com"))
        .isEqualTo(Destination.ofDomain("googlemail.com"))
        .hasToString("google");
    assertThat(Destination.ofDomain("GMAIL.com").provider()).isEqualTo("google");
    assertThat(HERE.provider()).isEqualTo("other");
    assertThat(Destination.relay("aspmx.l.google.com").provider()).isEqualTo("google");
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
