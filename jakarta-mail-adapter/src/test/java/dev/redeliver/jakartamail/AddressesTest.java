package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.message;
import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.redeliverer;
import static dev.redeliver.jakartamail.TransportKind.sent;
import static dev.redeliver.jakartamail.TransportKind.to;
import static dev.redeliver.jakartamail.TransportKind.unsaved;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.Address;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Which addresses go over the wire, and how. The mail library writes the low byte of each character
 * when SMTPUTF8 is not in use, and so sends to somebody else.
 */
class AddressesTest {
  private static final String CZECH = "\u0161imon@example.org";
  private static final String NO_UTF8 =
      "the address has non-ASCII characters, and SMTPUTF8 (RFC 6531) is not possible here";

  private final List<ScriptedSmtpServer> servers = new ArrayList<>();

  @AfterEach
  void close() {
    servers.forEach(ScriptedSmtpServer::close);
  }

  private ScriptedSmtpServer server(String... extensions) {
    ScriptedSmtpServer server = ScriptedSmtpServer.builder().extensions(extensions).open();
    servers.add(server);
    return server;
  }

  private static Transport connected(TransportKind kind, Properties properties) throws Exception {
    Transport transport = kind.open(properties, redeliverer());
    transport.connect();
    return transport;
  }

  private static RedeliveryException refused(
      Transport transport, MimeMessage message, Address... addresses) {
    return catchThrowableOfType(
        RedeliveryException.class, () -> transport.sendMessage(message, addresses));
  }

  @ParameterizedTest
  @CsvSource({
    "WRAPPED,     false, false",
    "WRAPPED,     false, true",
    "WRAPPED,     true,  false",
    "BY_PROPERTY, false, false",
    "BY_PROPERTY, false, true",
    "BY_PROPERTY, true,  false"
  })
  void nonAsciiLocalPart_withoutSmtpUtf8_isRefusedHere(
      TransportKind kind, boolean allowed, boolean offered) throws Exception {
    ScriptedSmtpServer server = offered ? server("SMTPUTF8") : server();
    Properties properties = properties(server);
    properties.setProperty("mail.mime.allowutf8", Boolean.toString(allowed));
    Transport transport = connected(kind, properties);
    MimeMessage message = unsaved(Session.getInstance(properties));
    message.saveChanges();

    RedeliveryException thrown = refused(transport, message, to(CZECH, "bob@example.org"));

    assertThat(thrown.getInvalidAddresses()).containsExactly(to(CZECH));
    assertThat(thrown.getValidSentAddresses()).containsExactly(to("bob@example.org"));
    assertThat(thrown).hasMessageContaining(NO_UTF8);
    assertThat(sent(server, "RCPT")).containsExactly("RCPT TO:<bob@example.org>");
  }

  @ParameterizedTest
  @EnumSource
  void nonAsciiLocalPart_withSmtpUtf8_isSentAsItIs(TransportKind kind) throws Exception {
    ScriptedSmtpServer server = server("SMTPUTF8");
    Properties properties = properties(server);
    properties.setProperty("mail.mime.allowutf8", "true");
    Transport transport = connected(kind, properties);
    MimeMessage message = unsaved(Session.getInstance(properties));
    message.saveChanges();

    transport.sendMessage(message, to(CZECH));

    assertThat(sent(server, "RCPT")).containsExactly("RCPT TO:<" + CZECH + ">");
    assertThat(sent(server, "MAIL")).containsExactly("MAIL FROM:<alice@example.org> SMTPUTF8");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void nonAsciiDomain_isConverted(TransportKind kind) throws Exception {
    ScriptedSmtpServer server = server();

    connected(kind, properties(server)).sendMessage(message(), to("bob@b\u00fccher.example"));

    assertThat(sent(server, "RCPT")).containsExactly("RCPT TO:<bob@xn--bcher-kva.example>");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void nonAsciiSender_isRefusedHere(TransportKind kind) throws Exception {
    ScriptedSmtpServer server = server();
    MimeMessage message = message();
    message.setFrom(to(CZECH)[0]);

    RedeliveryException thrown =
        refused(connected(kind, properties(server)), message, to("bob@example.org"));

    assertThat(thrown).hasMessageContaining("sender: " + NO_UTF8);
    assertThat(thrown.getValidSentAddresses()).isEmpty();
    assertThat(sent(server, "MAIL")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void nonAsciiEnvelopeSender_isRefusedHere(TransportKind kind) throws Exception {
    ScriptedSmtpServer server = server();
    SMTPMessage message = new SMTPMessage(message());
    message.setEnvelopeFrom(CZECH);

    RedeliveryException thrown =
        refused(connected(kind, properties(server)), message, to("bob@example.org"));

    assertThat(thrown).hasMessageContaining("sender: " + NO_UTF8);
    assertThat(sent(server, "MAIL")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void emptyEnvelopeSender_isSent(TransportKind kind) throws Exception {
    ScriptedSmtpServer server = server();
    SMTPMessage message = new SMTPMessage(message());
    message.setEnvelopeFrom("<>");

    connected(kind, properties(server)).sendMessage(message, to("bob@example.org"));

    assertThat(sent(server, "MAIL")).containsExactly("MAIL FROM:<>");
  }

  static List<String> unusable() {
    return List.of(
        "bob@example.org>\r\nDATA",
        "bob\nRSET@example.org",
        "bob\u0000@example.org",
        "bob\u007f@example.org",
        "<bob@example.org>",
        "bob@example.org> NOTIFY=NEVER");
  }

  @ParameterizedTest
  @MethodSource("unusable")
  void controlCharactersAndAngleBrackets_areRefusedHere(String address) throws Exception {
    for (TransportKind kind : List.of(TransportKind.WRAPPED, TransportKind.BY_PROPERTY)) {
      ScriptedSmtpServer server = server();

      RedeliveryException thrown =
          refused(connected(kind, properties(server)), message(), to(address));

      assertThat(thrown).hasMessageMatching(".*character [0-9a-f]+ \\(hex\\) at \\d+ of an addr.*");
      assertThat(thrown.getInvalidAddresses()).hasSize(1);
      assertThat(sent(server, "MAIL")).isEmpty();
      assertThat(sent(server, "RCPT")).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void localParts_differingInCase_areDifferentRecipients(TransportKind kind) throws Exception {
    ScriptedSmtpServer server = server();

    connected(kind, properties(server))
        .sendMessage(message(), to("Bob@example.org", "bob@example.org"));

    assertThat(sent(server, "RCPT"))
        .containsExactly("RCPT TO:<Bob@example.org>", "RCPT TO:<bob@example.org>");
  }

  @ParameterizedTest
  @EnumSource
  void duplicates_areSentOnceByOurs(TransportKind kind) throws Exception {
    ScriptedSmtpServer server = server();
    Address[] addresses = {
      new InternetAddress("bob@example.org", "Bob"),
      new InternetAddress("bob@example.org", "Robert"),
      new InternetAddress("bob@EXAMPLE.org")
    };

    connected(kind, properties(server)).sendMessage(message(), addresses);

    assertThat(sent(server, "RCPT")).hasSize(kind.isOurs() ? 1 : 3);
  }
}
