package dev.redeliver.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Objects;

/**
 * A clock that stands still until it is told to go on. Begins at 2026-01-01T00:00:00Z, in UTC.
 * Thread-safe.
 */
public final class FakeClock extends Clock {
  /** The time that every clock begins at. */
  public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final Hands hands;
  private final ZoneId zone;

  /** A clock that shows {@link #START}. */
  public FakeClock() {
    this(new Hands(), ZoneOffset.UTC);
  }

  private FakeClock(Hands hands, ZoneId zone) {
    this.hands = hands;
    this.zone = zone;
  }

  @Override
  public Instant instant() {
    return hands.get();
  }

  @Override
  public ZoneId getZone() {
    return zone;
  }

  /** {@return a clock that shares this one's time, in another zone} */
  @Override
  public Clock withZone(ZoneId other) {
    return new FakeClock(hands, other);
  }

  /**
   * Goes on.
   *
   * @param duration by how much; not negative
   * @throws IllegalArgumentException if it is negative; {@link #set} can go back
   */
  public void advance(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("advance must not be negative, was " + duration);
    }
    hands.advance(duration);
  }

  /**
   * Jumps, as a clock does that is set, back as well as on.
   *
   * @param instant where to
   */
  public void set(Instant instant) {
    hands.set(Objects.requireNonNull(instant, "instant"));
  }

  /** {@return how long it went on since {@link #START}} */
  public Duration elapsed() {
    return Duration.between(START, instant());
  }

  /** Two clocks are equal only if they are the same one. */
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return "FakeClock[" + instant() + ", " + zone + "]";
  }

  /** The time, shared by the clocks of all zones. */
  private static final class Hands {
    private Instant now = START;

    synchronized Instant get() {
      return now;
    }

    synchronized void set(Instant instant) {
      now = instant;
    }

    synchronized void advance(Duration duration) {
      now = now.plus(duration);
    }
  }
}
