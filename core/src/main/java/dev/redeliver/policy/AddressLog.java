package dev.redeliver.policy;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** How much of an address is shown to people: in log lines, and on pages for operators. */
public enum AddressLog {
  /** Nothing. */
  NONE,
  /** The first character of the local part, and the domain. */
  MASKED,
  /** All of it. */
  FULL;

  private static final String HIDDEN = "***";

  /** What ends an address in running text; a dot or a colon at its end goes with it. */
  private static final String DELIMITERS = "<>()[]{}\"',;";

  /** Shorter local parts are words of their own too often: {@code it}, {@code hr}. */
  private static final int SHORTEST_NAME = 3;

  private final String token = name().toLowerCase(Locale.ROOT);

  /** {@return the name as in the configuration} */
  public String token() {
    return token;
  }

  /**
   * {@return what is shown of an address: {@code ***}, {@code b***@example.org} or all of it}
   *
   * @param address the mailbox, without angle brackets
   */
  public String shown(String address) {
    return switch (this) {
      case NONE -> HIDDEN;
      case MASKED -> masked(address);
      case FULL -> address;
    };
  }

  private static String masked(String address) {
    int at = address.lastIndexOf('@');
    int end = at < 0 ? address.length() : at;
    boolean nothingLeft = end == 0 || address.startsWith(HIDDEN);
    int first = nothingLeft ? 0 : address.offsetByCodePoints(0, 1);
    return address.substring(0, first) + HIDDEN + address.substring(end);
  }

  /**
   * {@return a text with the addresses in it as {@link #shown} says} Servers like to quote whom
   * they refuse. Takes time linear in the text for each address.
   *
   * @param text what a server said
   * @param about whom it is about: their addresses and, from three characters on, their local parts
   *     are found in any form; others where they have an {@code @}
   */
  public String shownIn(String text, List<String> about) {
    if (this == FULL) {
      return text;
    }
    String shown = text;
    for (String address : about) {
      shown = replace(shown, address, shown(address));
    }
    shown = shownIn(shown);
    for (String address : about) {
      String name = address.substring(0, Math.max(0, address.lastIndexOf('@')));
      if (name.length() >= SHORTEST_NAME) {
        shown = replace(shown, name, shown(name));
      }
    }
    return shown;
  }

  private static String replace(String text, String word, String by) {
    return Pattern.compile(
            "(?<![\\p{L}\\p{N}])" + Pattern.quote(word) + "(?![\\p{L}\\p{N}])",
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE)
        .matcher(text)
        .replaceAll(unused -> by.replace("\\", "\\\\").replace("$", "\\$"));
  }

  private String shownIn(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    int from = 0;
    while (from < text.length()) {
      int end = from;
      while (end < text.length() && !isDelimiter(text.charAt(end))) {
        end++;
      }
      String word = text.substring(from, end);
      shown.append(word.indexOf('@') < 0 ? word : shown(word));
      if (end < text.length()) {
        shown.append(text.charAt(end));
      }
      from = end + 1;
    }
    return shown.toString();
  }

  private static boolean isDelimiter(char character) {
    return Character.isWhitespace(character) || DELIMITERS.indexOf(character) >= 0;
  }
}
