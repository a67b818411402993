package dev.redeliver.classify;

import java.util.ArrayList;
import java.util.List;

/**
 * A rule's condition on the text: alternatives separated by {@code |}, each of terms joined by
 * {@code &}, a {@code !} before a term that must not be there. Immutable and thread-safe.
 */
final class Phrase {
  private static final String BRACKETS = "()";
  private static final String WHY_NO_QUOTES =
      "is not needed: words side by side are found side by side. Leave quotes out";
  private static final String QUOTES = "\"\u201c\u201d\u201e";

  private final List<Alternative> alternatives;

  private Phrase(List<Alternative> alternatives) {
    this.alternatives = List.copyOf(alternatives);
  }

  static Phrase parse(String text, Vocabulary vocabulary) {
    refuse(text, BRACKETS, "groups nothing. Write every alternative out, with | between them");
    refuse(text, QUOTES, WHY_NO_QUOTES);
    List<Alternative> alternatives = new ArrayList<>();
    for (String part : text.split("\\|", -1)) {
      if (part.isBlank()) {
        throw new IllegalArgumentException("'" + text + "' has nothing beside |");
      }
      alternatives.add(Alternative.parse(part.strip(), vocabulary));
    }
    return new Phrase(alternatives);
  }

  /** What people write who expect another language would be left out in silence. */
  private static void refuse(String text, String marks, String why) {
    text.chars()
        .filter(c -> marks.indexOf(c) >= 0)
        .findFirst()
        .ifPresent(
            c -> {
              throw new IllegalArgumentException("'" + Character.toString(c) + "' " + why);
            });
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
        boolean not = part.strip().startsWith("!");
        String term = not ? part.strip().substring(1).strip() : part.strip();
        if (term.isEmpty()) {
          throw new IllegalArgumentException(
              "'" + text + "' has nothing " + (not ? "behind !" : "beside &"));
        }
        if (term.length() > 1 && term.startsWith("'") && term.endsWith("'")) {
          refuse("'", "'", WHY_NO_QUOTES);
        }
        (not ? unwanted : wanted).add(vocabulary.term(term));
      }
      if (unwanted.stream().anyMatch(wanted::contains)) {
        throw new IllegalArgumentException(
            "'" + text + "' never matches: it wants a term that must not be there");
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
