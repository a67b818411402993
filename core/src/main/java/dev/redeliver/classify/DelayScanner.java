package dev.redeliver.classify;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

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

  private static final int LONGEST_UNIT = 12;
  private static final String TAG = "retry-after";

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
          again back later after in within between for at least about approximately around roughly minimum of a an it
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
      words("for until till before within für fuer bis por pendant");

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

  /** With what a unit begins, in both cases. */
  private static final String UNIT_INITIALS = initials(SECONDS_OF_UNIT.keySet());

  private static final Map<String, Long> NUMBERS =
      Map.ofEntries(
          Map.entry("a", 1L),
          Map.entry("an", 1L),
          Map.entry("one", 1L),
          Map.entry("two", 2L),
          Map.entry("three", 3L),
          Map.entry("four", 4L),
          Map.entry("five", 5L),
          Map.entry("six", 6L),
          Map.entry("seven", 7L),
          Map.entry("eight", 8L),
          Map.entry("nine", 9L),
          Map.entry("ten", 10L),
          Map.entry("twelve", 12L),
          Map.entry("fifteen", 15L),
          Map.entry("twenty", 20L),
          Map.entry("thirty", 30L),
          Map.entry("forty", 40L),
          Map.entry("forty-five", 45L),
          Map.entry("fifty", 50L),
          Map.entry("sixty", 60L),
          Map.entry("ninety", 90L));

  /** Words for numbers by their first letter, from a to z. */
  private static final String[][] NUMBERS_BY_INITIAL = byInitial(NUMBERS.keySet());

  private static final char ASCII = 128;
  private static final boolean[] ASCII_INNER = inner();

  /** What comes second in words that begin a time, by what comes first, as {@link #bit bits}. */
  private static final long[] SECOND_OF = secondOf();

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

  /**
   * Most replies have no number with a unit, and cost no more than this look. It follows the words
   * for numbers and the initials of units, so it never misses what the scan would find in a line.
   */
  private static boolean mayHoldTime(String line) {
    boolean inner = false;
    for (int i = 0; i < line.length(); i++) {
      if (!inner && mayBegin(line, i) && isTime(line, i)) {
        return true;
      }
      inner = isInner(line.charAt(i));
    }
    return false;
  }

  /** The last number of an address or a version is none of its own. */
  private static boolean isInner(char before) {
    return before < ASCII ? ASCII_INNER[before] : Character.isLetterOrDigit(before);
  }

  /** Two characters of most words tell that no number begins here: most replies cost just this. */
  private static boolean mayBegin(String line, int i) {
    char first = line.charAt(i);
    if (first >= ASCII || SECOND_OF[first] == 0) {
      return false;
    }
    char second = i + 1 < line.length() ? line.charAt(i + 1) : ASCII;
    return second >= ASCII || (SECOND_OF[first] & bit(second)) != 0;
  }

  /** {@return the same bit for both cases of a letter; other characters share them} */
  private static long bit(char c) {
    return 1L << (c & 0x1F);
  }

  private static boolean isTime(String line, int i) {
    if (isDigit(line.charAt(i))) {
      int end = endOfDigits(line, i);
      return mayBeUnit(line, startOfWord(line, end)) || isInDate(line, end);
    }
    return isNumberWithUnit(line, i) || isTag(line, i);
  }

  private static boolean isTag(String line, int i) {
    return line.regionMatches(true, i, TAG, 0, TAG.length());
  }

  private static boolean isNumberWithUnit(String line, int i) {
    int initial = (line.charAt(i) | 0x20) - 'a';
    if (initial < 0 || initial >= NUMBERS_BY_INITIAL.length) {
      return false;
    }
    for (String number : NUMBERS_BY_INITIAL[initial]) {
      int end = i + number.length();
      if (line.regionMatches(true, i, number, 0, number.length())
          && (end == line.length() || !isWordPart(line, end))
          && isUnit(line, startOfWord(line, end))) {
        return true;
      }
    }
    return false;
  }

  /** {@return whether a unit begins here, or the line ends, so that it may be in the next one} */
  private static boolean mayBeUnit(String line, int i) {
    return i == line.length() || UNIT_INITIALS.indexOf(line.charAt(i)) >= 0;
  }

  /** Letters alone mean little: "a message" begins like "a minute". */
  private static boolean isUnit(String line, int i) {
    if (i == line.length() || !mayBeUnit(line, i)) {
      return i == line.length();
    }
    int end = i;
    while (end < line.length() && end <= i + LONGEST_UNIT && isWordPart(line, end)) {
      end++;
    }
    return SECONDS_OF_UNIT.containsKey(line.substring(i, end).toLowerCase(Locale.ROOT));
  }

  private static int startOfWord(String line, int from) {
    int i = from;
    while (i < line.length() && !isWordPart(line, i)) {
      i++;
    }
    return i;
  }

  private static boolean isInDate(String line, int i) {
    char c = i < line.length() ? line.charAt(i) : ' ';
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
        words.add(word(line.substring(start, i)));
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

  /** In lower case, 1,200 without its comma. */
  private static String word(String written) {
    String word = written.toLowerCase(Locale.ROOT);
    return word.indexOf(',') < 0 ? word : word.replace(",", "");
  }

  /** {@return whether a comma parts thousands: a digit before it, exactly three behind it} */
  private static boolean isThousands(String line, int i) {
    if (i == 0 || line.charAt(i) != ',' || !isDigit(line.charAt(i - 1))) {
      return false;
    }
    int end = endOfDigits(line, i + 1);
    return end == i + 4 && (end == line.length() || !Character.isLetter(line.charAt(end)));
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
    if (Character.isLetterOrDigit(c) || isThousands(line, i)) {
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
    boolean tag = word(index - 1).equals(TAG);
    boolean alone = word(index + 1).isEmpty() || word(index + 1).equals(END);
    return tag && alone && isNumber(word) ? after(Long.parseLong(word)) : Optional.empty();
  }

  /**
   * 5 minutes; 1 hour and 30 minutes; an hour and a half; 300s; 1h30m; 5-10 minutes, 5 to 10
   * minutes, between 5 and 10 minutes: of two bounds the longer counts, because then the server
   * takes it for sure.
   */
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
    if (i > index && isAnd(word(i)) && word(i + 1).equals("a") && word(i + 2).equals("half")) {
      total += lastUnit / 2;
      i += 3;
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
    long number = number(word);
    if (number >= 0) {
      boolean range =
          isTo(word(index + 1)) || (isAnd(word(index + 1)) && word(index - 1).equals("between"));
      long upper = range ? number(word(index + 2)) : -1;
      return upper >= 0
          ? part(upper, word(index + 3), index + 4)
          : part(number, word(index + 1), index + 2);
    }
    int digits = endOfDigits(word, 0);
    if (digits == 0 || digits > MOST_DIGITS) {
      return Part.NONE;
    }
    if (word.charAt(digits) == '-') {
      String upper = word.substring(digits + 1);
      return isNumber(upper) ? part(Long.parseLong(upper), word(index + 1), index + 2) : Part.NONE;
    }
    return attached(word, index + 1);
  }

  /** {@return the number that a word says, below zero if it says none} */
  private static long number(String word) {
    return isNumber(word) ? Long.parseLong(word) : NUMBERS.getOrDefault(word, -1L);
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

  /** {@return all units} */
  static Set<String> unitWords() {
    return SECONDS_OF_UNIT.keySet();
  }

  /** {@return all words for numbers} */
  static Set<String> numberWords() {
    return NUMBERS.keySet();
  }

  private static boolean[] inner() {
    boolean[] inner = new boolean[ASCII];
    for (char c = 0; c < ASCII; c++) {
      inner[c] = c == '.' || Character.isLetterOrDigit(c);
    }
    return inner;
  }

  private static long[] secondOf() {
    long[] bits = new long[ASCII];
    Arrays.fill(bits, '0', '9' + 1, -1);
    addSecond(bits, TAG);
    NUMBERS.keySet().forEach(number -> addSecond(bits, number));
    return bits;
  }

  private static void addSecond(long[] bits, String word) {
    long second = word.length() > 1 ? bit(word.charAt(1)) : -1;
    bits[word.charAt(0)] |= second;
    bits[Character.toUpperCase(word.charAt(0))] |= second;
  }

  private static String initials(Set<String> units) {
    return units.stream()
        .map(unit -> unit.substring(0, 1))
        .distinct()
        .map(initial -> initial + initial.toUpperCase(Locale.ROOT))
        .collect(Collectors.joining());
  }

  private static String[][] byInitial(Set<String> words) {
    String[][] byInitial = new String['z' - 'a' + 1][];
    for (int i = 0; i < byInitial.length; i++) {
      char initial = (char) ('a' + i);
      byInitial[i] =
          words.stream().filter(word -> word.charAt(0) == initial).toArray(String[]::new);
    }
    return byInitial;
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
