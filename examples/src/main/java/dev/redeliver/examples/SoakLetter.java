package dev.redeliver.examples;

import dev.redeliver.delivery.Envelope;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/**
 * One message of a soak. Immutable and thread-safe.
 *
 * @param number its number, from 1
 * @param recipients whom it is for, 1 to 4 addresses
 */
record SoakLetter(int number, List<String> recipients) {
  private static final int MOST_RECIPIENTS = 4;
  private static final int DOMAINS = 40;
  private static final int MOST_LINES = 40;
  private static final String SENDER_DOMAIN = "@soak.example";

  SoakLetter {
    recipients = List.copyOf(recipients);
  }

  static SoakLetter of(int number, long seed) {
    SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
    List<String> recipients = new ArrayList<>();
    int count = 1 + random.nextInt(MOST_RECIPIENTS);
    for (int i = 0; i < count; i++) {
      recipients.add("user%d.%d@d%02d.example".formatted(i, number, random.nextInt(DOMAINS)));
    }
    return new SoakLetter(number, recipients);
  }

  /** {@return the number of the message with this envelope sender; 0 if it is none of ours} */
  static int numberOf(String sender) {
    return sender.endsWith(SENDER_DOMAIN)
        ? Integer.parseInt(sender, 1, sender.length() - SENDER_DOMAIN.length(), 10)
        : 0;
  }

  String messageId() {
    return "<soak-%d@redeliver.example>".formatted(number);
  }

  Envelope envelope() {
    return Envelope.of(messageId(), recipients);
  }

  MimeMessage message(Session session, Instant sentAt) throws MessagingException {
    MimeMessage message = new MimeMessage(session);
    message.setFrom("m" + number + SENDER_DOMAIN);
    for (String recipient : recipients) {
      message.addRecipient(Message.RecipientType.TO, new InternetAddress(recipient));
    }
    message.setSubject("Letter " + number);
    message.setSentDate(Date.from(sentAt));
    message.setText(
        ("Dear reader, this is letter " + number + ".\r\n").repeat(1 + number % MOST_LINES));
    message.saveChanges();
    message.setHeader("Message-ID", messageId());
    return message;
  }

  /** {@return what tells its bytes from those of any other message} */
  static long digest(MimeMessage message) throws MessagingException {
    CRC32C sum = new CRC32C();
    try (OutputStream out = new CheckedOutputStream(OutputStream.nullOutputStream(), sum)) {
      message.writeTo(out);
    } catch (IOException e) {
      throw new MessagingException("cannot be written", e);
    }
    return sum.getValue();
  }

  static long digest(byte[] content) {
    CRC32C sum = new CRC32C();
    sum.update(content, 0, content.length);
    return sum.getValue();
  }
}
