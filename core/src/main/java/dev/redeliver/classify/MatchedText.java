package dev.redeliver.classify;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Finds which of a fixed set of literals stand in a text, in one pass. A literal begins where a
 * word begins and may end inside one ({@code greylist} is found in {@code Greylisted}); ideographs
 * need no word boundary. Case, punctuation and white space do not matter. Immutable and thread-safe
 * once built.
 */
final class MatchedText {
  private static final int MAX_LENGTH = 4096;

  private final Node root = new Node();
  private final Map<String, Integer> numbers = new HashMap<>();

  /** {@return the number of a literal, adding it if it is new} */
  int add(String literal) {
    String normal = normalize(literal).strip();
    if (normal.isEmpty()) {
      throw new IllegalArgumentException("'" + literal + "' has no letter or digit");
    }
    Integer known = numbers.get(normal);
    if (known != null) {
      return known;
    }
    int number = numbers.size();
    numbers.put(normal, number);
    Node node = root;
    for (int i = 0; i < normal.length(); i++) {
      node = node.next.computeIfAbsent(normal.charAt(i), c -> new Node());
    }
    node.literal = number;
    return number;
  }

  /** {@return the numbers of the literals in a text} Linear in the text's length. */
  BitSet find(String text) {
    String normal = normalize(text);
    BitSet found = new BitSet(numbers.size());
    for (int i = 0; i < normal.length(); i++) {
      if (beginsWord(normal, i)) {
        walk(normal, i, found);
      }
    }
    return found;
  }

  private void walk(String text, int from, BitSet found) {
    Node node = root;
    for (int i = from; i < text.length(); i++) {
      Node next = node.next.get(text.charAt(i));
      if (next == null) {
        return;
      }
      node = next;
      if (node.literal >= 0) {
        found.set(node.literal);
      }
    }
  }

  private static boolean beginsWord(String text, int i) {
    char c = text.charAt(i);
    return c != ' ' && (i == 0 || text.charAt(i - 1) == ' ' || Character.isIdeographic(c));
  }

  /** Lower case; everything between words becomes one space. */
  private static String normalize(String text) {
    String lower = text.substring(0, Math.min(text.length(), MAX_LENGTH)).toLowerCase(Locale.ROOT);
    StringBuilder normal = new StringBuilder(lower.length());
    for (int i = 0; i < lower.length(); i++) {
      char c = lower.charAt(i);
      if (Character.isLetterOrDigit(c)) {
        normal.append(c);
      } else if (c != '\'' && c != '’' && !endsWithSpace(normal)) {
        normal.append(' ');
      }
    }
    return normal.toString();
  }

  private static boolean endsWithSpace(StringBuilder text) {
    return text.length() > 0 && text.charAt(text.length() - 1) == ' ';
  }

  private static final class Node {
    private final Map<Character, Node> next = new HashMap<>(2);
    private int literal = -1;
  }
}
