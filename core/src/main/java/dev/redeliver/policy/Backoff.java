package dev.redeliver.policy;

import java.time.Duration;

/**
 * The schedule of one lane: {@code min(cap, initial * multiplier^(n-1))}. Immutable and
 * thread-safe.
 *
 * <p>The arithmetic saturates at the cap, whatever {@code n}, and is exact for whole-number
 * multipliers; jitter is taken off the result by {@link #delay(int, double, double)} after the cap,
 * so that clients that wait long spread out too.
 *
 * @param initial the delay after the first failure; 1 millisecond up to the cap
 * @param multiplier what each delay is multiplied by, 1.0 to 10.0
 * @param cap the longest delay, up to 30 days
 * @param deferred whether the delay is too long to wait for in process: a later try is only named
 */
public record Backoff(Duration initial, double multiplier, Duration cap, boolean deferred) {
  static final Duration SHORTEST = Duration.ofMillis(1);
  static final Duration LONGEST = Duration.ofDays(30);

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if a value is out of its bounds
   */
  public Backoff {
    if (initial.compareTo(SHORTEST) < 0) {
      throw new IllegalArgumentException("initial must be at least 1ms, but is " + initial);
    }
    if (cap.compareTo(initial) < 0) {
      throw new IllegalArgumentException(
          "cap must not be shorter than initial (" + initial + "), but is " + cap);
    }
    if (cap.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("cap must be at most 30d, but is " + cap);
    }
    if (!(multiplier >= 1.0 && multiplier <= 10.0)) {
      throw new IllegalArgumentException(
          "multiplier must be from 1.0 to 10.0, but is " + multiplier);
    }
  }

  /**
   * {@return a schedule that is waited for}
   *
   * @param initial the delay after the first failure
   * @param multiplier what each delay is multiplied by
   * @param cap the longest delay
   */
  public static Backoff of(Duration initial, double multiplier, Duration cap) {
    return new Backoff(initial, multiplier, cap, false);
  }

  /** {@return the same schedule, named but not waited for} */
  public Backoff defer() {
    return new Backoff(initial, multiplier, cap, true);
  }

  /**
   * {@return the delay after the {@code n}-th failure, without jitter}
   *
   * @param n the number of failures, at least 1
   */
  public Duration delay(int n) {
    if (n < 1) {
      throw new IllegalArgumentException("n must be at least 1, but is " + n);
    }
    // Infinity is a legal result of pow, and more than any cap. What is below a cap of 30 days is
    // below 2^53 nanoseconds: there a double holds every whole number, so nothing is rounded away.
    double nanos = initial.toNanos() * Math.pow(multiplier, n - 1.0);
    return nanos >= cap.toNanos() ? cap : Duration.ofNanos(Math.round(nanos));
  }

  /**
   * {@return the delay after the {@code n}-th failure, shortened at random by whole milliseconds}
   * It is never zero, and never shorter than the share that jitter leaves.
   *
   * @param n the number of failures, at least 1
   * @param jitter the largest share that is taken off, 0 up to but not including 1
   * @param random a uniform draw from 0 up to but not including 1
   */
  public Duration delay(int n, double jitter, double random) {
    Duration delay = delay(n);
    return delay.minusMillis((long) (delay.toMillis() * jitter * random));
  }
}
