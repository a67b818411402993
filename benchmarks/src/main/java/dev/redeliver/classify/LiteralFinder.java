package dev.redeliver.classify;

import dev.redeliver.smtp.SmtpReply;
import org.jspecify.annotations.NullMarked;

/**
 * The part of our engine that libraries could do: finding the literals of the built-in rules. In
 * this package because the engine is nobody's business but the classifier's.
 */
@NullMarked
public final class LiteralFinder {
  private final LiteralTrie trie;

  /** Reads the built-in rules. */
  public LiteralFinder() {
    Vocabulary vocabulary = new Vocabulary();
    RuleTable.defineLists(vocabulary);
    RuleTable.builtIn(vocabulary);
    trie = vocabulary.trie();
  }

  /** {@return how many terms of phrases a reply has} */
  public int count(SmtpReply reply) {
    LiteralTrie.Found found = trie.find(Words.of(reply.lines()));
    int count = 0;
    for (int term = found.next(0); term >= 0; term = found.next(term + 1)) {
      count++;
    }
    return count;
  }
}
