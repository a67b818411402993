package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.user.UserException;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import jakarta.mail.Address;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Through a real SMTP server that stores mail: what arrives is what was handed over. */
class GreenMailTest {
  private final GreenMail server = new GreenMail(ServerSetup.SMTP.dynamicPort());

  @BeforeEach
  void start() {
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sendMessage_refusedTwiceAfterTheContent_arrivesOnceByteForByte(boolean byProperties)
      throws Exception {
    AtomicInteger refusals = new AtomicInteger(2);
    List<byte[]> seen = new ArrayList<>();
    server
        .getUserManager()
        .setMessageDeliveryHandler(
            (message, mailbox) -> {
              seen.add(bytes(message.getMessage()));
              if (refusals.getAndDecrement() > 0) {
                throw new UserException("not now");
              }
              return server.getManagers().getUserManager().getUserByEmail("bob@example.org");
            });
    server.setUser("bob@example.org", "bob", "secret");
    Session session = session(byProperties);
    List<DeliveryReport> reports = new ArrayList<>();
    Redeliverer redeliverer =
        Redeliverer.builder(RetryPolicy.of(Profile.INTERACTIVE))
            .waiter(delay -> {})
            .listener(
                new DeliveryListener() {
                  @Override
                  public void deliveryFinished(DeliveryReport report) {
                    reports.add(report);
                  }
                })
            .build();
    MimeMessage message = message(session);
    String id = message.getMessageID();

    try (Transport transport = transport(session, redeliverer, byProperties)) {
      transport.connect();
      transport.sendMessage(message, new Address[] {new InternetAddress("bob@example.org")});
    }

    assertThat(reports).hasSize(1);
    assertThat(reports.get(0).with(Outcome.ACCEPTED)).hasSize(1);
    assertThat(seen).hasSize(3);
    assertThat(seen).allSatisfy(copy -> assertThat(sent(copy)).isEqualTo(sent(bytes(message))));
    assertThat(message.getMessageID()).isEqualTo(id);
  }

  private static Transport transport(Session session, Redeliverer redeliverer, boolean byProperties)
      throws Exception {
    if (byProperties) {
      SessionRedeliverers.set(session, redeliverer);
      return session.getTransport("smtp");
    }
    return RetryingTransport.wrap(session.getTransport("smtp"), redeliverer);
  }

  private Session session(boolean byProperties) {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", "127.0.0.1");
    properties.setProperty("mail.smtp.port", Integer.toString(server.getSmtp().getPort()));
    properties.setProperty("mail.smtp.timeout", "10000");
    properties.setProperty("mail.smtp.localhost", "client.example.org");
    properties.setProperty("mail.smtp.connectiontimeout", "10000");
    if (byProperties) {
      properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    }
    return Session.getInstance(properties);
  }

  private static MimeMessage message(Session session) throws Exception {
    MimeMessage message = new MimeMessage(session);
    message.setFrom(new InternetAddress("alice@example.org"));
    message.setRecipients(MimeMessage.RecipientType.TO, "bob@example.org");
    message.setSubject("Grüße");
    message.setText("Erste Zeile\r\n.Punkt am Anfang\r\n" + "x".repeat(20_000), "UTF-8");
    message.saveChanges();
    return message;
  }

  private static byte[] bytes(MimeMessage message) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      message.writeTo(bytes);
      return bytes.toByteArray();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Without the trace headers that the server puts in front, and the line end that SMTP adds. */
  private static String sent(byte[] message) {
    String text = new String(message, StandardCharsets.ISO_8859_1);
    return text.substring(text.indexOf("Date: ")).stripTrailing();
  }
}
