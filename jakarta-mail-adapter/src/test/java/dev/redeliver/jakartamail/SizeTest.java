package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.message;
import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.redeliverer;
import static dev.redeliver.jakartamail.TransportKind.sent;
import static dev.redeliver.jakartamail.TransportKind.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.classify.Cause;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The message's size is declared, and checked before it travels (RFC 1870). */
class SizeTest {
  private static Transport connected(ScriptedSmtpServer server) throws Exception {
    Transport transport = TransportKind.BY_PROPERTY.open(properties(server), redeliverer());
    transport.connect();
    return transport;
  }

  private static ScriptedSmtpServer offering(String... extensions) {
    return ScriptedSmtpServer.builder().extensions(extensions).open();
  }

  private static MimeMessage ofManyLines() throws Exception {
    MimeMessage message = message();
    message.setText(".dots\nbare\rline\r\nends" + "x".repeat(1000));
    message.setRecipients(MimeMessage.RecipientType.BCC, "secret@example.org");
    message.saveChanges();
    message.setHeader("Message-ID", "<1@example.org>");
    return message;
  }

  /** Neither dot-stuffing nor blind copies count; line ends count as they are sent. */
  @Test
  void size_isWhatTheServerReceives() throws Exception {
    try (ScriptedSmtpServer server = offering("SIZE 100000")) {
      connected(server).sendMessage(ofManyLines(), to("bob@example.org"));

      int size = server.accepted().get(0).content().length;
      assertThat(sent(server, "MAIL"))
          .containsExactly("MAIL FROM:<alice@example.org> SIZE=" + size);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"SIZE", "SIZE 0", "SIZE none", "SIZE -1", "SIZE 99999999999999999999"})
  void noLimit_isNoneToCheck(String offer) throws Exception {
    try (ScriptedSmtpServer server = offering(offer)) {
      connected(server).sendMessage(message(), to("bob@example.org"));

      assertThat(sent(server, "MAIL").get(0)).contains(" SIZE=");
      assertThat(server.accepted()).hasSize(1);
    }
  }

  @Test
  void tooLarge_isRefusedHereWithoutATransaction() throws Exception {
    int size;
    try (ScriptedSmtpServer server = offering("SIZE")) {
      connected(server).sendMessage(ofManyLines(), to("bob@example.org"));
      size = server.accepted().get(0).content().length;
    }
    try (ScriptedSmtpServer server = offering("SIZE " + (size - 1), "PIPELINING")) {
      Transport transport = connected(server);
      RedeliveryException thrown =
          catchThrowableOfType(
              RedeliveryException.class,
              () -> transport.sendMessage(ofManyLines(), to("bob@x.example", "carol@x.example")));

      assertThat(thrown.getInvalidAddresses()).hasSize(2);
      assertThat(thrown)
          .hasMessageContaining(
              "the message is too large: %d octets, and 127.0.0.1 takes %d (SIZE, RFC 1870)"
                  .formatted(size, size - 1));
      RecipientAttempt attempt = thrown.report().recipients().get(0).history().get(0);
      assertThat(attempt.classification().orElseThrow().cause()).isEqualTo(Cause.MESSAGE_TOO_LARGE);
      assertThat(thrown.report().recipients().get(0).history()).hasSize(1);
      assertThat(sent(server, "MAIL")).isEmpty();

      transport.sendMessage(message(), to("bob@example.org"));
      assertThat(server.accepted()).hasSize(1);
    }
    try (ScriptedSmtpServer server = offering("SIZE " + size)) {
      connected(server).sendMessage(ofManyLines(), to("bob@example.org"));

      assertThat(server.accepted()).hasSize(1);
    }
  }

  @Test
  void notOffered_isNotDeclared() throws Exception {
    try (ScriptedSmtpServer server = offering()) {
      connected(server).sendMessage(message(), to("bob@example.org"));

      assertThat(sent(server, "MAIL")).containsExactly("MAIL FROM:<alice@example.org>");
    }
  }

  @Test
  void applicationDeclaresIt_isLeftAlone() throws Exception {
    try (ScriptedSmtpServer server = offering("SIZE")) {
      SMTPMessage message = new SMTPMessage(message());
      message.setMailExtension("SIZE=4711");

      connected(server).sendMessage(message, to("bob@example.org"));

      assertThat(sent(server, "MAIL")).containsExactly("MAIL FROM:<alice@example.org> SIZE=4711");
    }
  }
}
