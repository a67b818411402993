package dev.redeliver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class TlsAndAuthTest {
  private static final String ACCEPTED = "235 2.7.0 Authentication succeeded";
  private static final String REFUSED = "535 5.7.8 Authentication credentials invalid";

  private static ScriptedSmtpServer.Builder builder() {
    return ScriptedSmtpServer.builder()
        .extensions("STARTTLS", "AUTH PLAIN LOGIN XOAUTH2")
        .credentials("user", "secret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void startTls_encryptsAndBeginsAnew(String protocol) throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      client.say("MAIL FROM:<a@x>");
      assertThat(client.say("STARTTLS")).isEqualTo("220 2.0.0 Ready to start TLS");
      client.encrypt(protocol);
      assertThat(client.say("MAIL FROM:<a@x>")).isEqualTo("503 5.5.1 EHLO first");
      assertThat(client.say("EHLO x")).isEqualTo("250-localhost|250 AUTH PLAIN LOGIN XOAUTH2");
      assertThat(client.say("STARTTLS")).isEqualTo("503 5.5.1 STARTTLS not possible");
      assertThat(client.mail("a@x", "body", "b@x")).isEqualTo("250 2.0.0 OK");
      assertThat(client.say("QUIT")).isEqualTo("221 2.0.0 Bye");
      assertThat(client.reply()).isEqualTo("EOF");
      assertThat(server.accepted()).hasSize(1);
    }
  }

  @Test
  void implicitTls_encryptsBeforeTheGreeting() throws IOException {
    try (ScriptedSmtpServer server = builder().implicitTls().open();
        RawClient client = RawClient.connect(server)) {
      client.encrypt("TLSv1.3");
      assertThat(client.reply()).isEqualTo("220 localhost ESMTP ready");
      client.say("EHLO x");
      assertThat(client.mail("a@x", "body", "b@x")).isEqualTo("250 2.0.0 OK");
    }
  }

  @Test
  void implicitTls_resetAtConnect_failsTheHandshake() throws IOException {
    try (ScriptedSmtpServer server = builder().implicitTls().open()) {
      server.on(Stage.CONNECT).reset();
      try (RawClient client = RawClient.connect(server)) {
        assertThatIOException().isThrownBy(() -> client.encrypt("TLSv1.3"));
      }
      assertThat(server.unused()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void encrypted_closed_endsTheStream(String protocol) throws IOException {
    try (ScriptedSmtpServer server = builder().implicitTls().open()) {
      server.on(Stage.END_OF_DATA).acceptThenClose();
      try (RawClient client = RawClient.connect(server)) {
        client.encrypt(protocol);
        client.reply();
        client.say("EHLO x");
        assertThat(client.mail("a@x", "body", "b@x")).isEqualTo("EOF");
      }
      assertThat(server.accepted()).hasSize(1);
      assertThat(server.failures()).isEmpty();
    }
  }

  @Test
  void encrypted_reset_resets() throws IOException {
    try (ScriptedSmtpServer server = builder().implicitTls().open()) {
      server.on(Stage.NOOP).reset();
      try (RawClient client = RawClient.connect(server)) {
        client.encrypt("TLSv1.3");
        client.reply();
        assertThatIOException().isThrownBy(() -> client.say("NOOP"));
      }
    }
  }

  @Test
  void startTls_refused_staysInClearText() throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      server.on(Stage.STARTTLS).reply("454 4.7.0 TLS not available");
      assertThat(client.say("STARTTLS")).isEqualTo("454 4.7.0 TLS not available");
      assertThat(client.say("NOOP")).isEqualTo("250 2.0.0 OK");
    }
  }

  @Test
  void startTls_acceptedThenReset_failsTheHandshake() throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      server.on(Stage.STARTTLS).then(SmtpAction.reply("220 go"), SmtpAction.reset());
      assertThat(client.say("STARTTLS")).isEqualTo("220 go");
      assertThatIOException().isThrownBy(() -> client.encrypt("TLSv1.3"));
    }
  }

  @Test
  void startTls_handshakeThenClose_endsTheEncryptedStream() throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      server
          .on(Stage.STARTTLS)
          .then(SmtpAction.reply("220 go"), SmtpAction.startTls(), SmtpAction.close());
      assertThat(client.say("STARTTLS")).isEqualTo("220 go");
      client.encrypt("TLSv1.3");
      assertThat(client.reply()).isEqualTo("EOF");
    }
  }

  @Test
  void startTls_withGarbageInsteadOfAHandshake_endsThisConnectionOnly() throws IOException {
    try (ScriptedSmtpServer server = builder().open()) {
      try (RawClient client = RawClient.greeted(server)) {
        client.say("STARTTLS");
        client.send("EHLO in clear text\r\n".repeat(10));
      }
      try (RawClient client = RawClient.greeted(server)) {
        assertThat(client.say("NOOP")).isEqualTo("250 2.0.0 OK");
      }
      assertThat(server.failures()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"secret," + ACCEPTED, "wrong," + REFUSED})
  void plain_withAndWithoutInitialResponse(String password, String verdict) throws IOException {
    String token = base64("\0user\0" + password);
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      assertThat(client.say("AUTH PLAIN " + token)).isEqualTo(verdict);
      assertThat(client.say("AUTH PLAIN")).isEqualTo("334");
      assertThat(client.say(token)).isEqualTo(verdict);
    }
  }

  @ParameterizedTest
  @CsvSource({"secret," + ACCEPTED, "wrong," + REFUSED})
  void login_withAndWithoutInitialResponse(String password, String verdict) throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      assertThat(client.say("AUTH LOGIN")).isEqualTo("334 VXNlcm5hbWU6");
      assertThat(client.say(base64("user"))).isEqualTo("334 UGFzc3dvcmQ6");
      assertThat(client.say(base64(password))).isEqualTo(verdict);
      assertThat(client.say("auth login " + base64("user"))).isEqualTo("334 UGFzc3dvcmQ6");
      assertThat(client.say(base64(password))).isEqualTo(verdict);
    }
  }

  @Test
  void xoauth2_wrong_challengesBeforeTheVerdict() throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      assertThat(client.say("AUTH XOAUTH2 " + xoauth2("wrong")))
          .isEqualTo("334 eyJzdGF0dXMiOiI0MDEifQ==");
      assertThat(client.say("")).isEqualTo(REFUSED);
      assertThat(client.say("AUTH XOAUTH2 " + xoauth2("secret"))).isEqualTo(ACCEPTED);
    }
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          AUTH,                  504 5.5.4 Mechanism not offered
          AUTH CRAM-MD5,         504 5.5.4 Mechanism not offered
          AUTH PLAIN =,          '501 5.5.2 Cannot read the credentials: PLAIN needs 3 parts, got 1'
          """)
  void auth_malformed_isRefused(String command, String reply) throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      assertThat(client.say(command)).isEqualTo(reply);
    }
  }

  @Test
  void auth_cancelled_isRefused() throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      client.say("AUTH PLAIN");
      assertThat(client.say("*")).isEqualTo("501 5.5.2 Cannot read the credentials: cancelled");
    }
  }

  @Test
  void auth_notOffered_isRefused() throws IOException {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open();
        RawClient client = RawClient.greeted(server)) {
      assertThat(client.say("AUTH PLAIN " + base64("\0user\0secret")))
          .isEqualTo("504 5.5.4 Mechanism not offered");
    }
  }

  @Test
  void auth_scripted_replacesTheVerdict() throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      server.on(Stage.AUTH).reply("334 more");
      server.on(Stage.AUTH).reply("454 4.7.0 Temporary authentication failure");
      server.on(Stage.AUTH).close();
      String command = "AUTH PLAIN " + base64("\0user\0secret");
      assertThat(client.say(command)).isEqualTo("334 more");
      assertThat(client.say("x")).isEqualTo("454 4.7.0 Temporary authentication failure");
      assertThat(client.say(command)).isEqualTo("EOF");
    }
  }

  @Test
  void user_isKnownToPredicates() throws IOException {
    try (ScriptedSmtpServer server = builder().open();
        RawClient client = RawClient.greeted(server)) {
      server
          .on(Stage.MAIL)
          .when(exchange -> exchange.user().isEmpty())
          .always()
          .reply("530 5.7.0 Authentication required");
      assertThat(client.say("MAIL FROM:<a@x>")).isEqualTo("530 5.7.0 Authentication required");
      client.say("AUTH PLAIN " + base64("\0user\0secret"));
      assertThat(client.say("MAIL FROM:<a@x>")).isEqualTo("250 2.1.0 OK");
    }
  }

  private static String xoauth2(String token) {
    return base64("user=user\u0001auth=Bearer " + token + "\u0001\u0001");
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }
}
