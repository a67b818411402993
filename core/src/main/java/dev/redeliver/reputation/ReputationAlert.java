package dev.redeliver.reputation;

import dev.redeliver.classify.Cause;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Instant;
import java.util.Objects;

/**
 * A server blames the sender often enough that somebody should look. Immutable and thread-safe.
 *
 * @param state raised or resolved
 * @param destination the server that blames
 * @param cause what it blames: reputation, authentication or a suspended sender
 * @param failure the latest answer that says so
 * @param ruleId the rule that read it
 * @param count signals since the first; a quiet window ends the count
 * @param firstSeen when the first of them came
 * @param lastSeen when the latest of them came
 */
public record ReputationAlert(
    State state,
    String destination,
    Cause cause,
    SmtpFailure failure,
    String ruleId,
    int count,
    Instant firstSeen,
    Instant lastSeen) {
  /** Refuses nulls. */
  public ReputationAlert {
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(destination, "destination");
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(failure, "failure");
    Objects.requireNonNull(ruleId, "ruleId");
    Objects.requireNonNull(firstSeen, "firstSeen");
    Objects.requireNonNull(lastSeen, "lastSeen");
  }

  /** Where an alert is in its life. */
  public enum State {
    /** The threshold was reached. */
    RAISED,
    /** No further signal came for a whole window. */
    RESOLVED
  }
}
