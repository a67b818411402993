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
 * Finds the delay that a server names in its text. A number counts only with a unit behind it, and
 * in a sentence that asks for a later try or says how long a refusal lasts; other numbers in a
 * reply mean something else. Looks at each word a bounded number of times. Not thread-safe: one for
 * each text.
 */
final class DelayScanner {
  private static final int MOST_WORDS = 400;
  private static final int FARTHEST = 8;
  private static final int MOST_DIGITS = 7;

  /** Ends a sentence; no word of a text is the same. */
  private static final String END = ".";

  /** Stands for what is between spaces and holds an address of the web. */
  private static final String LINK = "://";

  /** Ask for a later try: the time after which. */
  private static final Set<String> TRYING =
      words(
          """
          try retry retry-after retrying reconnect reconnecting resend resending come back
          versuchen versuch versuche wiederholen
          réessayer reessayer réessayez reessayez tentative
          reintente reintentar intente intentar intentarlo inténtelo intentelo
          riprovare riprova riprovi tente tentar
          spróbuj spróbować повторите попробуйте\
          """);

  /** Ask for the same only with "again" or "back": send it again, check back. */
  private static final Set<String> SENDING =
      words("send submit connect attempt deliver transmit check");

  /** Ask to wait: the time for which. */
  private static final Set<String> WAITING =
      words(
          """
          wait pause warten warte wartezeit patienter patientez attendez attendre
          espere esperar aguarde attendere attenda подождите\
          """);

  /** Say that a refusal lasts: "blocked for", "suspended until". */
  private static final Set<String> STATES =
      words(
          """
          blocked banned suspended throttled deferred delayed limited locked refused paused
          greylisted greylisting greylist graylisted graylisting graylist grey-listed gray-listed
          gesperrt blockiert bloqué bloque bloqueado bloccato\
          """);

  /** Between the words above and the number. */
  private static final Set<String> FILLERS =
      words(
          """
          again back later after in for at least about approximately around roughly minimum of a an it
          another the mail message email your please connecting sending time delay interval period
          ip address delivery more than until till before not no earlier sooner out next
          es sie bitte nach erneut frühestens fruehestens etwa ca mindestens für fuer bis noch
          einmal nochmals
          dans après apres environ pendant au moins
          en de nuevo a unos dentro al menos por durante nuevamente
          tra fra circa almeno per
          em novamente cerca za ponownie через снова позже попытку\
          """);

  /** Between a state and the number; others tell what the state came from. */
  private static final Set<String> STATE_FILLERS =
      words(
          "for until till about approximately the next another at least a period of für fuer bis");

  private static final Set<String> LASTING =
      words("for until till before für fuer bis por pendant");

  /** Before a number that has its asking word behind it: "bitte in 5 Minuten erneut versuchen". */
  private static final Set<String> LEADING =
      words("bitte please veuillez favor prego frühestens fruehestens");

  /** What makes a number with a unit a measure of something else. */
  private static final Set<String> MEASURING =
      words(
          """
          ago old exceeded exceeds elapsed timeout limit window passed expired overdue late per
          alt überschritten dépassé superado\
          """);

  private static final Map<String, Long> SECONDS_OF_UNIT = units();
  private static final String UNIT_INITIALS = "smhdtjgoсмчдSMHDTJGOСМЧД";

  private static final Map<String, Long> NUMBERS =
      Map.of(
          "a", 1L, "an", 1L, "one", 1L, "two", 2L, "three", 3L, "four", 4L, "five", 5L, "ten", 10L,
          "fifteen", 15L, "thirty", 30L);

  private static final DateTimeFormatter MAIL_DATE =
      DateTimeFormatter.ofPattern("d MMM uuuu HH:mm[:ss] xx", Locale.ROOT);

  private final List<String> words;

  private DelayScanner(List<String> words) {
    this.words = words;
  }

  static Optional<DelayHint> scan(List<String> lines) {
    boolean worthReading = false;
    for (int i = 0; i < lines.size() && !worthReading; i++) {
      worthReading = mayHoldTime(lines.get(i));
    }
    if (!worthReading) {
      return Optional.empty();
    }
    List<String> words = new ArrayList<>();
    for (String line : lines) {
      split(line, words);
    }
    return new DelayScanner(words).scan();
  }

  /** Most replies have no number with a unit, and cost no more than this look. */
  private static boolean mayHoldTime(String line) {
    if (line.contains("hour") || line.contains("minute") || line.contains("etry-")) {
      return true;
    }
    for (int i = 0; i < line.length(); i++) {
      if (isDigit(line.charAt(i))) {
        boolean starts = i == 0 || !isInner(line.charAt(i - 1));
        i = endOfDigits(line, i);
        int next = i < line.length() && line.charAt(i) == ' ' ? i + 1 : i;
        if (starts
            && next < line.length()
            && (UNIT_INITIALS.indexOf(line.charAt(next)) >= 0 || isInDate(line, i))) {
          return true;
        }
      }
    }
    return false;
  }

  /** The last number of an address or a version is none of its own. */
  private static boolean isInner(char before) {
    return before == '.' || Character.isLetterOrDigit(before);
  }

  private static boolean isInDate(String line, int i) {
    char c = line.charAt(i);
    return (c == ':' || c == '-') && i + 1 < line.length() && isDigit(line.charAt(i + 1));
  }

  private static int endOfDigits(String text, int from) {
    int i = from;
    while (i < text.length() && isDigit(text.charAt(i))) {
      i++;
    }
    return i;
  }

  /** Words are separated by space and punctuation, save what times and dates are written with. */
  private static void split(String line, List<String> words) {
    int start = 0;
    for (int i = 0; i <= line.length() && words.size() < MOST_WORDS; i++) {
      if (i < line.length() && isWordPart(line, i)) {
        continue;
      }
      if (i > start) {
        words.add(line.substring(start, i).toLowerCase(Locale.ROOT));
      }
      if (line.startsWith(LINK, i)) {
        words.add(LINK);
        int space = line.indexOf(' ', i);
        i = space < 0 ? line.length() : space;
      } else if (endsSentence(line, i)) {
        words.add(END);
      }
      start = i + 1;
    }
  }

  private static boolean endsSentence(String line, int i) {
    if (i == line.length()) {
      return false;
    }
    char c = line.charAt(i);
    boolean mark = c == '.' || c == ';' || c == '!' || c == '?';
    return mark && (i + 1 == line.length() || line.charAt(i + 1) == ' ');
  }

  private static boolean isWordPart(String line, int i) {
    char c = line.charAt(i);
    if (Character.isLetterOrDigit(c)) {
      return true;
    }
    boolean after = i + 1 < line.length() && Character.isLetterOrDigit(line.charAt(i + 1));
    if (i == 0 || line.charAt(i - 1) == ' ') {
      return after && (c == '+' || c == '-') && isDigit(line.charAt(i + 1));
    }
    return after
        && Character.isLetterOrDigit(line.charAt(i - 1))
        && (c == ':' || c == '-' || c == '+' || c == '_' || c == '.' || c == '/');
  }

  private Optional<DelayHint> scan() {
    for (int i = 0; i < words.size(); i++) {
      Optional<DelayHint> hint = at(i);
      if (hint.isPresent()) {
        return hint;
      }
    }
    return Optional.empty();
  }

  private Optional<DelayHint> at(int index) {
    String word = words.get(index);
    if (!isDigit(word.charAt(0))) {
      return NUMBERS.containsKey(word) ? span(index) : Optional.empty();
    }
    int digits = endOfDigits(word, 0);
    if (digits < word.length() && word.charAt(digits) == ':') {
      return clock(index, word);
    }
    if (digits == 4 && digits < word.length() && word.charAt(digits) == '-') {
      return isoDate(index, word);
    }
    Optional<DelayHint> date = mailDate(index);
    Optional<DelayHint> hint = date.isPresent() ? date : span(index);
    return hint.isPresent() ? hint : tagged(index, word);
  }

  /** {@code Retry-After: 300}, as HTTP writes it. */
  private Optional<DelayHint> tagged(int index, String word) {
    boolean tag = word(index - 1).equals("retry-after");
    boolean alone = word(index + 1).isEmpty() || word(index + 1).equals(END);
    return tag && alone && isNumber(word) ? after(Long.parseLong(word)) : Optional.empty();
  }

  /** 5 minutes; 1 hour and 30 minutes; 300s; 1h30m; 5-10 minutes, of which the longer counts. */
  private Optional<DelayHint> span(int index) {
    long total = 0;
    long lastUnit = Long.MAX_VALUE;
    int i = index;
    while (true) {
      Part part = part(i);
      if (part.seconds < 0 || part.unit >= lastUnit) {
        break;
      }
      total += part.seconds;
      lastUnit = part.unit;
      i = part.next;
      if (isAnd(word(i)) && part(i + 1).seconds >= 0) {
        i++;
      }
    }
    boolean found = i > index && !MEASURING.contains(word(i));
    return found && (isAskedForBefore(index) || isAskedForAround(index, i))
        ? after(total)
        : Optional.empty();
  }

  private static boolean isAnd(String word) {
    return switch (word) {
      case "and", "und", "et", "y", "e" -> true;
      default -> false;
    };
  }

  /** A number with its unit; seconds are negative if there is none. */
  private record Part(long seconds, long unit, int next) {
    static final Part NONE = new Part(-1, 0, 0);
  }

  private Part part(int index) {
    String word = word(index);
    Long number = NUMBERS.get(word);
    if (number != null) {
      return part(number, word(index + 1), index + 2);
    }
    int digits = endOfDigits(word, 0);
    if (digits == 0 || digits > MOST_DIGITS) {
      return Part.NONE;
    }
    if (digits == word.length()) {
      return isTo(word(index + 1)) && isNumber(word(index + 2))
          ? part(Long.parseLong(word(index + 2)), word(index + 3), index + 4)
          : part(Long.parseLong(word), word(index + 1), index + 2);
    }
    if (word.charAt(digits) == '-') {
      String upper = word.substring(digits + 1);
      return isNumber(upper) ? part(Long.parseLong(upper), word(index + 1), index + 2) : Part.NONE;
    }
    return attached(word, index + 1);
  }

  private static boolean isNumber(String word) {
    int digits = endOfDigits(word, 0);
    return digits > 0 && digits == word.length() && digits <= MOST_DIGITS;
  }

  private static boolean isTo(String word) {
    return switch (word) {
      case "to", "or", "bis", "à" -> true;
      default -> false;
    };
  }

  private static Part part(long number, String unit, int next) {
    Long seconds = SECONDS_OF_UNIT.get(unit);
    return seconds == null ? Part.NONE : new Part(number * seconds, seconds, next);
  }

  /** 300s, 1h30m */
  private static Part attached(String word, int next) {
    long total = 0;
    long unit = Long.MAX_VALUE;
    int i = 0;
    while (i < word.length()) {
      int digits = endOfDigits(word, i);
      int end = digits;
      while (end < word.length() && Character.isLetter(word.charAt(end))) {
        end++;
      }
      Long seconds = SECONDS_OF_UNIT.get(word.substring(digits, end));
      if (digits == i || digits - i > MOST_DIGITS || seconds == null || seconds >= unit) {
        return Part.NONE;
      }
      total += Long.parseLong(word.substring(i, digits)) * seconds;
      unit = seconds;
      i = end;
    }
    return new Part(total, unit, next);
  }

  /** {@return whether the words before a number ask for a try after that time} */
  private boolean isAskedForBefore(int index) {
    boolean lasts = false;
    boolean again = false;
    boolean onlyStateFillers = true;
    for (int i = index - 1; i >= 0 && i >= index - FARTHEST; i--) {
      String word = words.get(i);
      if (STATES.contains(word)) {
        return onlyStateFillers && (lasts || (word.startsWith("gr") && i == index - 1));
      }
      if (WAITING.contains(word)) {
        return !isMost(word(i - 1));
      }
      if (TRYING.contains(word) || (again && SENDING.contains(word))) {
        return (!lasts || isNegated(i)) && !isMost(word(i - 1));
      }
      if (!FILLERS.contains(word) && !isDenied(i) && !isEquation(i)) {
        return false;
      }
      lasts |= LASTING.contains(word) && !isDenied(i);
      again |= word.equals("again") || word.equals("back");
      onlyStateFillers &= STATE_FILLERS.contains(word);
    }
    return false;
  }

  /** Not before, no sooner than: the other way round. */
  private boolean isDenied(int index) {
    String before = word(index - 1);
    return before.equals("not") || before.equals("no");
  }

  /** Retry interval is 5 minutes. */
  private boolean isEquation(int index) {
    return words.get(index).equals("is")
        && switch (word(index - 1)) {
          case "time", "interval", "delay", "period" -> true;
          default -> false;
        };
  }

  private boolean isNegated(int index) {
    String before = word(index - 1);
    return before.equals("not") || before.equals("t");
  }

  private static boolean isMost(String word) {
    return word.equals("max") || word.equals("maximum") || word.equals("total");
  }

  /** {@return whether a polite word stands before a number, and the asking word behind it} */
  private boolean isAskedForAround(int index, int behind) {
    int lead = index - 1;
    while (lead > index - 3 && isPreposition(word(lead))) {
      lead--;
    }
    if (!LEADING.contains(word(lead))) {
      return false;
    }
    for (int i = behind; i < behind + 4; i++) {
      if (TRYING.contains(word(i)) || WAITING.contains(word(i))) {
        return true;
      }
      if (!FILLERS.contains(word(i))) {
        return false;
      }
    }
    return false;
  }

  private static boolean isPreposition(String word) {
    return switch (word) {
      case "in", "nach", "after", "dans", "après", "en", "tra", "mindestens" -> true;
      default -> false;
    };
  }

  /** 00:05:00 is a span where one is asked for; 14:05 UTC is a time of day. */
  private Optional<DelayHint> clock(int index, String word) {
    Optional<LocalTime> time = isAskedForBefore(index) ? time(word) : Optional.empty();
    if (time.isEmpty()) {
      return Optional.empty();
    }
    Optional<ZoneOffset> zone = zone(word(index + 1));
    if (zone.isPresent()) {
      return Optional.of(new DelayHint.TimeOfDay(time.get().atOffset(zone.get())));
    }
    String before = word(index - 1);
    boolean span = before.equals("in") || before.equals("for") || word.startsWith("00:");
    return span && word.length() == 8 ? after(time.get().toSecondOfDay()) : Optional.empty();
  }

  private static Optional<LocalTime> time(String word) {
    try {
      return Optional.of(LocalTime.parse(word));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static Optional<ZoneOffset> zone(String word) {
    if (word.equals("utc") || word.equals("gmt") || word.equals("z")) {
      return Optional.of(ZoneOffset.UTC);
    }
    boolean signed = word.length() == 5 && (word.charAt(0) == '+' || word.charAt(0) == '-');
    if (!signed || endOfDigits(word, 1) != 5) {
      return Optional.empty();
    }
    try {
      return Optional.of(ZoneOffset.of(word));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** A date with a time and a zone, as ISO 8601 writes it: 2026-11-24T14:05:00Z, or with spaces. */
  private Optional<DelayHint> isoDate(int index, String word) {
    String joined = word;
    if (word.indexOf('t') < 0) {
      joined += "t" + word(index + 1) + zone(word(index + 2)).map(ZoneOffset::getId).orElse("");
    }
    return moment(index, joined.toUpperCase(Locale.ROOT), DateTimeFormatter.ISO_OFFSET_DATE_TIME);
  }

  /** A date with a time and a zone, as mail headers write it: Tue, 24 Nov 2026 14:05:00 +0000. */
  private Optional<DelayHint> mailDate(int index) {
    String month = word(index + 1);
    Optional<ZoneOffset> zone = zone(word(index + 4));
    if (zone.isEmpty() || month.length() != 3) {
      return Optional.empty();
    }
    String text =
        "%s %s%s %s %s %s"
            .formatted(
                words.get(index),
                month.substring(0, 1).toUpperCase(Locale.ROOT),
                month.substring(1),
                word(index + 2),
                word(index + 3),
                zone.get().equals(ZoneOffset.UTC) ? "+0000" : word(index + 4));
    int first = isWeekday(word(index - 1)) ? index - 1 : index;
    return moment(first, text, MAIL_DATE);
  }

  private static boolean isWeekday(String word) {
    return switch (word) {
      case "mon", "tue", "wed", "thu", "fri", "sat", "sun" -> true;
      default -> false;
    };
  }

  private Optional<DelayHint> moment(int index, String text, DateTimeFormatter format) {
    if (!isAskedForBefore(index)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new DelayHint.At(OffsetDateTime.parse(text, format).toInstant()));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static Optional<DelayHint> after(long seconds) {
    return seconds < 1 || seconds > DelayHint.LONGEST_BELIEVED.toSeconds()
        ? Optional.empty()
        : Optional.of(new DelayHint.After(Duration.ofSeconds(seconds)));
  }

  private String word(int index) {
    return index >= 0 && index < words.size() ? words.get(index) : "";
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static Set<String> words(String text) {
    return Set.copyOf(List.of(text.split("\\s+", -1)));
  }

  private static Map<String, Long> units() {
    Map<String, Long> units = new HashMap<>();
    String seconds =
        "s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos secondo"
            + " secondi sekund секунд секунды секунду";
    String minutes =
        "m min mins minute minutes minuten minuto minutos minuti minut минут минуты минуту";
    String hours =
        "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore час часа часов";
    String days = "d day days tag tage tagen jour jours día días dia dias giorno giorni день дня";
    words(seconds).forEach(unit -> units.put(unit, 1L));
    words(minutes).forEach(unit -> units.put(unit, 60L));
    words(hours).forEach(unit -> units.put(unit, 3600L));
    words(days).forEach(unit -> units.put(unit, 86_400L));
    return Map.copyOf(units);
  }
}
