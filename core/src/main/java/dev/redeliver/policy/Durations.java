package dev.redeliver.policy;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes durations as they stand in a configuration: {@code 500ms}, {@code 5m}. */
final class Durations {
  private static final Pattern SHORT = Pattern.compile("(-?)(\\d{1,9})(ms|s|m|h|d)");
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final Pattern NEGATIVE_NUMBER = Pattern.compile("-\\d+");
  private static final Duration NEGATIVE = Duration.ofSeconds(-1);

  private Durations() {}

  /**
   * {@return the duration}
   *
   * @throws IllegalArgumentException with the end of a sentence that begins with key and value
   */
  static Duration parse(String text) {
    if (NUMBER.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "has no unit. Write " + text + "s, " + text + "m or PT" + text + "S.");
    }
    Duration duration = NEGATIVE_NUMBER.matcher(text).matches() ? NEGATIVE : read(text);
    if (duration.isNegative()) {
      throw new IllegalArgumentException("is negative.");
    }
    return duration;
  }

  private static Duration read(String text) {
    Matcher matcher = SHORT.matcher(text);
    if (matcher.matches()) {
      long amount = Long.parseLong(matcher.group(1) + matcher.group(2));
      return switch (matcher.group(3)) {
        case "ms" -> Duration.ofMillis(amount);
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        case "h" -> Duration.ofHours(amount);
        default -> Duration.ofDays(amount);
      };
    }
    try {
      return Duration.parse(text);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          "is not a duration. Write for example 500ms, 30s, 5m, 4h, 2d or PT30S.", e);
    }
  }

  /** {@return the shortest form that reads back as the same duration} */
  static String format(Duration duration) {
    long millis = duration.toMillis();
    if (millis == 0 || millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    if (seconds % 3600 == 0) {
      return seconds / 3600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }
}
