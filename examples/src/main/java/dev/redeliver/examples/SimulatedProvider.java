package dev.redeliver.examples;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * A provider of mailboxes with a will of its own, in simulated time: what it refuses, and what a
 * sender that knew its rules could deliver. Thread-safe.
 */
final class SimulatedProvider {
  private static final Duration GREYLISTED = Duration.ofMinutes(5);
  private static final double BURST_MINUTES = 0.1;

  private final SimulationOptions options;
  private final Map<String, Duration> firstSeen = new HashMap<>();
  private long window = -1;
  private double used;
  private double tokens;
  private Duration refilled = Duration.ZERO;

  SimulatedProvider(SimulationOptions options) {
    this.options = options;
    tokens = burst();
  }

  /** {@return what it replies to RCPT when it does not want a message} */
  String reply() {
    return switch (options.scenario()) {
      case RATE_LIMIT -> "451 4.7.1 Too many messages from your account, slow down";
      case BLOCK -> "450 4.7.1 Your IP address has a poor reputation here";
      case OUTAGE -> "451 4.3.2 System not accepting network messages";
      case GREYLIST -> "450 4.2.0 Greylisted, please try again in 300 seconds";
    };
  }

  /**
   * {@return whether it refuses a message; a message that it takes counts}
   *
   * @param recipient the address
   * @param now the simulated time since the start
   */
  synchronized boolean refuses(String recipient, Duration now) {
    return switch (options.scenario()) {
      case RATE_LIMIT -> !isWithinRate(now);
      case BLOCK, OUTAGE -> isTrouble(now);
      case GREYLIST -> !isKnown(recipient, now);
    };
  }

  private boolean isTrouble(Duration now) {
    return now.compareTo(options.troubleBegins()) >= 0 && now.compareTo(options.troubleEnds()) < 0;
  }

  private boolean isKnown(String recipient, Duration now) {
    Duration first = firstSeen.putIfAbsent(recipient, now);
    return first != null && now.minus(first).compareTo(GREYLISTED) >= 0;
  }

  /** Either so many in each minute of the clock, or a bucket that is refilled all the time. */
  private boolean isWithinRate(Duration now) {
    if (options.limiter() == SimulationOptions.Limiter.WINDOW) {
      if (now.toMinutes() != window) {
        window = now.toMinutes();
        used = 0;
      }
      used++;
      return used <= options.rate();
    }
    double minutes = now.minus(refilled).toMillis() / 60_000.0;
    refilled = now;
    tokens = Math.min(burst(), tokens + minutes * options.rate());
    if (tokens < 1) {
      return false;
    }
    tokens--;
    return true;
  }

  private double burst() {
    return Math.max(1, options.rate() * BURST_MINUTES);
  }

  /**
   * {@return how many of the messages for the provider a sender that knows all this has delivered}
   *
   * @param arrived messages that had been handed over by the end of each minute
   */
  long possible(long[] arrived) {
    long delivered = 0;
    for (int minute = 0; minute < arrived.length; minute++) {
      Duration end = Duration.ofMinutes(minute + 1L);
      delivered =
          switch (options.scenario()) {
            case RATE_LIMIT -> Math.min(arrived[minute], delivered + Math.round(options.rate()));
            case BLOCK, OUTAGE -> isTrouble(end.minusMillis(1)) ? delivered : arrived[minute];
            case GREYLIST -> {
              int before = minute - (int) GREYLISTED.toMinutes();
              yield before < 0 ? 0 : arrived[before];
            }
          };
    }
    return delivered;
  }
}
