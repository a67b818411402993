package dev.redeliver.classify;

/** Recognises addresses within a text, each look bounded by the address itself. */
final class AddressForms {
  private static final int LONGEST_IPV6 = 45;

  private AddressForms() {}

  /** {@return the index behind an IPv4 or IPv6 address that starts here, or {@code from}} */
  static int endOfIp(String text, int from) {
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

  /** Two colons side by side, or four in all: a time of day has fewer. */
  private static int endOfIpv6(String text, int from) {
    int colons = 0;
    boolean gap = false;
    int i = from;
    while (i < text.length() && i < from + LONGEST_IPV6 && isIpv6(text.charAt(i))) {
      if (text.charAt(i) == ':') {
        colons++;
        gap |= i > from && text.charAt(i - 1) == ':';
      }
      i++;
    }
    return (gap || colons >= 4) && colons < i - from && isEnd(text, i) ? i : from;
  }

  private static boolean isEnd(String text, int i) {
    return i == text.length()
        || !(Character.isLetterOrDigit(text.charAt(i))
            || (text.charAt(i) == '.' && i + 1 < text.length() && isDigit(text.charAt(i + 1))));
  }

  private static boolean isIpv6(char c) {
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** {@return whether a character is one of those that mailbox names are mostly made of} */
  static boolean isLocalPart(char c) {
    return Character.isLetterOrDigit(c) || ".-_+=%".indexOf(c) >= 0;
  }

  /** {@return the index behind the domain that starts here, or {@code from - 1} if none does} */
  static int endOfDomain(String text, int from) {
    int i = from;
    while (i < text.length() && (Character.isLetterOrDigit(text.charAt(i)) || isInner(text, i))) {
      i++;
    }
    return i == from ? from - 1 : i;
  }

  private static boolean isInner(String text, int i) {
    char c = text.charAt(i);
    return (c == '.' || c == '-')
        && i + 1 < text.length()
        && Character.isLetterOrDigit(text.charAt(i + 1));
  }
}
