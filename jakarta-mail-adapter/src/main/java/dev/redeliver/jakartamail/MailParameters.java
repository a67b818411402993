package dev.redeliver.jakartamail;

import jakarta.mail.MessagingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What Angus asks a message for when it writes MAIL and RCPT, and what is not among the recipients
 * or the octets; as text for storing it. Immutable and thread-safe.
 *
 * @param from the envelope sender as it was given, with or without angle brackets; null if the
 *     transport's session is to say, or the author is it
 * @param author the mailbox of the first author; null if the header names none, or an envelope
 *     sender is there anyway
 * @param dsnNotify the sum of the conditions of a DSN; -1 for never, 0 if not set
 * @param dsnRet what a DSN returns: 1 for all, 2 for the headers; 0 if not set
 * @param eightBit whether the message may be converted to 8BITMIME
 * @param submitter for AUTH= of MAIL; null if not set
 * @param extension what to append to MAIL; null if not set
 * @param utf8 whether the headers may be UTF-8
 */
record MailParameters(
    @Nullable String from,
    @Nullable String author,
    int dsnNotify,
    int dsnRet,
    boolean eightBit,
    @Nullable String submitter,
    @Nullable String extension,
    boolean utf8) {
  private static final String FROM = "from";
  private static final String AUTHOR = "author";
  private static final String NOTIFY = "notify";
  private static final String RET = "ret";
  private static final String EIGHT_BIT = "8bitmime";
  private static final String SUBMITTER = "submitter";
  private static final String EXTENSION = "mail-extension";
  private static final String UTF8 = "utf8";
  private static final List<String> KEYS =
      List.of(FROM, AUTHOR, NOTIFY, RET, EIGHT_BIT, SUBMITTER, EXTENSION, UTF8);

  private static final String TRUE = "true";
  private static final String NEVER = "never";
  private static final List<String> CONDITIONS = List.of("success", "failure", "delay");
  private static final List<String> RETURNS = List.of("full", "hdrs");

  /** {@return those that are set, by stable keys, in a stable order} */
  Map<String, String> toMap() {
    Map<String, String> map = new LinkedHashMap<>();
    put(map, FROM, from);
    put(map, AUTHOR, author);
    put(map, NOTIFY, dsnNotify == 0 ? null : conditions());
    put(map, RET, dsnRet == 0 ? null : RETURNS.get(dsnRet - 1));
    put(map, EIGHT_BIT, eightBit ? TRUE : null);
    put(map, SUBMITTER, submitter);
    put(map, EXTENSION, extension);
    put(map, UTF8, utf8 ? TRUE : null);
    return map;
  }

  private static void put(Map<String, String> map, String key, @Nullable String value) {
    if (value != null) {
      map.put(key, value);
    }
  }

  private String conditions() {
    if (dsnNotify < 0) {
      return NEVER;
    }
    List<String> set = new ArrayList<>();
    for (int i = 0; i < CONDITIONS.size(); i++) {
      if ((dsnNotify & 1 << i) != 0) {
        set.add(CONDITIONS.get(i));
      }
    }
    return String.join(",", set);
  }

  /**
   * Reads them back.
   *
   * @throws MessagingException if there is a key or a value that this version does not know: left
   *     out, the message would not be the one that was handed over
   */
  static MailParameters of(Map<String, String> map) throws MessagingException {
    for (String key : map.keySet()) {
      if (!KEYS.contains(key)) {
        throw new MessagingException(
            "parameter '"
                + key
                + "' is not one of: "
                + String.join(", ", KEYS)
                + "; a newer version may have written it");
      }
    }
    return new MailParameters(
        map.get(FROM),
        map.get(AUTHOR),
        conditions(map.get(NOTIFY)),
        ret(map.get(RET)),
        flag(EIGHT_BIT, map.get(EIGHT_BIT)),
        map.get(SUBMITTER),
        map.get(EXTENSION),
        flag(UTF8, map.get(UTF8)));
  }

  private static int conditions(@Nullable String text) throws MessagingException {
    if (text == null) {
      return 0;
    }
    if (text.equals(NEVER)) {
      return -1;
    }
    int sum = 0;
    for (String condition : text.split(",", -1)) {
      int place = CONDITIONS.indexOf(condition);
      if (place < 0) {
        throw bad(NOTIFY, text, NEVER + ", or a list of " + String.join(", ", CONDITIONS));
      }
      sum |= 1 << place;
    }
    return sum;
  }

  private static int ret(@Nullable String text) throws MessagingException {
    if (text != null && !RETURNS.contains(text)) {
      throw bad(RET, text, String.join(" or ", RETURNS));
    }
    return text == null ? 0 : RETURNS.indexOf(text) + 1;
  }

  private static boolean flag(String key, @Nullable String text) throws MessagingException {
    if (text != null && !text.equals(TRUE)) {
      throw bad(key, text, TRUE);
    }
    return text != null;
  }

  private static MessagingException bad(String key, String value, String rule) {
    return new MessagingException(
        String.format(Locale.ROOT, "parameter '%s' must be %s, but is '%s'", key, rule, value));
  }
}
