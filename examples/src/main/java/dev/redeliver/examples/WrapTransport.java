package dev.redeliver.examples;

import dev.redeliver.jakartamail.RedeliveryException;
import dev.redeliver.jakartamail.RetryingTransport;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.Properties;

/** Puts Redeliver around the transport of an existing program. Thread-safe. */
public final class WrapTransport {
  private static final RetryPolicy POLICY = RetryPolicy.of(Profile.INTERACTIVE);

  private WrapTransport() {}

  /**
   * Sends one message.
   *
   * @param args the relay's host and port, and the recipients, separated by commas
   * @throws MessagingException if the message cannot be sent at all
   */
  public static void main(String[] args) throws MessagingException {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", args[0]);
    properties.setProperty("mail.smtp.port", args[1]);
    Session session = Session.getInstance(properties);
    MimeMessage message = new MimeMessage(session);
    message.setFrom("shop@example.org");
    message.setRecipients(Message.RecipientType.TO, InternetAddress.parse(args[2]));
    message.setSubject("Your order");
    message.setText("It is on its way.");
    message.saveChanges();
    try (Transport transport = RetryingTransport.wrap(session.getTransport("smtp"), POLICY)) {
      transport.connect();
      transport.sendMessage(message, message.getAllRecipients());
      System.out.println("accepted for all recipients");
    } catch (RedeliveryException e) {
      System.out.println(e.report().describe());
    }
  }
}
