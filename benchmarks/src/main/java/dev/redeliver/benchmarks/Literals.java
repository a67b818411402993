package dev.redeliver.benchmarks;

import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** All literals of all phrases, and texts, in the plain form that libraries can search. */
final class Literals {
  private Literals() {}

  /**
   * {@return each literal once, with a space before it, and one behind it unless its last word is
   * left open} Those that leave another word open, or have a gap, are left out: the libraries
   * cannot find them.
   */
  static Set<String> of(Phrases phrases) {
    Set<String> literals = new TreeSet<>();
    for (Phrases.Row row : phrases.rows()) {
      for (Phrases.Alternative alternative : row.alternatives()) {
        Stream.concat(alternative.wanted().stream(), alternative.unwanted().stream())
            .flatMap(term -> phrases.spellings(term).stream())
            .forEach(spelling -> add(spelling, literals));
      }
    }
    return literals;
  }

  private static void add(String spelling, Set<String> literals) {
    boolean open = spelling.endsWith("*");
    String literal = open ? spelling.substring(0, spelling.length() - 1) : spelling;
    if (literal.indexOf('*') < 0 && !literal.contains("..")) {
      literals.add(open ? plain(literal).stripTrailing() : plain(literal));
    }
  }

  /** {@return lower case, with one space around each word} */
  static String plain(String text) {
    StringBuilder plain = new StringBuilder(text.length() + 2).append(' ');
    String lower = text.toLowerCase(Locale.ROOT);
    for (int i = 0; i < lower.length(); i++) {
      char c = lower.charAt(i);
      if (Character.isLetterOrDigit(c)) {
        plain.append(c);
      } else if (c != '\'' && plain.charAt(plain.length() - 1) != ' ') {
        plain.append(' ');
      }
    }
    return plain.charAt(plain.length() - 1) == ' '
        ? plain.toString()
        : plain.append(' ').toString();
  }
}
