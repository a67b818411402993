package dev.redeliver.metrics;

import java.util.Locale;

/** Text in HTML. */
final class Html {
  private Html() {}

  /**
   * {@return the text as it can stand between tags and in quoted attributes} What cannot be seen,
   * or turns around what can, is shown by its number, such as <code>\\u{202e}</code>.
   */
  static String escape(String text) {
    StringBuilder html = new StringBuilder(text.length() + 16);
    text.codePoints().forEach(character -> append(html, character));
    return html.toString();
  }

  private static void append(StringBuilder html, int character) {
    switch (character) {
      case '&' -> html.append("&amp;");
      case '<' -> html.append("&lt;");
      case '>' -> html.append("&gt;");
      case '"' -> html.append("&quot;");
      case '\'' -> html.append("&#39;");
      default -> {
        if (isVisible(character)) {
          html.appendCodePoint(character);
        } else {
          html.append(String.format(Locale.ROOT, "\\u{%x}", character));
        }
      }
    }
  }

  private static boolean isVisible(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
