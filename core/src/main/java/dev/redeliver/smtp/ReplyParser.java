package dev.redeliver.smtp;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads one answer, once; a new one for each. Not thread-safe. */
final class ReplyParser {
  /** Enough for the most that is kept of an answer; what lies beyond is not even looked at. */
  private static final int MAX_LENGTH = SmtpReply.MAX_LINES * (SmtpReply.MAX_LINE_LENGTH + 2);

  private final CharSequence raw;
  private final List<String> texts = new ArrayList<>();
  private int code;
  private Optional<EnhancedStatus> status = Optional.empty();
  private Optional<String> malformation = Optional.empty();

  ReplyParser(CharSequence raw) {
    this.raw = raw;
  }

  SmtpReply parse() {
    List<String> lines = splitLines();
    for (int i = 0; i < lines.size(); i++) {
      readLine(lines.get(i), i, lines.size());
    }
    if (status.isEmpty()) {
      status = statusAtEnd(texts.get(texts.size() - 1));
    }
    return new SmtpReply(code, status, texts, malformation);
  }

  private List<String> splitLines() {
    List<String> lines = new ArrayList<>();
    int end = Math.min(raw.length(), MAX_LENGTH);
    if (raw.length() > end) {
      note("longer than " + MAX_LENGTH + " characters");
    }
    int start = 0;
    for (int i = 0; i <= end; i++) {
      if (i == end || raw.charAt(i) == '\n' || raw.charAt(i) == '\r') {
        addLine(lines, printable(start, i));
        start = i + 1;
      }
    }
    if (lines.isEmpty()) {
      lines.add("");
    }
    return lines;
  }

  private void addLine(List<String> lines, String line) {
    if (line.isEmpty()) {
      return;
    }
    if (lines.size() == SmtpReply.MAX_LINES) {
      note("more than " + SmtpReply.MAX_LINES + " lines");
      lines.set(SmtpReply.MAX_LINES - 1, line);
    } else {
      lines.add(line);
    }
  }

  /**
   * Controls, bidirectional overrides, line separators and lone surrogates must not reach a log.
   */
  private String printable(int start, int end) {
    int kept = Math.min(end, start + SmtpReply.MAX_LINE_LENGTH);
    if (kept < end) {
      note("a line longer than " + SmtpReply.MAX_LINE_LENGTH + " characters");
    }
    return isPlain(start, kept)
        ? raw.subSequence(start, kept).toString().stripTrailing()
        : cleaned(start, kept);
  }

  /** Most lines are printable ASCII throughout. */
  private boolean isPlain(int start, int end) {
    for (int i = start; i < end; i++) {
      if (raw.charAt(i) < ' ' || raw.charAt(i) > '~') {
        return false;
      }
    }
    return true;
  }

  private String cleaned(int start, int end) {
    StringBuilder line = new StringBuilder(end - start);
    raw.subSequence(start, end)
        .codePoints()
        .forEach(point -> line.appendCodePoint(isPrintable(point) ? point : ' '));
    return line.toString().stripTrailing();
  }

  private static boolean isPrintable(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  private void readLine(String line, int index, int count) {
    int lineCode = basicCode(line);
    if (lineCode == 0) {
      if (index == 0) {
        note("no three-digit code from 100 to 599");
      } else if (code != 0) {
        note("line " + (index + 1) + " has no code");
      }
      texts.add(index == 0 ? readStatus(line.strip(), 0) : line.strip());
      return;
    }
    checkSeparator(line, index, count);
    if (index > 0 && lineCode != code) {
      note(
          "line "
              + (index + 1)
              + " says "
              + lineCode
              + " after "
              + code
              + "; the last line decides");
      status = status.filter(earlier -> earlier.agreesWith(lineCode));
    }
    code = lineCode;
    texts.add(readStatus(line.substring(endOfSeparator(line)).strip(), lineCode));
  }

  private static int basicCode(String line) {
    if (line.length() < 3
        || (line.length() > 3 && Character.isLetterOrDigit(line.codePointAt(3)))) {
      return 0;
    }
    for (int i = 0; i < 3; i++) {
      if (!isDigit(line.charAt(i))) {
        return 0;
      }
    }
    int value = Integer.parseInt(line, 0, 3, 10);
    return value >= 100 && value <= 599 ? value : 0;
  }

  /** What stands behind the code is mostly one char, but may be a pair of surrogates. */
  private static int endOfSeparator(String line) {
    return line.length() > 3 ? line.offsetByCodePoints(3, 1) : line.length();
  }

  private void checkSeparator(String line, int index, int count) {
    String separator = line.length() > 3 ? line.substring(3, endOfSeparator(line)) : " ";
    boolean last = index == count - 1;
    if (separator.equals("-") && last) {
      note("the last line says that more follows");
    } else if (separator.equals(" ") && !last) {
      note("line " + (index + 1) + " says it is the last, but " + (count - 1 - index) + " follow");
    } else if (!separator.equals(" ") && !separator.equals("-")) {
      note("'" + separator + "' after the code");
    }
  }

  /** Takes the enhanced status off the front of a line's text, and keeps the first that agrees. */
  private String readStatus(String text, int lineCode) {
    if (lineCode / 100 == 1 || lineCode / 100 == 3) {
      return text;
    }
    int from = text.startsWith("#") || text.startsWith("(") ? 1 : 0;
    int end = numberEnd(text, from);
    Optional<EnhancedStatus> found = statusIn(text.substring(from, end));
    if (found.isEmpty()) {
      noteBadStatus(text.substring(from, end));
      return text;
    }
    EnhancedStatus newer = found.get();
    if (status.isEmpty() || (!status.get().agreesWith(code) && newer.agreesWith(code))) {
      status = found;
    }
    int rest = end;
    while (rest < text.length() && ":;,-) ".indexOf(text.charAt(rest)) >= 0) {
      rest++;
    }
    return text.substring(rest);
  }

  /** qmail and those who follow it write the status behind the text: {@code (#5.1.1)}. */
  private static Optional<EnhancedStatus> statusAtEnd(String text) {
    int end = text.endsWith(".") ? text.length() - 2 : text.length() - 1;
    int from = text.lastIndexOf("(#") + 2;
    return from > 1 && from <= end && text.charAt(end) == ')'
        ? statusIn(text.substring(from, end))
        : Optional.empty();
  }

  /** {@return the index behind the digits, dots and letters that start at {@code from}} */
  private static int numberEnd(String text, int from) {
    int i = from;
    while (i < text.length() && (isWordPart(text.charAt(i)) || isInnerDot(text, i))) {
      i++;
    }
    return i;
  }

  /** A dot that ends a sentence is not a part of the number before it. */
  private static boolean isInnerDot(String text, int i) {
    return text.charAt(i) == '.' && i + 1 < text.length() && isWordPart(text.charAt(i + 1));
  }

  private static Optional<EnhancedStatus> statusIn(String token) {
    int first = token.indexOf('.');
    int second = token.indexOf('.', first + 1);
    if (first != 1 || second < 0 || "245".indexOf(token.charAt(0)) < 0) {
      return Optional.empty();
    }
    int subject = part(token, first + 1, second);
    int detail = part(token, second + 1, token.length());
    return subject < 0 || detail < 0
        ? Optional.empty()
        : Optional.of(new EnhancedStatus(token.charAt(0) - '0', subject, detail));
  }

  private static int part(String token, int from, int to) {
    if (to - from < 1 || to - from > 3) {
      return -1;
    }
    for (int i = from; i < to; i++) {
      if (!isDigit(token.charAt(i))) {
        return -1;
      }
    }
    return Integer.parseInt(token, from, to, 10);
  }

  /** Only what was meant as a status is worth a note: digits and one or two dots at the front. */
  private void noteBadStatus(String token) {
    boolean numeric =
        !token.isEmpty() && token.chars().allMatch(c -> isDigit((char) c) || c == '.');
    long dots = token.chars().filter(c -> c == '.').count();
    if (numeric && (dots == 1 || dots == 2)) {
      note("'" + token.substring(0, Math.min(token.length(), 20)) + "' is not an enhanced status");
    }
  }

  /** The first finding is kept: it is the one that explains the others. */
  private void note(String what) {
    if (malformation.isEmpty()) {
      malformation = Optional.of(what);
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isWordPart(char c) {
    return Character.isLetterOrDigit(c);
  }
}
