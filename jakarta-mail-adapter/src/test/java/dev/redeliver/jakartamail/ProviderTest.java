package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.message;
import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.sent;
import static dev.redeliver.jakartamail.TransportKind.to;
import static dev.redeliver.jakartamail.TransportKind.unsaved;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Provider;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.URLName;
import jakarta.mail.internet.InternetAddress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.angus.mail.smtp.SMTPSSLTransport;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How Jakarta Mail finds our transports: by one property, and not before it is set. */
class ProviderTest {
  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();

  @AfterEach
  void close() {
    server.close();
  }

  private Properties adopted() {
    Properties properties = properties(server);
    properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    return properties;
  }

  @Test
  void withoutTheProperty_theLibrarysOwnTransportsAreUsed() throws Exception {
    Session session = Session.getInstance(new Properties());
    Address address = new InternetAddress("bob@example.org");

    assertThat(List.of(session.getTransport("smtp"), session.getTransport(address)))
        .extracting(Object::getClass)
        .containsOnly(SMTPTransport.class);
    assertThat(session.getTransport("smtps").getClass()).isEqualTo(SMTPSSLTransport.class);
  }

  @Test
  void withTheProperty_everyWayGivesOurs() throws Exception {
    Session session = Session.getInstance(adopted());
    URLName url = new URLName("smtp://" + server.host() + ":" + server.port());

    assertThat(
            List.of(
                session.getTransport(),
                session.getTransport("smtp"),
                session.getTransport(url),
                session.getTransport(new InternetAddress("bob@example.org"))))
        .allSatisfy(
            transport ->
                assertThat(transport)
                    .isInstanceOf(RedeliverSmtpTransport.class)
                    .isInstanceOf(SMTPTransport.class));
  }

  @Test
  void ownProtocolName_usesTheSmtpProperties() throws Exception {
    Transport transport = Session.getInstance(properties(server)).getTransport("redeliver-smtp");

    transport.connect();
    transport.sendMessage(message(), to("bob@example.org"));

    assertThat(transport).isInstanceOf(RedeliverSmtpTransport.class);
    assertThat(sent(server, "EHLO")).containsExactly("EHLO client.example.org");
    assertThat(server.accepted()).hasSize(1);
  }

  @Test
  void staticSend_retries() throws Exception {
    server.on(Stage.MAIL).reply("451 4.3.0 try again");
    Session session = Session.getInstance(adopted());
    SessionRedeliverers.set(session, TransportKind.redeliverer());

    Transport.send(unsaved(session));

    assertThat(server.accepted()).hasSize(1);
    assertThat(server.commands("MAIL")).isEqualTo(2);
  }

  @Test
  void smtps_byItsOwnProperty_sendsOverImplicitTls() throws Exception {
    try (ScriptedSmtpServer tls = ScriptedSmtpServer.builder().implicitTls().open()) {
      Properties properties = new Properties();
      properties(tls)
          .forEach((key, value) -> properties.put(("" + key).replace("smtp", "smtps"), value));
      properties.setProperty("mail.smtps.class", RedeliverSmtpsTransport.class.getName());
      properties.put(
          "mail.smtps.ssl.socketFactory", ScriptedSmtpServer.clientSslContext().getSocketFactory());
      properties.setProperty("mail.transport.protocol.rfc822", "smtps");
      Session session = Session.getInstance(properties);

      Transport.send(unsaved(session));

      assertThat(session.getTransport("smtps"))
          .isInstanceOf(RedeliverSmtpsTransport.class)
          .isInstanceOf(SMTPTransport.class);
      assertThat(session.getTransport("smtp").getClass()).isEqualTo(SMTPTransport.class);
      assertThat(tls.accepted()).hasSize(1);
    }
  }

  @Test
  void badProperties_areAllNamedByConnectAndStaticSend() throws Exception {
    Properties properties = adopted();
    properties.setProperty("redeliver.profil", "interactive");
    properties.setProperty("redeliver.retry.max-attempts", "none");
    properties.setProperty("redeliver.retry.deadline", "soon");
    Session session = Session.getInstance(properties);

    for (int way = 0; way < 2; way++) {
      boolean send = way == 1;
      assertThatThrownBy(
              () -> {
                if (send) {
                  Transport.send(unsaved(session));
                } else {
                  session.getTransport("smtp").connect();
                }
              })
          .isInstanceOf(MessagingException.class)
          .hasMessageStartingWith("The redeliver.* session properties are bad: ")
          .hasMessageContaining("redeliver.profil")
          .hasMessageContaining("redeliver.retry.max-attempts")
          .hasMessageContaining("redeliver.retry.deadline");
    }
    assertThat(server.connections()).isZero();
  }

  private Transport disabled() throws Exception {
    Properties properties = adopted();
    properties.setProperty("redeliver.enabled", "false");
    Transport transport = Session.getInstance(properties).getTransport("smtp");
    transport.connect();
    return transport;
  }

  @Test
  void disabled_aRefusal_isThrownAsTheLibraryDoes() throws Exception {
    server.on(Stage.MAIL).reply("451 4.3.0 try again");
    Transport transport = disabled();

    assertThatThrownBy(() -> transport.sendMessage(message(), to("bob@example.org")))
        .isExactlyInstanceOf(SMTPSendFailedException.class)
        .hasMessageStartingWith("451 4.3.0 try again");
    assertThat(server.commands("MAIL")).isEqualTo(1);
    assertThat(server.commands("RSET")).isEqualTo(1);
  }

  @Test
  void disabled_oneRecipientRefused_nobodyIsSentToWithoutSendPartial() throws Exception {
    server.on(Stage.RCPT).to("gone@example.org").reply("550 5.1.1 no such user");
    Transport transport = disabled();

    assertThatThrownBy(
            () -> transport.sendMessage(message(), to("bob@example.org", "gone@example.org")))
        .isExactlyInstanceOf(SendFailedException.class)
        .hasMessageStartingWith("Invalid Addresses");
    assertThat(server.accepted()).isEmpty();
  }

  @Test
  void disabled_421_doesNotStopLaterCommands() throws Exception {
    server.on(Stage.RCPT).to("a@example.org").reply("421 4.3.2 busy");
    Transport transport = disabled();

    assertThatThrownBy(() -> transport.sendMessage(message(), to("a@example.org", "b@example.org")))
        .isExactlyInstanceOf(SendFailedException.class);
    transport.sendMessage(message(), to("c@example.org"));
    transport.close();

    assertThat(server.commands("RCPT")).isEqualTo(3);
    assertThat(server.commands("QUIT")).isEqualTo(1);
    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void disabled_quitFails_isThrownAsTheLibraryDoes() throws Exception {
    server.on(Stage.QUIT).reset();
    Transport transport = disabled();
    transport.sendMessage(message(), to("bob@example.org"));

    assertThatThrownBy(transport::close).isInstanceOf(MessagingException.class);
    assertThat(transport.isConnected()).isFalse();
  }

  @Test
  void providers_areTheSameInBothPlaces() throws Exception {
    List<String> byService = new ArrayList<>();
    for (Provider provider : ServiceLoader.load(Provider.class)) {
      if ("Redeliver".equals(provider.getVendor())) {
        byService.add(line(provider.getProtocol(), provider.getClassName()));
        assertThat(provider.getType()).isEqualTo(Provider.Type.TRANSPORT);
      }
    }
    List<String> byFile = new ArrayList<>();
    Matcher row =
        Pattern.compile("(?m)^protocol=([^;]+); type=transport; class=([^;]+); vendor=Redeliver;$")
            .matcher(resource("/META-INF/jakarta.providers"));
    while (row.find()) {
      byFile.add(line(row.group(1), row.group(2)));
    }

    assertThat(byService)
        .containsExactly(
            line("redeliver-smtp", RedeliverSmtpTransport.class.getName()),
            line("redeliver-smtps", RedeliverSmtpsTransport.class.getName()));
    assertThat(byFile).isEqualTo(byService);
  }

  private static String line(String protocol, String type) {
    return protocol + " " + type;
  }

  /** The mail library has files of the same name; ours is the one beside our classes. */
  private static String resource(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(RetryingTransport.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
