package dev.redeliver.examples;

import java.time.Duration;
import java.util.Locale;

/**
 * What is simulated. Immutable and thread-safe.
 *
 * @param scenario what the provider does
 * @param limiter how it counts, if it limits the rate
 * @param rate messages a minute that it takes, if it limits the rate
 * @param load messages a minute that are handed over for it
 * @param others messages a minute for everybody else
 * @param minutes how long all of it lasts
 * @param seed draws the jitter
 */
record SimulationOptions(
    Scenario scenario, Limiter limiter, double rate, int load, int others, int minutes, long seed) {
  private static final int BEGIN = 10;

  /** What the provider does. */
  enum Scenario {
    /** Refuses what is faster than a rate. */
    RATE_LIMIT(60, 0),
    /** Blames the sender for two hours. */
    BLOCK(240, 120),
    /** Is out of order for one hour. */
    OUTAGE(180, 60),
    /** Refuses each recipient for the first five minutes. */
    GREYLIST(60, 0);

    private final int minutes;
    private final int trouble;

    Scenario(int minutes, int trouble) {
      this.minutes = minutes;
      this.trouble = trouble;
    }

    /** {@return how long it is watched if nothing else is said} */
    int usualMinutes() {
      return minutes;
    }

    String token() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** How a rate is counted. */
  enum Limiter {
    /** So many in each minute of the clock. */
    WINDOW,
    /** A bucket that is refilled all the time. */
    BUCKET;

    String token() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  Duration troubleBegins() {
    return Duration.ofMinutes(BEGIN);
  }

  Duration troubleEnds() {
    return Duration.ofMinutes(BEGIN + scenario.trouble);
  }
}
