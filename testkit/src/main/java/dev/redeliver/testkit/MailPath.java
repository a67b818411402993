package dev.redeliver.testkit;

import org.jspecify.annotations.Nullable;

/** Finds the address in MAIL and RCPT commands. */
final class MailPath {
  private MailPath() {}

  /**
   * {@return the address between the angle brackets exactly as sent, or null if there is none}
   *
   * @param line the command line
   * @param keyword FROM or TO
   */
  static @Nullable String parse(String line, String keyword) {
    String rest = line.strip().substring("MAIL".length()).stripLeading();
    if (!rest.regionMatches(true, 0, keyword + ":", 0, keyword.length() + 1)) {
      return null;
    }
    String path = rest.substring(keyword.length() + 1).stripLeading();
    return path.startsWith("<") ? upToBracket(path) : null;
  }

  /** A bracket inside a quoted local part does not end the path. */
  private static @Nullable String upToBracket(String path) {
    boolean quoted = false;
    for (int i = 1; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == '\\' && quoted) {
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == '>' && !quoted) {
        return path.substring(1, i);
      }
    }
    return null;
  }
}
