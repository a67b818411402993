package dev.redeliver.classify;

import java.util.Optional;
import java.util.Set;

/**
 * One row of the table. Immutable and thread-safe.
 *
 * @param id names the rule in reports
 * @param stages where it holds, in lower case; empty for everywhere
 * @param codes its condition on the codes
 * @param phrase its condition on the text, if it has one
 * @param provider whose replies it is about, if not everybody's
 * @param cause what the failure is about
 * @param scope what it says something about
 * @param lane the schedule of a later try
 * @param handling what to do; empty if the class of the reply decides
 * @param meaning a sentence
 * @param advice a sentence
 * @param source where it comes from
 */
record Rule(
    String id,
    Set<String> stages,
    Codes codes,
    Optional<Phrase> phrase,
    Optional<MailboxProvider> provider,
    Cause cause,
    Scope scope,
    Lane lane,
    Optional<Handling> handling,
    String meaning,
    String advice,
    String source) {
  /** From this tier on a rule asks for nothing but codes. */
  static final int CODES_ONLY = 2;

  /** The strength of the evidence; lower is stronger. */
  int tier() {
    if (provider.isPresent()) {
      return 0;
    }
    if (phrase.isPresent()) {
      return 1;
    }
    return codes.namesEnhanced() ? CODES_ONLY : CODES_ONLY + 1;
  }
}
