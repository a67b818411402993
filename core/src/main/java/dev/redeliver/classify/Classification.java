package dev.redeliver.classify;

import dev.redeliver.smtp.Severity;
import java.util.Objects;
import java.util.Optional;

/**
 * What a failure means, and why. Immutable and thread-safe.
 *
 * @param severity transient or permanent, by the first digit of the basic code
 * @param cause what it is about
 * @param scope what it says something about
 * @param lane the family of backoff, should it be tried again
 * @param handling what to do about it
 * @param reputationSignal whether it counts towards a reputation alert
 * @param delayHint the delay that the server named, if it named one
 * @param ruleId the rule that decided
 * @param evidence what of the failure the rule went by
 * @param meaning what it means, for people
 * @param advice what the operator can do
 * @param source where the rule comes from: an RFC section or a vendor's documentation
 */
public record Classification(
    Severity severity,
    Cause cause,
    Scope scope,
    Lane lane,
    Handling handling,
    boolean reputationSignal,
    Optional<DelayHint> delayHint,
    String ruleId,
    Evidence evidence,
    String meaning,
    String advice,
    String source) {
  /** Refuses nulls. */
  public Classification {
    Objects.requireNonNull(severity, "severity");
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(scope, "scope");
    Objects.requireNonNull(lane, "lane");
    Objects.requireNonNull(handling, "handling");
    Objects.requireNonNull(delayHint, "delayHint");
    Objects.requireNonNull(ruleId, "ruleId");
    Objects.requireNonNull(evidence, "evidence");
    Objects.requireNonNull(meaning, "meaning");
    Objects.requireNonNull(advice, "advice");
    Objects.requireNonNull(source, "source");
  }
}
