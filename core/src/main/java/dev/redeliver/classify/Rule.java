package dev.redeliver.classify;

import dev.redeliver.smtp.EnhancedStatus;
import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpStage;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One row of a table. Immutable and thread-safe.
 *
 * @param id names the rule in reports
 * @param origin the table and line it comes from
 * @param own whether it is a rule of the user
 * @param conditions its conditions on stage and codes, as the table writes them
 * @param stages where it holds
 * @param codes its condition on the codes
 * @param phrase its condition on the text, if it has one
 * @param provider whose replies it is about, if not everybody's
 * @param cause what the failure is about
 * @param scope what it says something about
 * @param lane the schedule of a later try
 * @param handling what to do; empty if the class of the reply decides
 * @param readAsTransient whether a 5yz is to be read as if it were a 4yz; only a user's rule may
 *     ask
 * @param alert whether it counts towards a reputation alert
 * @param meaning a sentence
 * @param advice a sentence
 * @param source where it comes from
 * @param examples replies that it decides, each perhaps with its stage and a colon before it
 */
record Rule(
    String id,
    String origin,
    boolean own,
    Conditions conditions,
    Stages stages,
    Codes codes,
    Optional<Phrase> phrase,
    Optional<MailboxProvider> provider,
    Cause cause,
    Scope scope,
    Lane lane,
    Optional<Handling> handling,
    boolean readAsTransient,
    boolean alert,
    String meaning,
    String advice,
    String source,
    List<String> examples) {
  /**
   * Conditions as the table writes them, for people.
   *
   * @param stage the column, if it says anything
   * @param basic the column, if it says anything
   * @param enhanced the column, if it says anything
   */
  record Conditions(Optional<String> stage, Optional<String> basic, Optional<String> enhanced) {
    static final Conditions NONE =
        new Conditions(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The strength of the evidence that the rule needs, the strongest first. */
  enum Tier {
    PROVIDER,
    TEXT,
    ENHANCED_STATUS,
    BASIC_CODE
  }

  Tier tier() {
    if (provider.isPresent()) {
      return Tier.PROVIDER;
    }
    if (phrase.isPresent()) {
      return Tier.TEXT;
    }
    return codes.namesEnhanced() ? Tier.ENHANCED_STATUS : Tier.BASIC_CODE;
  }

  /** {@return what a text without any code means} */
  Severity severityWithoutCode() {
    return handling
        .map(h -> h == Handling.FAIL ? Severity.PERMANENT : Severity.TRANSIENT)
        .orElseGet(() -> CauseDefaults.of(cause).codeless());
  }

  /** {@return whether codes and stage fit; the text is another question} */
  boolean fits(@Nullable SmtpStage stage, int code, @Nullable EnhancedStatus status) {
    return stages.include(stage, phrase.isPresent()) && codes.matches(code, status);
  }

  boolean asksForCodesOnly() {
    return phrase.isEmpty() && provider.isEmpty();
  }
}
