package dev.redeliver.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.classify.Lane;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TimetableTest {
  private static Timetable.Entry entry(int attempt, String delay, String earliest, String latest) {
    return new Timetable.Entry(
        attempt, Duration.parse(delay), Duration.parse(earliest), Duration.parse(latest));
  }

  @Test
  void attemptsEndIt() {
    RetryPolicy policy = RetryPolicy.builder(Profile.INTERACTIVE).jitter(0.5).build();

    // The largest draw is a little less than 1, so the full jitter is missed by a millisecond.
    assertThat(Timetable.of(policy, Lane.TRANSIENT))
        .isEqualTo(
            new Timetable(
                Lane.TRANSIENT,
                List.of(
                    entry(1, "PT0S", "PT0S", "PT0S"),
                    entry(2, "PT1S", "PT0.501S", "PT1S"),
                    entry(3, "PT2S", "PT1.502S", "PT3S"),
                    entry(4, "PT4S", "PT3.503S", "PT7S")),
                Optional.of(Decision.Reason.ATTEMPTS),
                Optional.of(Duration.ofSeconds(15))));
  }

  @Test
  void deferredLane_isOverAtOnce() {
    assertThat(Timetable.of(RetryPolicy.of(Profile.INTERACTIVE), Lane.GREYLIST))
        .isEqualTo(
            new Timetable(
                Lane.GREYLIST,
                List.of(entry(1, "PT0S", "PT0S", "PT0S")),
                Optional.of(Decision.Reason.DEFERRED),
                Optional.of(Duration.ofMinutes(5))));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "IMMEDIATE")
  void days_endAtTheDeadline(Lane lane) {
    RetryPolicy policy = RetryPolicy.of(Profile.RFC5321);
    Timetable timetable = Timetable.of(policy, lane);

    assertThat(timetable.end()).contains(Decision.Reason.DEADLINE);
    assertThat(timetable.entries())
        .allSatisfy(row -> assertThat(row.latest()).isLessThanOrEqualTo(policy.deadline()))
        .allSatisfy(row -> assertThat(row.earliest()).isLessThanOrEqualTo(row.latest()));
    assertThat(timetable.laterTry())
        .hasValueSatisfying(later -> assertThat(later).isGreaterThan(policy.deadline()));
  }

  @Test
  void endlessPolicy_isCutOff() {
    Backoff everySecond = Backoff.of(Duration.ofSeconds(1), 1, Duration.ofSeconds(1));
    RetryPolicy policy =
        RetryPolicy.builder(Profile.RFC5321).lane(Lane.TRANSIENT, everySecond).build();

    Timetable timetable = Timetable.of(policy, Lane.TRANSIENT);

    assertThat(timetable.entries()).hasSize(Timetable.MAX_ENTRIES);
    assertThat(timetable.end()).isEmpty();
    assertThat(timetable.laterTry()).isEmpty();
  }

  /** Whatever is drawn, an attempt falls between the two times of its row. */
  @Test
  void deliveries_keepToIt() {
    RetryPolicy policy = RetryPolicy.of(Profile.BACKGROUND);
    Timetable timetable = Timetable.of(policy, Lane.RATE_LIMIT);
    long seed = 3;
    Random random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      Instant now = Instant.EPOCH;
      AttemptHistory history = AttemptHistory.first(now);
      for (Timetable.Entry row : timetable.entries()) {
        assertThat(Duration.between(Instant.EPOCH, now))
            .as("seed %d, round %d, attempt %d", seed, i, row.attempt())
            .isBetween(row.earliest(), row.latest());
        Decision decision =
            policy.decide(Failures.transientIn(Lane.RATE_LIMIT), history, now, random.nextDouble());
        if (decision instanceof Decision.Retry retry) {
          now = now.plus(retry.delay());
          history = history.after(retry);
        }
      }
    }
  }

  @Test
  void immediateLane_hasNone() {
    assertThatThrownBy(() -> Timetable.of(RetryPolicy.of(Profile.RFC5321), Lane.IMMEDIATE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("lane IMMEDIATE has no schedule");
  }
}
