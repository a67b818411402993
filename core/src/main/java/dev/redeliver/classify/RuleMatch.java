package dev.redeliver.classify;

import java.util.Objects;
import java.util.Optional;

/**
 * A rule that matches a reply. Immutable and thread-safe.
 *
 * @param ruleId the rule
 * @param origin its table and line
 * @param own whether it is a rule of the user, which wins over all built-in ones
 * @param evidence the kind of evidence it goes by: {@code provider}, {@code text}, {@code
 *     enhanced-status} or {@code basic-code}
 * @param provider the token of the operator whose replies it is about, if not everybody's
 * @param words the part of its phrase that matches, if it asks for one
 * @param basic its condition on the basic code, as the table writes it, if it has one
 * @param enhanced its condition on the enhanced status, if it has one
 * @param stage its condition on the stage, if it has one
 * @param cause what it says the failure is about
 * @param handling what it says is to be done, as the table writes it; empty if it leaves that to
 *     the codes
 * @param handles whether it is the rule that says what is to be done: the one that decides, or if
 *     that leaves it to the codes, a rule about them; of none if nothing but the class of the reply
 *     says it
 */
public record RuleMatch(
    String ruleId,
    String origin,
    boolean own,
    String evidence,
    Optional<String> provider,
    Optional<String> words,
    Optional<String> basic,
    Optional<String> enhanced,
    Optional<String> stage,
    Cause cause,
    Optional<String> handling,
    boolean handles) {
  /** Refuses nulls. */
  public RuleMatch {
    Objects.requireNonNull(ruleId, "ruleId");
    Objects.requireNonNull(origin, "origin");
    Objects.requireNonNull(evidence, "evidence");
    Objects.requireNonNull(provider, "provider");
    Objects.requireNonNull(words, "words");
    Objects.requireNonNull(basic, "basic");
    Objects.requireNonNull(enhanced, "enhanced");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(handling, "handling");
  }

  static RuleMatch of(RuleIndex.Match match, boolean handles) {
    Rule rule = match.rule();
    return new RuleMatch(
        rule.id(),
        rule.origin(),
        rule.own(),
        Cells.token(rule.tier()),
        rule.provider().map(MailboxProvider::token),
        match.words(),
        rule.conditions().basic(),
        rule.conditions().enhanced(),
        rule.conditions().stage(),
        rule.cause(),
        rule.readAsTransient()
            ? Optional.of(RuleTable.TRANSIENT)
            : rule.handling().map(Cells::token),
        handles);
  }
}
