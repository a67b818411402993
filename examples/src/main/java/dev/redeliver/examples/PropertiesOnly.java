package dev.redeliver.examples;

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.Arrays;
import java.util.Properties;

/** Plain Jakarta Mail: only the properties say that Redeliver is in it. Thread-safe. */
public final class PropertiesOnly {
  private PropertiesOnly() {}

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
    properties.setProperty("mail.smtp.class", "dev.redeliver.jakartamail.RedeliverSmtpTransport");
    properties.setProperty("redeliver.profile", "interactive");
    properties.setProperty("redeliver.retry.max-attempts", "3");
    MimeMessage message = new MimeMessage(Session.getInstance(properties));
    message.setFrom("shop@example.org");
    message.setRecipients(Message.RecipientType.TO, InternetAddress.parse(args[2]));
    message.setSubject("Your order");
    message.setText("It is on its way.");
    try {
      Transport.send(message);
      System.out.println("accepted for all recipients");
    } catch (SendFailedException e) {
      System.out.println("refused: " + Arrays.toString(e.getInvalidAddresses()));
      System.out.println("not yet: " + Arrays.toString(e.getValidUnsentAddresses()));
    }
  }
}
