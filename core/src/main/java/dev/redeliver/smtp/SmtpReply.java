package dev.redeliver.smtp;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One SMTP answer: basic code (RFC 5321 section 4.2), optional enhanced status (RFC 2034, RFC 3463)
 * and text. Immutable and thread-safe.
 *
 * <p>Server text is hostile input. Parsing never throws, takes time linear in what it keeps, keeps
 * at most {@value #MAX_LINES} lines of at most {@value #MAX_LINE_LENGTH} characters, and turns
 * control characters into spaces, so what this class hands out can be logged. What does not follow
 * the RFC is read as well as it can be and noted in {@link #malformation()}.
 *
 * <p>Where the lines of a multi-line answer carry different codes, the last one decides, as it does
 * for Postfix; RFC 5321 section 4.2.1 asks for the same code in all.
 */
public final class SmtpReply {
  /** The most lines that are kept of an answer; of those beyond, only the last. */
  public static final int MAX_LINES = 64;

  /** The most characters that are kept of a line; RFC 5321 section 4.5.3.1.5 allows 512 octets. */
  public static final int MAX_LINE_LENGTH = 1024;

  private final int code;
  private final Optional<EnhancedStatus> enhancedStatus;
  private final List<String> lines;
  private final Optional<String> malformation;

  SmtpReply(
      int code,
      Optional<EnhancedStatus> enhancedStatus,
      List<String> lines,
      Optional<String> malformation) {
    this.code = code;
    this.enhancedStatus = enhancedStatus;
    this.lines = List.copyOf(lines);
    this.malformation = malformation;
  }

  /**
   * Reads an answer.
   *
   * @param raw one or more lines as the server sent them, with CR, LF or both between lines
   * @return the answer; never fails on what a server may send
   */
  public static SmtpReply parse(CharSequence raw) {
    return new ReplyParser(Objects.requireNonNull(raw, "raw")).parse();
  }

  /**
   * Reads an answer from the octets on the wire: UTF-8 where they are, otherwise ISO 8859-1.
   *
   * @param raw the octets of one answer
   * @return the answer; never fails on what a server may send
   */
  public static SmtpReply parse(byte[] raw) {
    String utf8 = new String(raw, StandardCharsets.UTF_8);
    return parse(utf8.indexOf('\uFFFD') < 0 ? utf8 : new String(raw, StandardCharsets.ISO_8859_1));
  }

  /** {@return the basic code, 100 to 599, or 0 if the answer has none} */
  public int code() {
    return code;
  }

  /**
   * {@return the enhanced status, if one stands where RFC 2034 allows it: after a 2yz, 4yz or 5yz
   * code, at the start of a text that lost its code, or behind the text in qmail's form, {@code
   * (#5.1.1)}} It may contradict the basic code; see {@link #agreeingStatus}.
   */
  public Optional<EnhancedStatus> enhancedStatus() {
    return enhancedStatus;
  }

  /** {@return the enhanced status if its class agrees with the basic code; others do not count} */
  public Optional<EnhancedStatus> agreeingStatus() {
    return enhancedStatus.filter(status -> code == 0 || status.agreesWith(code));
  }

  /**
   * {@return what the answer says to do} The basic code decides; without one the class of the
   * enhanced status; without both the answer is transient.
   */
  public Severity severity() {
    if (code != 0) {
      return Severity.ofCode(code);
    }
    return enhancedStatus
        .map(status -> Severity.ofCode(status.classDigit() * 100))
        .orElse(Severity.TRANSIENT);
  }

  /** {@return the text of each line, without codes; at least one line, which may be empty} */
  public List<String> lines() {
    return lines;
  }

  /** {@return the text of all lines, without codes, joined by a space} */
  public String text() {
    return String.join(" ", lines).strip();
  }

  /** {@return what is wrong with the answer's form, if anything} */
  public Optional<String> malformation() {
    return malformation;
  }

  /** {@return whether the answer does not follow RFC 5321 section 4.2} */
  public boolean isMalformed() {
    return malformation.isPresent();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SmtpReply that
        && code == that.code
        && enhancedStatus.equals(that.enhancedStatus)
        && lines.equals(that.lines)
        && malformation.equals(that.malformation);
  }

  @Override
  public int hashCode() {
    return Objects.hash(code, enhancedStatus, lines);
  }

  /** {@return the answer on one line: code, enhanced status, text} Safe to log. */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder();
    if (code != 0) {
      line.append(code).append(' ');
    }
    enhancedStatus.ifPresent(status -> line.append(status).append(' '));
    return line.append(text()).toString().strip();
  }
}
