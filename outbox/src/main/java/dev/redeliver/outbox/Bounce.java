package dev.redeliver.outbox;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.redeliver.delivery.Envelope;
import dev.redeliver.jakartamail.FrozenMessage;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetHeaders;
import jakarta.mail.internet.MailDateFormat;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the sender of a message is told about recipients that failed: a delivery status notification
 * (RFC 3464) from the null sender. Nobody is told of a failed notification (RFC 5321 section 6.1),
 * nor who asked not to be (RFC 3461 section 4.1). Immutable and thread-safe.
 */
final class Bounce {
  private static final int MOST_HEADERS = 32_768;
  private static final Pattern STATUS = Pattern.compile("\\b([245]\\.\\d{1,3}\\.\\d{1,3})\\b");

  private final String host;

  /**
   * Makes one.
   *
   * @param host the name by which this machine calls itself
   */
  Bounce(String host) {
    this.host = host;
  }

  /**
   * {@return the notification of what just failed; empty if there is nothing to tell, or nobody}
   *
   * @param content the octets of the message that failed
   */
  Optional<Submission> of(Parcel parcel, List<LedgerRow> rows, byte[] content, Instant now) {
    List<LedgerRow> failed = rows.stream().filter(Bounce::isFailed).toList();
    Optional<String> sender = sender(Parameters.parse(parcel.parameters()));
    if (failed.isEmpty() || sender.isEmpty()) {
      return Optional.empty();
    }
    try {
      MimeMessage message = message(parcel, failed, content, sender.get(), now);
      Envelope envelope = Envelope.of(message.getMessageID(), List.of(sender.get()));
      ByteArrayOutputStream octets = new ByteArrayOutputStream();
      message.writeTo(octets);
      return Optional.of(
          Submission.of(FrozenMessage.thaw(octets.toByteArray(), envelope, Map.of("from", "<>")))
              .withIdempotencyKey(key(parcel, failed)));
    } catch (MessagingException | IOException e) {
      throw new OutboxException("no notification can be made of " + parcel.id(), e);
    }
  }

  /** The same failure is told once, however often it is written. */
  private static String key(Parcel parcel, List<LedgerRow> failed) {
    return "dsn/"
        + parcel.id()
        + "/"
        + failed.get(0).position()
        + "/"
        + failed.get(0).transactions();
  }

  private static boolean isFailed(LedgerRow row) {
    return switch (row.state()) {
      case REFUSED, UNKNOWN, EXPIRED -> true;
      case NEW, DEFERRED, HELD, TRANSMITTING, ACCEPTED, CANCELLED -> false;
    };
  }

  private static Optional<String> sender(Map<String, String> parameters) {
    String notify = parameters.getOrDefault("notify", "failure");
    String from = parameters.getOrDefault("from", parameters.getOrDefault("author", ""));
    boolean wanted = notify.contains("failure") && !from.equals("<>") && isAddress(from);
    return wanted ? Optional.of(from) : Optional.empty();
  }

  /** A notification that cannot be stored would keep what it tells of from being stored. */
  private static boolean isAddress(String from) {
    return !from.isEmpty() && from.chars().noneMatch(Character::isISOControl);
  }

  private MimeMessage message(
      Parcel parcel, List<LedgerRow> failed, byte[] content, String sender, Instant now)
      throws MessagingException {
    Properties properties = new Properties();
    properties.setProperty("mail.host", host);
    MimeMessage message =
        new MimeMessage(Session.getInstance(properties)) {
          @Override
          protected void updateMessageID() throws MessagingException {
            setHeader(
                "Message-ID", "<dsn." + parcel.id() + "." + now.toEpochMilli() + "@" + host + ">");
          }
        };
    message.setHeader("From", "MAILER-DAEMON@" + host);
    message.setHeader("To", ascii(sender));
    message.setSubject("Undelivered mail");
    message.setHeader("Auto-Submitted", "auto-replied");
    message.setSentDate(Date.from(now));
    MimeMultipart report = new MimeMultipart("report; report-type=delivery-status");
    MimeBodyPart text = new MimeBodyPart();
    text.setText(text(failed), UTF_8.name());
    report.addBodyPart(text);
    report.addBodyPart(part("message/delivery-status", status(parcel, failed, now)));
    report.addBodyPart(part("text/rfc822-headers", headers(content)));
    message.setContent(report);
    message.saveChanges();
    return message;
  }

  private static MimeBodyPart part(String type, byte[] content) throws MessagingException {
    InternetHeaders headers = new InternetHeaders();
    headers.addHeader("Content-Type", type);
    return new MimeBodyPart(headers, content);
  }

  private static String text(List<LedgerRow> failed) {
    return "Your message could not be delivered to:\n\n"
        + failed.stream().map(Bounce::line).collect(Collectors.joining("\n"))
        + "\n";
  }

  private static String line(LedgerRow row) {
    String what =
        switch (row.state()) {
          case UNKNOWN -> "it is not known whether it arrived";
          case EXPIRED -> "given up after " + row.recipient().attempts() + " attempts";
          default -> "refused";
        };
    return row.address() + ": " + what + "\n  " + row.last().reply();
  }

  private byte[] status(Parcel parcel, List<LedgerRow> failed, Instant now) {
    StringBuilder status = new StringBuilder();
    status.append("Reporting-MTA: dns; ").append(host).append("\r\n");
    status.append("Arrival-Date: ").append(date(parcel.submittedAt())).append("\r\n");
    for (LedgerRow row : failed) {
      status
          .append("\r\nFinal-Recipient: rfc822; ")
          .append(ascii(row.address()))
          .append("\r\nAction: failed\r\nStatus: ")
          .append(code(row))
          .append("\r\nLast-Attempt-Date: ")
          .append(date(now))
          .append("\r\nDiagnostic-Code: smtp; ")
          .append(ascii(row.last().reply()))
          .append("\r\n");
    }
    return status.toString().getBytes(US_ASCII);
  }

  private static String date(Instant time) {
    return new MailDateFormat().format(Date.from(time));
  }

  /** A transient status that was waited for too long says so (RFC 3463, X.4.7). */
  private static String code(LedgerRow row) {
    if (row.state() == EntryState.EXPIRED) {
      return "4.4.7";
    }
    Matcher found = STATUS.matcher(row.last().reply());
    boolean own = found.find() && found.group(1).startsWith("5");
    return own ? found.group(1) : row.state() == EntryState.UNKNOWN ? "4.4.2" : "5.0.0";
  }

  /** What comes from outside gets into no header line but its own. */
  private static String ascii(String text) {
    return text.replaceAll("[^\\x20-\\x7e]", "?");
  }

  private static byte[] headers(byte[] content) {
    int end = Math.min(content.length, MOST_HEADERS);
    for (int i = 0; i + 1 < end; i++) {
      boolean empty = content[i] == '\n' && (content[i + 1] == '\n' || content[i + 1] == '\r');
      if (empty) {
        end = i + 1;
      }
    }
    byte[] headers = new byte[end];
    System.arraycopy(content, 0, headers, 0, end);
    return headers;
  }
}
