package dev.redeliver.examples;

import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.jakartamail.MailSender;
import dev.redeliver.testkit.Exchange;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Messages without end to several domains, one of which blocks us for a while. Used once. */
final class Traffic {
  /** The provider that blocks. */
  static final String BLOCKING = "gmail.com";

  private static final List<String> DOMAINS =
      List.of(BLOCKING, "outlook.com", "yahoo.com", "customer.example", "partner.example");
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final String BLAME =
      "421 4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your"
          + " IP address; mail from it has been temporarily rate limited";

  private final Redeliverer redeliverer;
  private final long blocksAt;
  private final long relentsAt;
  private final Consumer<String> out;
  private boolean blocking;

  /**
   * Prepares it.
   *
   * @param redeliverer sends
   * @param blockAfter when the provider begins to block, from now
   * @param blockFor how long it does so
   * @param out is told in words
   */
  Traffic(Redeliverer redeliverer, Duration blockAfter, Duration blockFor, Consumer<String> out) {
    this.redeliverer = redeliverer;
    this.out = out;
    blocksAt = System.nanoTime() + blockAfter.toNanos();
    relentsAt = blocksAt + blockFor.toNanos();
  }

  /** Sends until the thread is interrupted; the flag stays set. */
  void run() {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.builder().handOver(unused -> {}).open()) {
      server
          .on(Stage.RCPT)
          .when(this::isBlocked)
          .always()
          .then(SmtpAction.reply(BLAME), SmtpAction.close());
      Session session = LocalSession.to(server);
      MailSender sender = MailSender.builder(session).redeliverer(redeliverer).build();
      try {
        sendAll(sender, session);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        sender.close(Duration.ZERO);
      }
    }
  }

  private void sendAll(MailSender sender, Session session) throws InterruptedException {
    for (int number = 0; ; number++) {
      tellOfBlock();
      var unused = sender.send(message(session, number));
      Thread.sleep(PAUSE.toMillis());
    }
  }

  private void tellOfBlock() {
    if (blocking != isBlocking()) {
      blocking = !blocking;
      out.accept(BLOCKING + (blocking ? " blocks us" : " takes our mail again"));
    }
  }

  private boolean isBlocking() {
    long now = System.nanoTime();
    return now - blocksAt >= 0 && now - relentsAt < 0;
  }

  private boolean isBlocked(Exchange exchange) {
    return isBlocking()
        && exchange.recipient().filter(to -> to.endsWith("@" + BLOCKING)).isPresent();
  }

  private static MimeMessage message(Session session, int number) {
    try {
      MimeMessage message = new MimeMessage(session);
      message.setFrom("shop@example.org");
      message.setRecipients(
          Message.RecipientType.TO,
          "customer" + number + "@" + DOMAINS.get(number % DOMAINS.size()));
      message.setSubject("Order " + number);
      message.setText("It is on its way.");
      message.saveChanges();
      return message;
    } catch (MessagingException e) {
      throw new IllegalStateException("message " + number + " cannot be written", e);
    }
  }
}
