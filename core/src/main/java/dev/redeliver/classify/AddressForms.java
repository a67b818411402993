package dev.redeliver.classify;

/** Recognises addresses within a text, each look bounded by the address itself. */
final class AddressForms {
  private static final int ASCII = 128;
  private static final boolean[] ASCII_IN_NAME = new boolean[ASCII];

  static {
    for (char c = 0; c < ASCII; c++) {
      ASCII_IN_NAME[c] = Character.isLetterOrDigit(c) || ".-_+=%".indexOf(c) >= 0;
    }
  }

  private AddressForms() {}

  /** {@return the index behind an IPv4 or IPv6 address that starts here, or {@code from}} */
  static int endOfIp(String text, int from) {
    if (!isIpv6(text.charAt(from))) {
      return from;
    }
    int end = endOfIpv4(text, from);
    return end > from ? end : endOfIpv6(text, from);
  }

  private static int endOfIpv4(String text, int from) {
    int i = from;
    for (int part = 0; part < 4; part++) {
      int digits = i;
      while (i < text.length() && i < digits + 3 && isDigit(text.charAt(i))) {
        i++;
      }
      boolean dot = i < text.length() && text.charAt(i) == '.';
      if (i == digits || (part < 3 && !dot)) {
        return from;
      }
      i += part < 3 ? 1 : 0;
    }
    return isEnd(text, i) ? i : from;
  }

  /**
   * Groups of up to four digits with eight colons at most; two of them side by side, once, or four
   * in all: a time of day has fewer.
   */
  private static int endOfIpv6(String text, int from) {
    int colons = 0;
    int gaps = 0;
    int digits = 0;
    int i = from;
    while (i < text.length() && isIpv6(text.charAt(i))) {
      if (text.charAt(i) == ':') {
        colons++;
        gaps += digits == 0 && i > from ? 1 : 0;
        digits = 0;
      } else {
        digits++;
      }
      if (digits > 4 || gaps > 1 || colons > 8) {
        return from;
      }
      i++;
    }
    return (gaps == 1 || colons >= 4) && colons < i - from && isEnd(text, i) ? i : from;
  }

  private static boolean isEnd(String text, int i) {
    return i == text.length()
        || !(Character.isLetterOrDigit(text.charAt(i))
            || (text.charAt(i) == '.' && i + 1 < text.length() && isDigit(text.charAt(i + 1))));
  }

  private static boolean isIpv6(char c) {
    return c <= 'f' && (isDigit(c) || c >= 'a' || (c >= 'A' && c <= 'F') || c == ':');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** {@return whether a character is one of those that mailbox names are mostly made of} */
  static boolean isInName(char c) {
    return c < ASCII ? ASCII_IN_NAME[c] : Character.isLetterOrDigit(c);
  }

  /** {@return the index behind the @ that stands here and the domain behind it, or {@code from}} */
  static int endOfDomain(String text, int from) {
    if (text.charAt(from) != '@') {
      return from;
    }
    int i = from + 1;
    while (i < text.length() && (Character.isLetterOrDigit(text.charAt(i)) || isInner(text, i))) {
      i++;
    }
    return i > from + 1 ? i : from;
  }

  private static boolean isInner(String text, int i) {
    char c = text.charAt(i);
    return (c == '.' || c == '-')
        && i + 1 < text.length()
        && Character.isLetterOrDigit(text.charAt(i + 1));
  }
}
