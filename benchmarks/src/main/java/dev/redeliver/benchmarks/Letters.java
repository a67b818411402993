package dev.redeliver.benchmarks;

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes the messages that are sent: a new one each time, as an application does. Thread-safe. */
final class Letters {
  static final String FROM = "shop@sender.example";

  private static final int DOMAINS = 20;
  private static final String LINE =
      "Dear reader, this line is one of many, and has seventy-eight octets with end.\r\n";

  private final String text;
  private final int recipients;
  private final AtomicInteger number = new AtomicInteger();

  /**
   * Makes none yet.
   *
   * @param size how many octets of text each has
   * @param recipients whom each is for, all in one domain; the next one is for the next domain
   */
  Letters(int size, int recipients) {
    text = LINE.repeat(size / LINE.length() + 1).substring(0, size - 2) + "\r\n";
    this.recipients = recipients;
  }

  String text() {
    return text;
  }

  String recipient(int index) {
    return "user" + index + "@domain" + Math.floorMod(number.get(), DOMAINS) + ".example";
  }

  void next() {
    number.incrementAndGet();
  }

  MimeMessage message(Session session) throws MessagingException {
    next();
    MimeMessage message = new MimeMessage(session);
    message.setFrom(new InternetAddress(FROM));
    for (int i = 0; i < recipients; i++) {
      message.addRecipient(Message.RecipientType.TO, new InternetAddress(recipient(i)));
    }
    message.setSubject("Your order");
    message.setSentDate(Date.from(Instant.now()));
    message.setText(text);
    message.saveChanges();
    return message;
  }
}
