package dev.redeliver.classify;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * A rule that matches a reply. Immutable and thread-safe.
 *
 * @param ruleId the rule
 * @param origin its table and line
 * @param evidence the kind of evidence it goes by: {@code provider}, {@code text}, {@code
 *     enhanced-status} or {@code basic-code}
 * @param cause what it says the failure is about
 * @param words the part of its phrase that matches, if it asks for one
 */
public record RuleMatch(
    String ruleId, String origin, String evidence, Cause cause, Optional<String> words) {
  /** Refuses nulls. */
  public RuleMatch {
    Objects.requireNonNull(ruleId, "ruleId");
    Objects.requireNonNull(origin, "origin");
    Objects.requireNonNull(evidence, "evidence");
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(words, "words");
  }

  static RuleMatch of(RuleIndex.Match match) {
    Rule rule = match.rule();
    String evidence = rule.tier().name().toLowerCase(Locale.ROOT).replace('_', '-');
    return new RuleMatch(rule.id(), rule.origin(), evidence, rule.cause(), match.words());
  }
}
