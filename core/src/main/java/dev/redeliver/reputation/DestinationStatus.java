package dev.redeliver.reputation;

import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * How a destination stood at one moment. Immutable and thread-safe.
 *
 * @param destination whose word it went by
 * @param state whether mail goes there
 * @param nextAt when the next message may go; empty if at once, or not before the probe has ended
 * @param ratePerMinute messages a minute; infinite if there is no limit
 * @param busy attempts under way
 * @param connections attempts that may be under way at a time; {@link Integer#MAX_VALUE} if there
 *     is no limit
 * @param why what the server said last that changed the state; empty if it said nothing
 */
public record DestinationStatus(
    Destination destination,
    State state,
    Optional<Instant> nextAt,
    double ratePerMinute,
    int busy,
    int connections,
    String why) {
  /** Refuses nulls. */
  public DestinationStatus {
    Objects.requireNonNull(destination, "destination");
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(nextAt, "nextAt");
    Objects.requireNonNull(why, "why");
  }

  /** Whether mail goes to a destination. */
  public enum State {
    /** As fast as it can. */
    FREE,
    /** At a rate, or over few connections. */
    PACED,
    /** Not before a stated time. */
    PAUSED,
    /** One message finds out whether the pause is over. */
    PROBING;

    private final String token = name().toLowerCase(Locale.ROOT);

    /** {@return the name in lower case, as in metrics} */
    public String token() {
      return token;
    }
  }
}
