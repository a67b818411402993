package dev.redeliver.classify;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that somebody probably meant. */
final class Nearest {
  private static final int SHORTEST_START = 3;

  private Nearest() {}

  /** {@return the known word that is nearest to a wrong one, if one is near} */
  static Optional<String> to(String wrong, Collection<String> known) {
    String lower = wrong.toLowerCase(Locale.ROOT).replace('_', '-');
    int least = Math.max(1, lower.length() / 3) + 1;
    Optional<String> nearest = known.stream().filter(word -> isLonger(word, lower)).findFirst();
    for (String word : known) {
      int distance = distance(lower, word);
      if (distance < least) {
        least = distance;
        nearest = Optional.of(word);
      }
    }
    return nearest;
  }

  private static boolean isLonger(String word, String start) {
    return start.length() >= SHORTEST_START && word.startsWith(start);
  }

  /** Levenshtein's distance, row by row. */
  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
