package dev.redeliver.classify;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * A rule's condition on the text: alternatives separated by {@code |}, each of literals joined by
 * {@code &}, a {@code !} in front of what must not be there. Immutable and thread-safe.
 */
final class Phrase {
  private record Alternative(List<Integer> wanted, List<Integer> unwanted, String words) {}

  private final List<Alternative> alternatives;

  private Phrase(List<Alternative> alternatives) {
    this.alternatives = List.copyOf(alternatives);
  }

  static Phrase parse(String text, MatchedText literals) {
    List<Alternative> alternatives = new ArrayList<>();
    for (String part : text.split("\\|", -1)) {
      alternatives.add(alternative(part.strip(), literals));
    }
    return new Phrase(alternatives);
  }

  private static Alternative alternative(String text, MatchedText literals) {
    List<Integer> wanted = new ArrayList<>();
    List<Integer> unwanted = new ArrayList<>();
    for (String literal : text.split("&", -1)) {
      String word = literal.strip();
      if (word.startsWith("!")) {
        unwanted.add(literals.add(word.substring(1)));
      } else {
        wanted.add(literals.add(word));
      }
    }
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException("'" + text + "' asks for nothing");
    }
    return new Alternative(List.copyOf(wanted), List.copyOf(unwanted), text);
  }

  /** {@return the words that match, if an alternative does} */
  Optional<String> matchIn(BitSet found) {
    for (Alternative alternative : alternatives) {
      if (holds(alternative, found)) {
        return Optional.of(alternative.words());
      }
    }
    return Optional.empty();
  }

  private static boolean holds(Alternative alternative, BitSet found) {
    for (Integer literal : alternative.wanted()) {
      if (!found.get(literal)) {
        return false;
      }
    }
    for (Integer literal : alternative.unwanted()) {
      if (found.get(literal)) {
        return false;
      }
    }
    return true;
  }
}
