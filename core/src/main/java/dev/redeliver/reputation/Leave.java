package dev.redeliver.reputation;

import java.time.Instant;
import java.util.Objects;

/** Whether an attempt at a destination may be made now. Immutable and thread-safe. */
public sealed interface Leave {
  /**
   * It may.
   *
   * @param permit to be given back after the attempt
   */
  record Granted(Permit permit) implements Leave {
    /** Refuses nulls. */
    public Granted {
      Objects.requireNonNull(permit, "permit");
    }
  }

  /**
   * It may not yet. Nothing was asked of a server: this is no attempt.
   *
   * @param until when to ask again
   * @param isEstimate whether nobody knows how long it takes, and it may be sooner or later
   * @param why the reason, for people
   */
  record Postponed(Instant until, boolean isEstimate, String why) implements Leave {
    /** Refuses nulls. */
    public Postponed {
      Objects.requireNonNull(until, "until");
      Objects.requireNonNull(why, "why");
    }
  }
}
