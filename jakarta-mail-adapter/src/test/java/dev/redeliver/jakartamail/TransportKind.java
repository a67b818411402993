package dev.redeliver.jakartamail;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.TranscriptEntry;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** The transport of the mail library, and ours at both depths; and what tests of them share. */
enum TransportKind {
  PLAIN,
  WRAPPED,
  BY_PROPERTY;

  /** {@return a new transport to the host and port of the properties} */
  Transport open(Properties properties, Redeliverer redeliverer) throws MessagingException {
    Transport transport = session(properties, redeliverer).getTransport("smtp");
    return this == WRAPPED ? RetryingTransport.wrap(transport, redeliverer) : transport;
  }

  /** {@return a session whose transport for smtp is of this kind, but for WRAPPED} */
  Session session(Properties properties, Redeliverer redeliverer) {
    Properties own = new Properties();
    own.putAll(properties);
    if (this == BY_PROPERTY) {
      own.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    }
    Session session = Session.getInstance(own);
    SessionRedeliverers.set(session, redeliverer);
    return session;
  }

  boolean isOurs() {
    return this != PLAIN;
  }

  /** {@return what every test sets: where the server is, and that no test hangs} */
  static Properties properties(ScriptedSmtpServer server) {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", server.host());
    properties.setProperty("mail.smtp.port", Integer.toString(server.port()));
    properties.setProperty("mail.smtp.timeout", "2000");
    properties.setProperty("mail.smtp.connectiontimeout", "2000");
    properties.setProperty("mail.smtp.localhost", "client.example.org");
    return properties;
  }

  /** {@return a deliverer that makes two attempts and never waits} */
  static Redeliverer redeliverer(DeliveryListener... listeners) {
    Redeliverer.Builder builder =
        Redeliverer.builder(RetryPolicy.builder(Profile.INTERACTIVE).maxAttempts(2).build())
            .waiter(delay -> {});
    List.of(listeners).forEach(builder::listener);
    return builder.build();
  }

  /** {@return a saved message from Alice to Bob, with a blind copy} */
  static MimeMessage message() throws MessagingException {
    MimeMessage message = unsaved(Session.getInstance(new Properties()));
    message.saveChanges();
    return message;
  }

  static MimeMessage unsaved(Session session) throws MessagingException {
    MimeMessage message = new MimeMessage(session);
    message.setFrom(new InternetAddress("alice@example.org"));
    message.setRecipients(MimeMessage.RecipientType.TO, "bob@example.org");
    message.setSubject("Hello");
    message.setText("Hello");
    return message;
  }

  /** {@return addresses taken as they are, unchecked} */
  static Address[] to(String... addresses) {
    List<Address> all = new ArrayList<>();
    for (String address : addresses) {
      InternetAddress mailbox = new InternetAddress();
      mailbox.setAddress(address);
      all.add(mailbox);
    }
    return all.toArray(Address[]::new);
  }

  /** {@return the client's lines that begin with a verb} */
  static List<String> sent(ScriptedSmtpServer server, String verb) {
    return server.transcript().stream()
        .filter(entry -> entry.direction() == TranscriptEntry.Direction.CLIENT)
        .map(TranscriptEntry::line)
        .filter(line -> line.startsWith(verb))
        .toList();
  }
}
