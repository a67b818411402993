package dev.redeliver.reputation;

import java.time.Instant;
import java.time.InstantSource;

/**
 * A clock's time, but one that does not go back when somebody sets the clock back: what was to wait
 * for a minute must not wait for hours. Thread-safe.
 */
final class SteadyTime implements InstantSource {
  /** A clock that is corrected by less is left alone. */
  private static final long JUMP = 5_000;

  private static final long GRAIN = 1_000;

  private final InstantSource clock;
  private volatile long latest = Long.MIN_VALUE;
  private volatile long ahead;

  SteadyTime(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public long millis() {
    long now = clock.millis() + ahead;
    long seen = latest;
    if (now > seen + GRAIN || seen == Long.MIN_VALUE) {
      latest = now;
    } else if (now < seen - JUMP) {
      return setBack();
    }
    return now;
  }

  private synchronized long setBack() {
    long now = clock.millis() + ahead;
    if (now < latest - JUMP) {
      ahead += latest - now;
      now = latest;
    }
    return now;
  }

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(millis());
  }

  /** {@return what the clock shows at a moment of this time} */
  Instant at(long millis) {
    return Instant.ofEpochMilli(millis - ahead);
  }
}
