package dev.redeliver.classify;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetTime;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.Optional;

/** The delay that a server names in its text. Immutable and thread-safe. */
public sealed interface DelayHint {
  /** What is longer was not meant as a delay. */
  Duration LONGEST_BELIEVED = Duration.ofDays(7);

  /**
   * {@return how long to wait, if that can be told}
   *
   * @param now when the reply came
   */
  Optional<Duration> from(Instant now);

  /**
   * A span: "try again in 300 seconds".
   *
   * @param delay more than zero
   */
  record After(Duration delay) implements DelayHint {
    /** Refuses what is no delay. */
    public After {
      Objects.requireNonNull(delay, "delay");
      if (delay.isZero() || delay.isNegative()) {
        throw new IllegalArgumentException("delay must be more than zero, but is " + delay);
      }
    }

    @Override
    public Optional<Duration> from(Instant now) {
      return Optional.of(delay);
    }
  }

  /**
   * A moment with its date: "until 2026-11-24T14:05:00Z".
   *
   * @param moment when to try again; one that has passed, or is more than seven days away, is none
   */
  record At(Instant moment) implements DelayHint {
    /** Refuses nulls. */
    public At {
      Objects.requireNonNull(moment, "moment");
    }

    @Override
    public Optional<Duration> from(Instant now) {
      Duration delay = Duration.between(now, moment);
      return delay.isNegative() || delay.isZero() || delay.compareTo(LONGEST_BELIEVED) > 0
          ? Optional.empty()
          : Optional.of(delay);
    }
  }

  /**
   * A time of day with its zone: "until 14:05 UTC".
   *
   * @param time the next such time counts, if it is less than twelve hours away: otherwise it has
   *     more likely just passed
   */
  record TimeOfDay(OffsetTime time) implements DelayHint {
    private static final Duration HALF_A_DAY = Duration.ofHours(12);

    /** Refuses nulls. */
    public TimeOfDay {
      Objects.requireNonNull(time, "time");
    }

    @Override
    public Optional<Duration> from(Instant now) {
      ZoneOffset zone = time.getOffset();
      Instant today = now.atOffset(zone).with(time.toLocalTime()).toInstant();
      Instant next = today.isAfter(now) ? today : today.plus(Duration.ofDays(1));
      Duration delay = Duration.between(now, next);
      return delay.compareTo(HALF_A_DAY) < 0 ? Optional.of(delay) : Optional.empty();
    }
  }
}
