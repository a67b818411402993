package dev.redeliver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Optional;

/** A message as the server received it, up to the final dot. Immutable and thread-safe. */
public final class ReceivedMessage {
  private final int connection;
  private final int transaction;
  private final String mailFrom;
  private final List<String> recipients;
  private final byte[] content;

  ReceivedMessage(
      int connection, int transaction, String mailFrom, List<String> recipients, byte[] content) {
    this.connection = connection;
    this.transaction = transaction;
    this.mailFrom = mailFrom;
    this.recipients = List.copyOf(recipients);
    this.content = content;
  }

  /** {@return the number of the connection it came by, from 1} */
  public int connection() {
    return connection;
  }

  /** {@return the number of its MAIL command over all connections, from 1} */
  public int transaction() {
    return transaction;
  }

  /** {@return the envelope sender exactly as sent, without the angle brackets; empty for none} */
  public String mailFrom() {
    return mailFrom;
  }

  /** {@return the accepted recipients exactly as sent, in order, without the angle brackets} */
  public List<String> recipients() {
    return recipients;
  }

  /** {@return a copy of the content byte for byte, dot-stuffing undone, the last CRLF included} */
  public byte[] content() {
    return content.clone();
  }

  /** {@return the content read as UTF-8} */
  public String text() {
    return new String(content, UTF_8);
  }

  /**
   * {@return the first header field of that name, unfolded and without surrounding white space}
   *
   * @param name the field's name; case does not matter
   */
  public Optional<String> header(String name) {
    String prefix = name + ":";
    return headerBlock()
        .replaceAll("\r?\n(?=[ \t])", "")
        .lines()
        .filter(line -> line.regionMatches(true, 0, prefix, 0, prefix.length()))
        .map(line -> line.substring(prefix.length()).strip())
        .findFirst();
  }

  /** {@return the Message-ID header field, angle brackets included} */
  public Optional<String> messageId() {
    return header("Message-ID");
  }

  private String headerBlock() {
    String text = text();
    int end = text.indexOf("\r\n\r\n");
    return end < 0 ? text : text.substring(0, end);
  }

  @Override
  public String toString() {
    return "ReceivedMessage[connection=%d, transaction=%d, mailFrom=<%s>, recipients=%s, %s, %d bytes]"
        .formatted(
            connection,
            transaction,
            mailFrom,
            recipients,
            messageId().orElse("no Message-ID"),
            content.length);
  }
}
