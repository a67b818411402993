package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import jakarta.mail.Address;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real Postfix, whose replies, limits and connection habits nobody here has made up. */
class PostfixTest {
  private static PostfixServer server;

  private final List<DeliveryReport> reports = new ArrayList<>();
  private final Redeliverer redeliverer =
      Redeliverer.builder(RetryPolicy.builder(Profile.INTERACTIVE).maxAttempts(2).build())
          .waiter(delay -> {})
          .listener(
              new DeliveryListener() {
                @Override
                public void deliveryFinished(DeliveryReport report) {
                  reports.add(report);
                }
              })
          .build();

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    server =
        PostfixServer.start(
            folder,
            List.of(
                "gone@lab.test = 550 5.1.1 no such user here",
                "full@lab.test = 452 4.2.2 mailbox full",
                "busy@lab.test = 450 4.2.0 greylisted, try again in 300 seconds"));
  }

  @AfterAll
  static void stop() throws Exception {
    if (server != null) {
      server.stop();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sendMessage_mixedRecipients_eachGetsItsOwnOutcome(boolean recorded) throws Exception {
    Session session = session(recorded);
    try (Transport transport = transport(session, recorded)) {
      transport.connect();
      RedeliveryException thrown =
          catchThrowableOfType(
              RedeliveryException.class,
              () -> transport.sendMessage(message(session, 10), to("ok", "gone", "full", "busy")));

      assertThat(thrown.getValidSentAddresses()).containsExactly(to("ok"));
      assertThat(thrown.getInvalidAddresses()).containsExactly(to("gone"));
      assertThat(thrown.getValidUnsentAddresses()).containsExactly(to("full", "busy"));
      assertThat(thrown.getUnknownAddresses()).isEmpty();
      assertThat(lastReply(thrown.report(), 1)).startsWith("550 5.1.1 <gone@lab.test>:");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sendMessage_moreRecipientsThanTheServerTakes_sendsTheRestAtOnce(boolean recorded)
      throws Exception {
    Session session = session(recorded);
    String[] many = IntStream.rangeClosed(1, 10).mapToObj(i -> "user" + i).toArray(String[]::new);
    try (Transport transport = transport(session, recorded)) {
      transport.connect();
      transport.sendMessage(message(session, 10), to(many));
    }

    DeliveryReport report = reports.get(0);
    assertThat(report.with(Outcome.ACCEPTED)).hasSize(10);
    assertThat(report.transactions()).isEqualTo(3);
    assertThat(report.recipients()).extracting(RecipientReport::attempts).containsOnly(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sendMessage_tooLarge_isRefusedForGood(boolean recorded) throws Exception {
    Session session = session(recorded);
    try (Transport transport = transport(session, recorded)) {
      transport.connect();
      RedeliveryException thrown =
          catchThrowableOfType(
              RedeliveryException.class,
              () -> transport.sendMessage(message(session, 300_000), to("ok")));

      assertThat(thrown.getInvalidAddresses()).containsExactly(to("ok"));
      // The configured transport has heard the limit and does not send what is above it.
      assertThat(thrown).hasMessageContaining(recorded ? "takes 100000 (SIZE, RFC 1870)" : "5.3.4");
    }
  }

  private static String lastReply(DeliveryReport report, int recipient) {
    List<RecipientAttempt> history = report.recipients().get(recipient).history();
    return history.get(history.size() - 1).failure().orElseThrow().describe();
  }

  private static Address[] to(String... names) throws Exception {
    List<Address> addresses = new ArrayList<>();
    for (String name : names) {
      addresses.add(new InternetAddress(name + "@lab.test"));
    }
    return addresses.toArray(Address[]::new);
  }

  private Transport transport(Session session, boolean recorded) throws Exception {
    if (recorded) {
      SessionRedeliverers.set(session, redeliverer);
      return session.getTransport("smtp");
    }
    return RetryingTransport.wrap(session.getTransport("smtp"), redeliverer);
  }

  private static Session session(boolean recorded) {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", "127.0.0.1");
    properties.setProperty("mail.smtp.port", Integer.toString(server.port()));
    properties.setProperty("mail.smtp.timeout", "30000");
    properties.setProperty("mail.smtp.localhost", "client.lab.test");
    if (recorded) {
      properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    }
    return Session.getInstance(properties);
  }

  private static MimeMessage message(Session session, int length) throws Exception {
    MimeMessage message = new MimeMessage(session);
    message.setFrom(new InternetAddress("alice@lab.test"));
    message.setSubject("test");
    message.setText("0123456789\r\n".repeat(length / 12 + 1));
    message.saveChanges();
    return message;
  }
}
