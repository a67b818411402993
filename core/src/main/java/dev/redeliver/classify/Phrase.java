package dev.redeliver.classify;

import java.util.ArrayList;
import java.util.List;

/**
 * A rule's condition on the text: alternatives separated by {@code |}, each of terms joined by
 * {@code &}, a {@code !} before a term that must not be there. Immutable and thread-safe.
 */
final class Phrase {
  private final List<Alternative> alternatives;

  private Phrase(List<Alternative> alternatives) {
    this.alternatives = List.copyOf(alternatives);
  }

  static Phrase parse(String text, Vocabulary vocabulary) {
    List<Alternative> alternatives = new ArrayList<>();
    for (String part : text.split("\\|", -1)) {
      alternatives.add(Alternative.parse(part.strip(), vocabulary));
    }
    return new Phrase(alternatives);
  }

  List<Alternative> alternatives() {
    return alternatives;
  }

  boolean matches(LiteralTrie.Found found) {
    for (Alternative alternative : alternatives) {
      if (alternative.matches(found)) {
        return true;
      }
    }
    return false;
  }

  /** One way to say it. Immutable and thread-safe. */
  static final class Alternative {
    private final String words;
    private final int[] wanted;
    private final int[] unwanted;

    private Alternative(String words, int[] wanted, int[] unwanted) {
      this.words = words;
      this.wanted = wanted;
      this.unwanted = unwanted;
    }

    private static Alternative parse(String text, Vocabulary vocabulary) {
      List<Integer> wanted = new ArrayList<>();
      List<Integer> unwanted = new ArrayList<>();
      for (String part : text.split("&", -1)) {
        String term = part.strip();
        if (term.startsWith("!")) {
          unwanted.add(vocabulary.term(term.substring(1).strip()));
        } else {
          wanted.add(vocabulary.term(term));
        }
      }
      if (wanted.isEmpty()) {
        throw new IllegalArgumentException("'" + text + "' asks for nothing");
      }
      return new Alternative(text, numbers(wanted), numbers(unwanted));
    }

    private static int[] numbers(List<Integer> terms) {
      return terms.stream().mapToInt(Integer::intValue).toArray();
    }

    /** {@return the terms that must be there; at least one} */
    int[] wanted() {
      return wanted.clone();
    }

    /** {@return how the table writes it} */
    String words() {
      return words;
    }

    boolean matches(LiteralTrie.Found found) {
      for (int term : wanted) {
        if (!found.has(term)) {
          return false;
        }
      }
      for (int term : unwanted) {
        if (found.has(term)) {
          return false;
        }
      }
      return true;
    }
  }
}
