package dev.redeliver.policy;

import java.time.Duration;
import java.util.Objects;
import java.util.Properties;

/**
 * Where an outbox keeps its messages, and how it looks after them: what {@code redeliver.outbox.*}
 * says. Immutable and thread-safe.
 *
 * @param location the file of an embedded database, or a JDBC URL; empty if there is no outbox
 * @param poll how often the database is asked for what is due, 10 ms to 1 hour
 * @param lease after how long without a sign of life another process takes over what a process was
 *     sending, 1 second to 1 day; longer than any pause of a process that goes on afterwards
 * @param retention how long what has ended can still be looked up, and its idempotency key is
 *     known, 0 to 10 years
 * @param queuesPerDestination attempts at one destination at a time at most, over all processes, 1
 *     to 64
 * @param dsn whether a sender gets a delivery status notification (RFC 3464) of what failed
 */
public record OutboxSettings(
    String location,
    Duration poll,
    Duration lease,
    Duration retention,
    int queuesPerDestination,
    boolean dsn) {
  private static final String POSTGRESQL = "jdbc:postgresql:";

  /** What is in force unless something is set. */
  public static final OutboxSettings DEFAULT =
      new OutboxSettings(
          "", Duration.ofSeconds(1), Duration.ofMinutes(2), Duration.ofDays(7), 4, false);

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if a value is out of its bounds
   */
  public OutboxSettings {
    Objects.requireNonNull(location, "location");
    boolean foreign = location.startsWith("jdbc:") && !location.startsWith(POSTGRESQL);
    if (foreign || location.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "location must be the name of a file or a URL that begins with "
              + POSTGRESQL
              + ", but is "
              + location);
    }
    requireWithin("poll", poll, Duration.ofMillis(10), Duration.ofHours(1));
    requireWithin("lease", lease, Duration.ofSeconds(1), Duration.ofDays(1));
    requireWithin("retention", retention, Duration.ZERO, Duration.ofDays(3650));
    if (queuesPerDestination < 1 || queuesPerDestination > 64) {
      throw new IllegalArgumentException(
          "queuesPerDestination must be from 1 to 64, but is " + queuesPerDestination);
    }
  }

  private static void requireWithin(String what, Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          what
              + " must be from "
              + (least.isZero() ? "0s" : Durations.format(least))
              + " to "
              + Durations.format(most)
              + ", but is "
              + value);
    }
  }

  /**
   * Reads the settings from properties. The keys are listed in the README.
   *
   * @param properties the properties, with their defaults
   * @return the settings; the defaults where nothing is set
   * @throws PolicyException if any {@code redeliver.} key is unknown or a value is bad; it names
   *     all of them
   */
  public static OutboxSettings fromProperties(Properties properties) {
    return PolicyProperties.readOutbox(properties);
  }

  /**
   * {@return these with another location}
   *
   * @param value a file or a JDBC URL
   */
  public OutboxSettings withLocation(String value) {
    return new OutboxSettings(value, poll, lease, retention, queuesPerDestination, dsn);
  }

  /**
   * {@return these with another time between two questions}
   *
   * @param value 10 ms to 1 hour
   */
  public OutboxSettings withPoll(Duration value) {
    return new OutboxSettings(location, value, lease, retention, queuesPerDestination, dsn);
  }

  /**
   * {@return these with another lease}
   *
   * @param value 1 second to 1 day
   */
  public OutboxSettings withLease(Duration value) {
    return new OutboxSettings(location, poll, value, retention, queuesPerDestination, dsn);
  }

  /**
   * {@return these with another time to remember}
   *
   * @param value 0 to 10 years
   */
  public OutboxSettings withRetention(Duration value) {
    return new OutboxSettings(location, poll, lease, value, queuesPerDestination, dsn);
  }

  /**
   * {@return these with another number of attempts at one destination at a time}
   *
   * @param value 1 to 64
   */
  public OutboxSettings withQueuesPerDestination(int value) {
    return new OutboxSettings(location, poll, lease, retention, value, dsn);
  }

  /**
   * {@return these with or without notifications to the sender}
   *
   * @param value whether there are any
   */
  public OutboxSettings withDsn(boolean value) {
    return new OutboxSettings(location, poll, lease, retention, queuesPerDestination, value);
  }
}
