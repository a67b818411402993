package dev.redeliver.classify;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the delay that a server names in its text. Only a number behind words that ask for a later
 * try counts; other numbers with units mean something else. Linear: nothing in the patterns can
 * backtrack over more than a few characters.
 */
final class DelayHint {
  private static final int MAX_LENGTH = 2048;
  private static final Duration LONGEST_BELIEVED = Duration.ofDays(7);

  private static final Pattern ASKED =
      Pattern.compile(
          "\\b(?:try|retry|retried|retrying|reconnect|come|wait|waiting|resend|send|deferred|delayed"
              + "|greylisted|greylisting|graylisted|blocked|back)\\b"
              + "(?: (?:again|later|back|after|in|for|at|least|about|approximately|minimum|of|a|it"
              + "|another|the|mail|message|your|please|connecting|sending|within)){0,6}+"
              + " ?(\\d{1,7}) ?(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)\\b");

  private static final Pattern CLOCK =
      Pattern.compile(
          "\\b(?:try|retry|wait|greylisted|back)\\b(?: (?:again|later|back|after|in|for)){0,4}+"
              + " ?(\\d{1,2}):(\\d{2}):(\\d{2})\\b");

  private static final Pattern TAGGED = Pattern.compile("\\bretry[-_ ]?after ?[=:] ?(\\d{1,7})\\b");

  private DelayHint() {}

  static Optional<Duration> in(String text) {
    String plain = plain(text);
    Matcher asked = ASKED.matcher(plain);
    if (asked.find()) {
      return believable(amount(asked.group(1), asked.group(2)));
    }
    Matcher clock = CLOCK.matcher(plain);
    if (clock.find()) {
      return believable(
          Duration.ofHours(Long.parseLong(clock.group(1)))
              .plusMinutes(Long.parseLong(clock.group(2)))
              .plusSeconds(Long.parseLong(clock.group(3))));
    }
    Matcher tagged = TAGGED.matcher(plain);
    return tagged.find()
        ? believable(Duration.ofSeconds(Long.parseLong(tagged.group(1))))
        : Optional.empty();
  }

  private static String plain(String text) {
    String lower = text.substring(0, Math.min(text.length(), MAX_LENGTH)).toLowerCase(Locale.ROOT);
    StringBuilder plain = new StringBuilder(lower.length());
    for (int i = 0; i < lower.length(); i++) {
      char c = lower.charAt(i);
      boolean kept = Character.isLetterOrDigit(c) || c == ':' || c == '=' || c == '-' || c == '_';
      char next = kept ? c : ' ';
      if (next != ' ' || plain.length() == 0 || plain.charAt(plain.length() - 1) != ' ') {
        plain.append(next);
      }
    }
    return plain.toString();
  }

  private static Duration amount(String number, String unit) {
    long amount = Long.parseLong(number);
    return switch (unit.charAt(0)) {
      case 's' -> Duration.ofSeconds(amount);
      case 'm' -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  private static Optional<Duration> believable(Duration delay) {
    return delay.isZero() || delay.compareTo(LONGEST_BELIEVED) > 0
        ? Optional.empty()
        : Optional.of(delay);
  }
}
