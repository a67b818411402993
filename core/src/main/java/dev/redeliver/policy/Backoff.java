package dev.redeliver.policy;

import java.time.Duration;

/**
 * The schedule of one lane: {@code min(cap, initial * multiplier^(n-1))}. Immutable and
 * thread-safe.
 *
 * <p>The arithmetic saturates at the cap, whatever {@code n}; jitter is taken off the result by
 * {@link #delay(int, double, double)} after the cap, so that clients that wait long spread out too.
 *
 * @param initial the delay after the first failure; positive, at most the cap
 * @param multiplier what each delay is multiplied by, 1.0 to 10.0
 * @param cap the longest delay
 * @param deferred whether the delay is too long to wait for in process: a later try is only named
 */
public record Backoff(Duration initial, double multiplier, Duration cap, boolean deferred) {
  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if a value is out of its bounds
   */
  public Backoff {
    if (initial.isNegative() || initial.isZero()) {
      throw new IllegalArgumentException("initial must be positive, but is " + initial);
    }
    if (cap.compareTo(initial) < 0) {
      throw new IllegalArgumentException(
          "cap must not be shorter than initial (" + initial + "), but is " + cap);
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
    // Infinity is a legal intermediate result of pow; Math.min brings it back to the cap.
    double millis = initial.toMillis() * Math.pow(multiplier, n - 1.0);
    return millis >= cap.toMillis() ? cap : Duration.ofMillis(Math.round(millis));
  }

  /**
   * {@return the delay after the {@code n}-th failure, shortened at random}
   *
   * @param n the number of failures, at least 1
   * @param jitter the largest share that is taken off, 0 up to but not including 1
   * @param random a uniform draw from 0 up to but not including 1
   */
  public Duration delay(int n, double jitter, double random) {
    return shorten(delay(n), jitter, random);
  }

  static Duration shorten(Duration delay, double jitter, double random) {
    return delay.minusMillis(Math.round(delay.toMillis() * jitter * random));
  }
}
