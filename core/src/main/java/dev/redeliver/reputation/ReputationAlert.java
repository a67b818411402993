package dev.redeliver.reputation;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Reaction;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;

/**
 * A server blames the sender often enough that somebody should look. Immutable and thread-safe.
 *
 * @param state raised, escalated or resolved
 * @param level how urgent it is
 * @param server the server that answered
 * @param destination whose word it is
 * @param cause what it blames: reputation, authentication or a suspended sender
 * @param failure the latest answer that says so
 * @param ruleId the rule that read it
 * @param reaction what is done about it
 * @param count signals since the first; quiet ends the count
 * @param firstSeen when the first of them came
 * @param lastSeen when the latest of them came
 */
public record ReputationAlert(
    State state,
    Level level,
    String server,
    Destination destination,
    Cause cause,
    SmtpFailure failure,
    String ruleId,
    Reaction reaction,
    int count,
    Instant firstSeen,
    Instant lastSeen) {
  /** Refuses nulls. */
  public ReputationAlert {
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(level, "level");
    Objects.requireNonNull(server, "server");
    Objects.requireNonNull(destination, "destination");
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(failure, "failure");
    Objects.requireNonNull(ruleId, "ruleId");
    Objects.requireNonNull(reaction, "reaction");
    Objects.requireNonNull(firstSeen, "firstSeen");
    Objects.requireNonNull(lastSeen, "lastSeen");
  }

  /** Where an alert is in its life. */
  public enum State {
    /** The threshold was reached. */
    RAISED,
    /** It became critical. */
    ESCALATED,
    /** No further signal came for a whole window in which mail could go. */
    RESOLVED
  }

  /** How urgent an alert is. */
  public enum Level {
    /** Somebody should look. */
    WARNING,
    /** The pause did not help, blame goes on in numbers, or an account is suspended. */
    CRITICAL;

    private final String token = name().toLowerCase(Locale.ROOT);

    /** {@return the name in lower case, as in metrics} */
    public String token() {
      return token;
    }
  }
}
