package dev.redeliver.policy;

import java.time.Duration;
import java.util.Objects;

/**
 * How a sender treats the destinations of its mail: what {@code redeliver.guard.*} says. Immutable
 * and thread-safe.
 *
 * @param enabled whether it slows down or pauses at all
 * @param pause how long mail to a destination pauses that blames the sender, 1 second to 30 days
 * @param maxRate messages a minute to one destination at most, 0.1 to 1000000; infinite for no
 *     limit but the one that it is found to have
 * @param maxConnections attempts at one destination at a time at most, 1 to 1000; {@link
 *     Integer#MAX_VALUE} for no limit
 * @param byProvider whether values that certain providers are known to want go before these
 */
public record GuardSettings(
    boolean enabled, Duration pause, double maxRate, int maxConnections, boolean byProvider) {
  private static final Duration LONGEST = Duration.ofDays(30);

  /** What is in force unless something is set. */
  public static final GuardSettings DEFAULT =
      new GuardSettings(
          true, Duration.ofMinutes(15), Double.POSITIVE_INFINITY, Integer.MAX_VALUE, true);

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if a value is out of its bounds
   */
  public GuardSettings {
    Objects.requireNonNull(pause, "pause");
    if (pause.compareTo(Duration.ofSeconds(1)) < 0 || pause.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("pause must be from 1s to 30d, but is " + pause);
    }
    if (!(maxRate == Double.POSITIVE_INFINITY || (maxRate >= 0.1 && maxRate <= 1_000_000))) {
      throw new IllegalArgumentException(
          "maxRate must be from 0.1 to 1000000, or unlimited, but is " + maxRate);
    }
    if (maxConnections != Integer.MAX_VALUE && (maxConnections < 1 || maxConnections > 1000)) {
      throw new IllegalArgumentException(
          "maxConnections must be from 1 to 1000, or unlimited, but is " + maxConnections);
    }
  }

  /**
   * {@return these with the guard on or off}
   *
   * @param value whether it is on
   */
  public GuardSettings withEnabled(boolean value) {
    return new GuardSettings(value, pause, maxRate, maxConnections, byProvider);
  }

  /**
   * {@return these with another pause}
   *
   * @param value 1 second to 30 days
   */
  public GuardSettings withPause(Duration value) {
    return new GuardSettings(enabled, value, maxRate, maxConnections, byProvider);
  }

  /**
   * {@return these with another ceiling of the rate}
   *
   * @param value messages a minute
   */
  public GuardSettings withMaxRate(double value) {
    return new GuardSettings(enabled, pause, value, maxConnections, byProvider);
  }

  /**
   * {@return these with another ceiling of the connections}
   *
   * @param value attempts at a time
   */
  public GuardSettings withMaxConnections(int value) {
    return new GuardSettings(enabled, pause, maxRate, value, byProvider);
  }

  /**
   * {@return these with or without the values of providers}
   *
   * @param value whether those go before these
   */
  public GuardSettings withByProvider(boolean value) {
    return new GuardSettings(enabled, pause, maxRate, maxConnections, value);
  }
}
