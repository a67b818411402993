package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Encryption, and the socket option that makes bodies fast. */
class TlsTest {
  private final List<ConnectionFailure> failures = new ArrayList<>();
  private final Redeliverer redeliverer =
      Redeliverer.builder(
              RetryPolicy.builder(Profile.INTERACTIVE)
                  .maxAttempts(2)
                  .unknownOutcome(UnknownOutcome.REPORT)
                  .build())
          .waiter(delay -> {})
          .listener(
              new DeliveryListener() {
                @Override
                public void connectionFailed(ConnectionFailure failure) {
                  failures.add(failure);
                }
              })
          .build();

  private Properties properties(ScriptedSmtpServer server, String protocol) {
    Properties properties = new Properties();
    String prefix = "mail." + protocol + ".";
    properties.setProperty(prefix + "host", server.host());
    properties.setProperty(prefix + "port", Integer.toString(server.port()));
    properties.setProperty(prefix + "timeout", "3000");
    properties.setProperty(prefix + "localhost", "client.example.org");
    return properties;
  }

  private static void trust(Properties properties, String protocol) {
    properties.put(
        "mail." + protocol + ".ssl.socketFactory",
        ScriptedSmtpServer.clientSslContext().getSocketFactory());
  }

  private Transport transport(Properties properties, String protocol, boolean recorded)
      throws Exception {
    if (recorded) {
      properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
      properties.setProperty("mail.smtps.class", RedeliverSmtpsTransport.class.getName());
    }
    Session session = Session.getInstance(properties);
    SessionRedeliverers.set(session, redeliverer);
    Transport transport = session.getTransport(protocol);
    return recorded ? transport : RetryingTransport.wrap(transport, redeliverer);
  }

  private static MimeMessage message() throws Exception {
    MimeMessage message = new MimeMessage(Session.getInstance(new Properties()));
    message.setFrom(new InternetAddress("alice@example.org"));
    message.setText("Hello");
    message.saveChanges();
    return message;
  }

  private static Address[] bob() throws Exception {
    return new Address[] {new InternetAddress("bob@example.org")};
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void startTls_serverClosesAfterTheContent_isUnknown(boolean recorded) throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.builder().with("STARTTLS").open()) {
      server.on(Stage.END_OF_DATA).acceptThenClose();
      Properties properties = properties(server, "smtp");
      properties.setProperty("mail.smtp.starttls.required", "true");
      trust(properties, "smtp");
      Transport transport = transport(properties, "smtp", recorded);
      transport.connect();

      RedeliveryException thrown =
          catchThrowableOfType(
              RedeliveryException.class, () -> transport.sendMessage(message(), bob()));

      assertThat(thrown.report().with(Outcome.UNKNOWN)).hasSize(1);
      assertThat(thrown.getUnknownAddresses()).containsExactly(bob());
      assertThat(server.accepted()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void startTls_requiredAndNotOffered_isHeldAtOnce(boolean recorded) throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
      Properties properties = properties(server, "smtp");
      properties.setProperty("mail.smtp.starttls.required", "true");
      Transport transport = transport(properties, "smtp", recorded);

      assertThatThrownBy(transport::connect).isInstanceOf(MessagingException.class);

      assertHeld();
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void startTls_untrustedCertificate_isHeldAtOnce(boolean recorded) throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.builder().with("STARTTLS").open()) {
      Properties properties = properties(server, "smtp");
      properties.setProperty("mail.smtp.starttls.required", "true");
      Transport transport = transport(properties, "smtp", recorded);

      assertThatThrownBy(transport::connect).isInstanceOf(MessagingException.class);

      assertHeld();
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  private void assertHeld() {
    assertThat(failures)
        .singleElement()
        .extracting(ConnectionFailure::decision)
        .isInstanceOf(Decision.Hold.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void startTls_notAvailableNow_isTriedAgain(boolean recorded) throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.builder().with("STARTTLS").open()) {
      server.on(Stage.STARTTLS).reply("454 4.7.0 TLS not available due to temporary reason");
      Properties properties = properties(server, "smtp");
      properties.setProperty("mail.smtp.starttls.required", "true");
      trust(properties, "smtp");
      Transport transport = transport(properties, "smtp", recorded);

      transport.connect();

      assertThat(transport.isConnected()).isTrue();
      assertThat(server.connections()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @CsvSource({"false, reset", "false, close", "true, reset", "true, close"})
  void startTls_handshakeCut_isTriedAgain(boolean recorded, String fault) throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.builder().with("STARTTLS").open()) {
      server
          .on(Stage.STARTTLS)
          .then(
              SmtpAction.reply("220 2.0.0 Ready to start TLS"),
              fault.equals("reset") ? SmtpAction.reset() : SmtpAction.close());
      Properties properties = properties(server, "smtp");
      properties.setProperty("mail.smtp.starttls.required", "true");
      trust(properties, "smtp");
      Transport transport = transport(properties, "smtp", recorded);

      transport.connect();
      transport.sendMessage(message(), bob());

      assertThat(failures)
          .singleElement()
          .satisfies(
              failure -> {
                assertThat(failure.decision()).isInstanceOf(Decision.Retry.class);
                assertThat(failure.failure().stage()).isEqualTo(SmtpStage.STARTTLS);
              });
      assertThat(server.connections()).isEqualTo(2);
      assertThat(server.accepted()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void implicitTls_untrustedCertificate_isHeldAtOnce(boolean recorded) throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.builder().implicitTls().open()) {
      Transport transport = transport(properties(server, "smtps"), "smtps", recorded);

      assertThatThrownBy(transport::connect).isInstanceOf(MessagingException.class);

      assertHeld();
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  @Test
  void implicitTls_byProperty_sends() throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.builder().implicitTls().open()) {
      Properties properties = properties(server, "smtps");
      trust(properties, "smtps");
      Transport transport = transport(properties, "smtps", true);

      transport.connect();
      transport.sendMessage(message(), bob());

      assertThat(transport).isInstanceOf(RedeliverSmtpsTransport.class);
      assertThat(server.accepted()).hasSize(1);
    }
  }

  @Test
  void sockets_ofTheApplication_getNoDelay() throws Exception {
    RecordingSockets sockets = new RecordingSockets();
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
      Properties properties = properties(server, "smtp");
      properties.put("mail.smtp.socketFactory", sockets);
      Transport transport = transport(properties, "smtp", true);

      transport.connect();

      assertThat(sockets.opened).hasSize(1);
      assertThat(sockets.opened.get(0).getTcpNoDelay()).isTrue();
      assertThat(properties.get("mail.smtp.socketFactory")).isSameAs(sockets);
    }
  }

  private static final class RecordingSockets extends UnconnectedSockets {
    private final List<Socket> opened = new ArrayList<>();

    @Override
    public Socket createSocket() {
      Socket socket = new Socket();
      opened.add(socket);
      return socket;
    }
  }
}
