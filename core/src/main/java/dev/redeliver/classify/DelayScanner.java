package dev.redeliver.classify;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the delay that a server names in its text. A number counts only with a unit behind it and
 * words before it that ask for a later try; other numbers in a reply mean something else. Looks at
 * each word a bounded number of times. Not thread-safe: one for each text.
 */
final class DelayScanner {
  private static final int MOST_WORDS = 400;
  private static final int MOST_FILLERS = 8;
  private static final int MOST_DIGITS = 7;

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

  private static final Map<String, Long> SECONDS_OF_UNIT = units();

  private final List<String> words;

  private DelayScanner(List<String> words) {
    this.words = words;
  }

  static Optional<DelayHint> scan(List<String> lines) {
    List<String> words = new ArrayList<>();
    for (String line : lines) {
      if (hasDigit(line)) {
        split(line, words);
      }
    }
    return words.isEmpty() ? Optional.empty() : new DelayScanner(words).scan();
  }

  private static boolean hasDigit(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isDigit(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }

  /** Words are separated by space and punctuation, save what times and dates are written with. */
  private static void split(String line, List<String> words) {
    int start = 0;
    for (int i = 0; i <= line.length() && words.size() < MOST_WORDS; i++) {
      if (i == line.length() || !isWordPart(line, i)) {
        if (i > start) {
          words.add(line.substring(start, i).toLowerCase(Locale.ROOT));
        }
        start = i + 1;
      }
    }
  }

  private static boolean isWordPart(String line, int i) {
    char c = line.charAt(i);
    boolean inner = c == ':' || c == '-' || c == '+' || c == '_' || c == '.' || c == '/';
    return Character.isLetterOrDigit(c)
        || (inner
            && i > 0
            && i + 1 < line.length()
            && Character.isLetterOrDigit(line.charAt(i - 1))
            && Character.isLetterOrDigit(line.charAt(i + 1)));
  }

  private Optional<DelayHint> scan() {
    for (int i = 0; i < words.size(); i++) {
      if (isDigit(words.get(i).charAt(0))) {
        Optional<DelayHint> hint = at(i);
        if (hint.isPresent()) {
          return hint;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<DelayHint> at(int index) {
    String word = words.get(index);
    int digits = digits(word);
    if (digits < word.length() && word.charAt(digits) == ':') {
      return clock(index, word);
    }
    if (digits < word.length() && word.charAt(digits) == '-') {
      return date(index, word);
    }
    if (digits > MOST_DIGITS) {
      return Optional.empty();
    }
    if (digits == word.length() && isTagged(index)) {
      return span(word, 1);
    }
    String unit = digits < word.length() ? word.substring(digits) : word(index + 1);
    Long seconds = SECONDS_OF_UNIT.get(unit);
    return seconds != null && isAskedFor(index)
        ? span(word.substring(0, digits), seconds)
        : Optional.empty();
  }

  /** {@code retry-after: 300}, {@code retry=300} */
  private boolean isTagged(int index) {
    String before = word(index - 1);
    return before.equals("retry-after")
        || before.equals("retry_after")
        || before.equals("retryafter");
  }

  private boolean isAskedFor(int index) {
    for (int i = index - 1; i >= 0 && i >= index - MOST_FILLERS; i--) {
      if (ASKING.contains(words.get(i))) {
        return true;
      }
      if (!FILLERS.contains(words.get(i))) {
        return false;
      }
    }
    return false;
  }

  /** 00:05:00 is a span where one is asked for; 14:05 UTC is a time of day. */
  private Optional<DelayHint> clock(int index, String word) {
    Optional<LocalTime> time = time(word);
    if (time.isEmpty() || !isAskedFor(index)) {
      return Optional.empty();
    }
    Optional<ZoneOffset> zone = zone(word(index + 1));
    if (zone.isPresent()) {
      return Optional.of(new DelayHint.TimeOfDay(time.get().atOffset(zone.get())));
    }
    boolean span = word.length() == 8 && (isSpanWord(word(index - 1)) || word.startsWith("00:"));
    return span ? span(time.get().toSecondOfDay()) : Optional.empty();
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
  private Optional<DelayHint> date(int index, String word) {
    if (!isAskedFor(index)) {
      return Optional.empty();
    }
    String zone = zone(word(index + 2)).isPresent() ? "z" : "";
    String joined = word.indexOf('t') > 0 ? word : word + "t" + word(index + 1) + zone;
    try {
      OffsetDateTime moment =
          OffsetDateTime.parse(
              joined.toUpperCase(Locale.ROOT), DateTimeFormatter.ISO_OFFSET_DATE_TIME);
      return Optional.of(new DelayHint.At(moment.toInstant()));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static Optional<DelayHint> span(String number, long unit) {
    return span(Long.parseLong(number) * unit);
  }

  private static Optional<DelayHint> span(long seconds) {
    return seconds < 1 || seconds > DelayHint.LONGEST_BELIEVED.toSeconds()
        ? Optional.empty()
        : Optional.of(new DelayHint.After(Duration.ofSeconds(seconds)));
  }

  private String word(int index) {
    return index >= 0 && index < words.size() ? words.get(index) : "";
  }

  private static int digits(String word) {
    int i = 0;
    while (i < word.length() && isDigit(word.charAt(i))) {
      i++;
    }
    return i;
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
