package dev.redeliver.classify;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the delay that a server names in its text. A number counts only with a unit behind it and
 * words before it that ask for a later try; other numbers in a reply mean something else. Looks at
 * words only around a number, and at each a bounded number of times. Immutable and thread-safe.
 */
final class DelayScanner {
  private static final int MOST_NUMBERS = 50;
  private static final int MOST_FILLERS = 8;
  private static final int MOST_DIGITS = 7;

  /** Longer than any word that means something here, times with date and zone included. */
  private static final int LONGEST_WORD = 40;

  /** Words that ask for a later try, in the languages in which servers do. */
  private static final Set<String> ASKING =
      Set.of(
          "try",
          "retry",
          "retried",
          "retrying",
          "reconnect",
          "reconnecting",
          "wait",
          "waiting",
          "resend",
          "resending",
          "deferred",
          "delayed",
          "greylisted",
          "greylisting",
          "graylisted",
          "greylist",
          "blocked",
          "suspended",
          "back",
          "again",
          "later",
          "versuchen",
          "versuch",
          "warten",
          "erneut",
          "réessayer",
          "reessayer",
          "réessayez",
          "reessayez",
          "patienter",
          "attendez",
          "reintente",
          "reintentar",
          "intente",
          "intentar",
          "espere",
          "riprovare",
          "riprova",
          "tente",
          "tentar",
          "повторите",
          "попробуйте");

  /** Words that may stand between the asking word and the number. */
  private static final Set<String> FILLERS =
      Set.of(
          "again",
          "later",
          "back",
          "after",
          "in",
          "for",
          "at",
          "least",
          "about",
          "approximately",
          "minimum",
          "of",
          "a",
          "it",
          "another",
          "the",
          "mail",
          "message",
          "your",
          "please",
          "connecting",
          "sending",
          "within",
          "ip",
          "time",
          "delivery",
          "next",
          "more",
          "than",
          "until",
          "over",
          "around",
          "es",
          "sie",
          "bitte",
          "nach",
          "erneut",
          "frühestens",
          "fruehestens",
          "etwa",
          "dans",
          "après",
          "apres",
          "environ",
          "en",
          "de",
          "nuevo",
          "unos",
          "dentro",
          "tra",
          "fra",
          "em",
          "novamente",
          "через",
          "снова",
          "позже",
          "not",
          "before");

  /** {@code Retry-After: 300} needs no unit. */
  private static final Set<String> TAGS = Set.of("retry-after", "retry_after", "retryafter");

  private static final Map<String, Long> SECONDS_OF_UNIT = units();

  private final String text;

  private DelayScanner(String text) {
    this.text = text;
  }

  static Optional<DelayHint> scan(List<String> lines) {
    return new DelayScanner(lines.size() == 1 ? lines.get(0) : String.join(" ", lines)).scan();
  }

  private Optional<DelayHint> scan() {
    int numbers = 0;
    for (int i = 0; i < text.length() && numbers < MOST_NUMBERS; i++) {
      if (isDigit(text.charAt(i)) && !isWordPart(i - 1)) {
        numbers++;
        Optional<DelayHint> hint = at(i);
        if (hint.isPresent()) {
          return hint;
        }
      }
    }
    return Optional.empty();
  }

  /** Words are separated by space and punctuation, save what times and dates are written with. */
  private boolean isWordPart(int i) {
    return isLetterOrDigit(i)
        || (i > 0
            && i < text.length()
            && ":-+_./".indexOf(text.charAt(i)) >= 0
            && isLetterOrDigit(i - 1)
            && isLetterOrDigit(i + 1));
  }

  private boolean isLetterOrDigit(int i) {
    return i >= 0 && i < text.length() && Character.isLetterOrDigit(text.charAt(i));
  }

  private int endOfWord(int start) {
    int end = start;
    while (end < start + LONGEST_WORD && isWordPart(end)) {
      end++;
    }
    return end;
  }

  private int startOfWord(int end) {
    int start = end;
    while (start > end - LONGEST_WORD && isWordPart(start - 1)) {
      start--;
    }
    return start;
  }

  /** {@return where the word behind the one that ends here starts, or the text's end} */
  private int nextWord(int end) {
    int start = end;
    while (start < text.length() && !isWordPart(start)) {
      start++;
    }
    return start;
  }

  /** {@return where the word before the one that starts here ends, or 0} */
  private int lastWord(int start) {
    int end = start;
    while (end > 0 && !isWordPart(end - 1)) {
      end--;
    }
    return end;
  }

  private String word(int start, int end) {
    return text.substring(start, end).toLowerCase(Locale.ROOT);
  }

  private String wordBefore(int start) {
    int end = lastWord(start);
    return word(startOfWord(end), end);
  }

  private String wordBehind(int end) {
    int start = nextWord(end);
    return word(start, endOfWord(start));
  }

  private Optional<DelayHint> at(int start) {
    int end = endOfWord(start);
    int digits = start;
    while (digits < end && isDigit(text.charAt(digits))) {
      digits++;
    }
    char next = digits < end ? text.charAt(digits) : ' ';
    if (next == ':') {
      return clock(start, end);
    }
    if (next == '-') {
      return date(start, end);
    }
    boolean number = digits - start <= MOST_DIGITS && (digits == end || Character.isLetter(next));
    return number ? number(start, digits, end) : Optional.empty();
  }

  private Optional<DelayHint> number(int start, int digits, int end) {
    String number = text.substring(start, digits);
    if (digits == end && TAGS.contains(wordBefore(start))) {
      return span(Long.parseLong(number));
    }
    Long seconds = SECONDS_OF_UNIT.get(digits < end ? word(digits, end) : wordBehind(end));
    return seconds != null && isAskedFor(start)
        ? span(Long.parseLong(number) * seconds)
        : Optional.empty();
  }

  private boolean isAskedFor(int start) {
    int end = lastWord(start);
    for (int i = 0; i < MOST_FILLERS; i++) {
      int before = startOfWord(end);
      String word = word(before, end);
      if (ASKING.contains(word)) {
        return true;
      }
      if (!FILLERS.contains(word)) {
        return false;
      }
      end = lastWord(before);
    }
    return false;
  }

  /** 00:05:00 is a span where one is asked for; 14:05 UTC is a time of day. */
  private Optional<DelayHint> clock(int start, int end) {
    Optional<LocalTime> time = isAskedFor(start) ? time(word(start, end)) : Optional.empty();
    if (time.isEmpty()) {
      return Optional.empty();
    }
    Optional<ZoneOffset> zone = zone(wordBehind(end));
    if (zone.isPresent()) {
      return Optional.of(new DelayHint.TimeOfDay(time.get().atOffset(zone.get())));
    }
    boolean asSpan = isSpanWord(wordBefore(start)) || text.startsWith("00:", start);
    return asSpan && end - start == 8 ? span(time.get().toSecondOfDay()) : Optional.empty();
  }

  private static boolean isSpanWord(String word) {
    return word.equals("in") || word.equals("for");
  }

  private static Optional<LocalTime> time(String word) {
    try {
      return Optional.of(LocalTime.parse(word));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static Optional<ZoneOffset> zone(String word) {
    return switch (word) {
      case "utc", "gmt", "z" -> Optional.of(ZoneOffset.UTC);
      default -> Optional.empty();
    };
  }

  /** A date with a time and a zone, as ISO 8601 writes it. */
  private Optional<DelayHint> date(int start, int end) {
    if (!isAskedFor(start)) {
      return Optional.empty();
    }
    String word = word(start, end);
    int time = nextWord(end);
    String zone = zone(wordBehind(endOfWord(time))).isPresent() ? "z" : "";
    String joined = word.indexOf('t') > 0 ? word : word + "t" + wordBehind(end) + zone;
    try {
      OffsetDateTime moment =
          OffsetDateTime.parse(
              joined.toUpperCase(Locale.ROOT), DateTimeFormatter.ISO_OFFSET_DATE_TIME);
      return Optional.of(new DelayHint.At(moment.toInstant()));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static Optional<DelayHint> span(long seconds) {
    return seconds < 1 || seconds > DelayHint.LONGEST_BELIEVED.toSeconds()
        ? Optional.empty()
        : Optional.of(new DelayHint.After(Duration.ofSeconds(seconds)));
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static Map<String, Long> units() {
    Map<String, Long> units = new HashMap<>();
    for (String unit :
        List.of(
            "s",
            "sec",
            "secs",
            "second",
            "seconds",
            "sekunden",
            "secondes",
            "segundos",
            "secondi",
            "секунд",
            "секунды")) {
      units.put(unit, 1L);
    }
    for (String unit :
        List.of(
            "m", "min", "mins", "minute", "minutes", "minuten", "minutos", "minuti", "минут",
            "минуты")) {
      units.put(unit, 60L);
    }
    for (String unit :
        List.of(
            "h", "hr", "hrs", "hour", "hours", "stunde", "stunden", "heure", "heures", "hora",
            "horas", "ore", "час", "часа", "часов")) {
      units.put(unit, 3600L);
    }
    return Map.copyOf(units);
  }
}
