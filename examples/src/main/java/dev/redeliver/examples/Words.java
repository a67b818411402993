package dev.redeliver.examples;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Durations, counts and long sentences for people. */
final class Words {
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
}
