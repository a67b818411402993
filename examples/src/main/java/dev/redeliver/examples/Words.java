package dev.redeliver.examples;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Durations, counts and long sentences for people. */
final class Words {
  private static final Pattern UNPRINTABLE =
      Pattern.compile(
          "[\\p{Cntrl}\\x{80}-\\x{9f}\\u2028\\u2029\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]");

  private Words() {}

  /** {@return the duration in its two largest units, such as {@code 7 min 30 s}} */
  static String of(Duration duration) {
    List<String> parts = new ArrayList<>();
    add(parts, duration.toDays(), "d");
    add(parts, duration.toHoursPart(), "h");
    add(parts, duration.toMinutesPart(), "min");
    add(parts, duration.toSecondsPart(), "s");
    if (duration.compareTo(Duration.ofSeconds(10)) < 0) {
      add(parts, duration.toMillisPart(), "ms");
    }
    return parts.isEmpty() ? "0 s" : String.join(" ", parts.subList(0, Math.min(2, parts.size())));
  }

  /** {@return the duration as {@code 1:02:03}, with days in front if there are any} */
  static String clock(Duration duration) {
    long days = duration.toDays();
    return (days == 0 ? "" : days + " d ")
        + "%d:%02d:%02d"
            .formatted(duration.toHoursPart(), duration.toMinutesPart(), duration.toSecondsPart());
  }

  private static void add(List<String> parts, long amount, String unit) {
    if (amount != 0) {
      parts.add(amount + " " + unit);
    }
  }

  static String count(int number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  /** {@return the text in lines of at most {@code width} characters, broken at spaces} */
  static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  /** {@return the text, cut to {@code width} characters} */
  static String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, width - 1) + "…";
  }

  /** {@return the text on one line, and without what would steer a terminal or turn text around} */
  static String printable(String text) {
    return UNPRINTABLE.matcher(text).replaceAll(" ");
  }

  /** {@return the word that somebody probably meant, if one is near} */
  static Optional<String> nearest(String wrong, List<String> known) {
    int least = Math.max(1, wrong.length() / 3) + 1;
    Optional<String> nearest = Optional.empty();
    for (String word : known) {
      int distance = distance(wrong, word);
      if (distance < least) {
        least = distance;
        nearest = Optional.of(word);
      }
    }
    return nearest;
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
