package dev.redeliver.policy;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Evidence;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.classify.Scope;
import dev.redeliver.smtp.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * When the attempts of a message are that fails the same way each time, from the hand-over to the
 * end. It asks {@link RetryPolicy#decide}, so it cannot differ from what a delivery does; attempts
 * themselves take no time here. Immutable and thread-safe.
 *
 * @param lane the schedule that the failures follow
 * @param entries the attempts in order, the first included; at most {@value #MAX_ENTRIES}
 * @param end why there are no more; empty if only the table ends here
 * @param laterTry when the next try would have been right, from the hand-over, without jitter
 */
public record Timetable(
    Lane lane, List<Entry> entries, Optional<Decision.Reason> end, Optional<Duration> laterTry) {
  /** The most attempts that are listed. */
  public static final int MAX_ENTRIES = 1000;

  private static final double LARGEST_DRAW = Math.nextDown(1.0);

  /** Refuses nulls. */
  public Timetable {
    Objects.requireNonNull(lane, "lane");
    entries = List.copyOf(entries);
    Objects.requireNonNull(end, "end");
    Objects.requireNonNull(laterTry, "laterTry");
  }

  /**
   * One attempt.
   *
   * @param attempt its number, from 1
   * @param delay the wait before it, without jitter; zero before the first
   * @param earliest when it is at the earliest, from the hand-over: every wait shortened by the
   *     full jitter
   * @param latest when it is at the latest, from the hand-over: no wait shortened
   */
  public record Entry(int attempt, Duration delay, Duration earliest, Duration latest) {
    /** Refuses nulls. */
    public Entry {
      Objects.requireNonNull(delay, "delay");
      Objects.requireNonNull(earliest, "earliest");
      Objects.requireNonNull(latest, "latest");
    }
  }

  /**
   * {@return the timetable of a lane} Where jitter is at its full, a few more attempts than listed
   * may fit before the deadline.
   *
   * @param policy whose
   * @param lane any lane but {@link Lane#IMMEDIATE}, which has no schedule
   * @throws IllegalArgumentException if the lane has no schedule
   */
  public static Timetable of(RetryPolicy policy, Lane lane) {
    Classification failure = failureIn(policy, lane);
    Course latest = new Course(policy, failure, 0);
    Course earliest = new Course(policy, failure, LARGEST_DRAW);
    List<Entry> entries = new ArrayList<>();
    Optional<Duration> delay = Optional.of(Duration.ZERO);
    while (delay.isPresent() && entries.size() < MAX_ENTRIES) {
      entries.add(new Entry(entries.size() + 1, delay.get(), earliest.elapsed(), latest.elapsed()));
      earliest.advance();
      delay = latest.advance();
    }
    return latest.timetable(lane, entries);
  }

  /** A failure that the server calls transient and that names no delay of its own. */
  private static Classification failureIn(RetryPolicy policy, Lane lane) {
    String schedule = lane.token() + " " + policy.backoff(lane);
    return new Classification(
        Severity.TRANSIENT,
        Cause.OTHER,
        Scope.RECIPIENT,
        lane,
        Handling.RETRY,
        false,
        Optional.empty(),
        "timetable",
        Evidence.none(),
        schedule,
        "",
        "");
  }

  /** A delivery that always draws the same number. */
  private static final class Course {
    private static final Instant START = Instant.EPOCH;

    private final RetryPolicy policy;
    private final Classification failure;
    private final double draw;
    private AttemptHistory history = AttemptHistory.first(START);
    private Instant now = START;
    private Decision decision;

    Course(RetryPolicy policy, Classification failure, double draw) {
      this.policy = policy;
      this.failure = failure;
      this.draw = draw;
      decision = policy.decide(failure, history, now, draw);
    }

    Duration elapsed() {
      return Duration.between(START, now);
    }

    /** {@return the delay before the next attempt, which is then the present one} */
    Optional<Duration> advance() {
      if (!(decision instanceof Decision.Retry retry)) {
        return Optional.empty();
      }
      now = now.plus(retry.delay());
      history = history.after(retry);
      decision = policy.decide(failure, history, now, draw);
      return Optional.of(retry.delay());
    }

    Timetable timetable(Lane lane, List<Entry> entries) {
      if (!(decision instanceof Decision.GiveUp end)) {
        return new Timetable(lane, entries, Optional.empty(), Optional.empty());
      }
      return new Timetable(
          lane,
          entries,
          Optional.of(end.reason()),
          end.laterTry().map(at -> Duration.between(START, at)));
    }
  }
}
