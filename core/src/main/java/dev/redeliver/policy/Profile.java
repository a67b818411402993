package dev.redeliver.policy;

import dev.redeliver.classify.Lane;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** Starting points for a policy; every setting can be overridden. */
public enum Profile {
  /** For a request thread: seconds, and what takes longer is only named. */
  INTERACTIVE(4, Duration.ofSeconds(30)),
  /** For worker threads: hours. */
  BACKGROUND(12, Duration.ofHours(4)),
  /** For a queue: days, as RFC 5321 section 4.5.4.1 asks. */
  RFC5321(RetryPolicy.UNBOUNDED, Duration.ofDays(5));

  private final String token = name().toLowerCase(Locale.ROOT);
  private final int maxAttempts;
  private final Duration deadline;

  Profile(int maxAttempts, Duration deadline) {
    this.maxAttempts = maxAttempts;
    this.deadline = deadline;
  }

  /** {@return the name as in the configuration} */
  public String token() {
    return token;
  }

  int maxAttempts() {
    return maxAttempts;
  }

  Duration deadline() {
    return deadline;
  }

  Map<Lane, Backoff> lanes() {
    return switch (this) {
      case INTERACTIVE -> interactive();
      case BACKGROUND -> background();
      case RFC5321 -> rfc5321();
    };
  }

  /** What is deferred names the try that a worker would make. */
  private static Map<Lane, Backoff> interactive() {
    Map<Lane, Backoff> lanes = background();
    lanes.replaceAll((lane, backoff) -> backoff.defer());
    lanes.put(Lane.TRANSIENT, Backoff.of(Duration.ofSeconds(1), 2, Duration.ofSeconds(8)));
    lanes.put(Lane.CONNECTION, Backoff.of(Duration.ofMillis(500), 2, Duration.ofSeconds(4)));
    return lanes;
  }

  private static Map<Lane, Backoff> background() {
    EnumMap<Lane, Backoff> lanes = new EnumMap<>(Lane.class);
    lanes.put(Lane.TRANSIENT, Backoff.of(minutes(1), 2, minutes(30)));
    lanes.put(Lane.GREYLIST, Backoff.of(minutes(5), 1.5, minutes(20)));
    lanes.put(Lane.RATE_LIMIT, Backoff.of(minutes(2), 2, Duration.ofHours(1)));
    lanes.put(Lane.SLOW, Backoff.of(Duration.ofHours(1), 2, Duration.ofHours(2)));
    lanes.put(Lane.REPUTATION, Backoff.of(minutes(15), 2, Duration.ofHours(2)));
    lanes.put(Lane.CONNECTION, Backoff.of(Duration.ofSeconds(5), 2, minutes(5)));
    return lanes;
  }

  private static Map<Lane, Backoff> rfc5321() {
    EnumMap<Lane, Backoff> lanes = new EnumMap<>(Lane.class);
    lanes.put(Lane.TRANSIENT, Backoff.of(minutes(5), 2, Duration.ofHours(3)));
    lanes.put(Lane.GREYLIST, Backoff.of(minutes(5), 1.5, Duration.ofHours(1)));
    lanes.put(Lane.RATE_LIMIT, Backoff.of(minutes(10), 2, Duration.ofHours(4)));
    lanes.put(Lane.SLOW, Backoff.of(Duration.ofHours(2), 2, Duration.ofHours(12)));
    lanes.put(Lane.REPUTATION, Backoff.of(minutes(30), 2, Duration.ofHours(6)));
    lanes.put(Lane.CONNECTION, Backoff.of(minutes(1), 2, Duration.ofHours(1)));
    return lanes;
  }

  private static Duration minutes(long minutes) {
    return Duration.ofMinutes(minutes);
  }
}
