package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.message;
import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.redeliverer;
import static dev.redeliver.jakartamail.TransportKind.to;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Transport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Wrong credentials are held at once, what may pass is tried again, and nothing tells a secret. */
class AuthTest {
  private static final String USER = "alice@example.org";
  private static final String SECRET = "open-sesame-42";

  private final ScriptedSmtpServer server =
      ScriptedSmtpServer.builder()
          .with("AUTH PLAIN LOGIN XOAUTH2")
          .credentials(USER, SECRET)
          .open();
  private final List<ConnectionFailure> failures = new ArrayList<>();
  private final DeliveryListener listener =
      new DeliveryListener() {
        @Override
        public void connectionFailed(ConnectionFailure failure) {
          failures.add(failure);
        }
      };

  @AfterEach
  void close() {
    server.close();
  }

  private Transport transport(TransportKind kind, String mechanisms) throws Exception {
    Properties properties = properties(server);
    properties.setProperty("mail.smtp.auth.mechanisms", mechanisms);
    return kind.open(properties, redeliverer(listener));
  }

  private AuthenticationFailedException refused(Transport transport, String secret) {
    AuthenticationFailedException thrown =
        catchThrowableOfType(
            AuthenticationFailedException.class, () -> transport.connect(USER, secret));
    assertThat(thrown).isNotNull();
    return thrown;
  }

  private void assertHeldOnce() {
    assertThat(failures)
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure.decision()).isInstanceOf(Decision.Hold.class);
              assertThat(failure.failure().stage()).isEqualTo(SmtpStage.AUTH);
            });
    assertThat(server.connections()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "WRAPPED,     PLAIN",
    "WRAPPED,     LOGIN",
    "BY_PROPERTY, PLAIN",
    "BY_PROPERTY, LOGIN"
  })
  void wrongPassword_isHeldAfterOneTry(TransportKind kind, String mechanism) throws Exception {
    Transport transport = transport(kind, mechanism);

    AuthenticationFailedException thrown = refused(transport, "wrong-password-7");

    assertThat(thrown).hasMessageContaining("535 5.7.8 Authentication credentials invalid");
    assertHeldOnce();
    assertThat(server.commands("AUTH")).isEqualTo(1);
    assertThat(transport.isConnected()).isFalse();
    assertNoSecret("wrong-password-7", thrown, transport);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void applicationPasswordWanted_isHeld(TransportKind kind) throws Exception {
    server
        .on(Stage.AUTH)
        .reply("534-5.7.9 Application-specific password required.", "534 5.7.9 Learn more");

    refused(transport(kind, "PLAIN"), SECRET);

    assertHeldOnce();
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void wrongToken_challengedWith334_isHeld(TransportKind kind) throws Exception {
    Transport transport = transport(kind, "XOAUTH2");

    AuthenticationFailedException thrown = refused(transport, "stale-token-9");

    assertHeldOnce();
    assertThat(server.commands("AUTH")).isEqualTo(1);
    assertNoSecret("stale-token-9", thrown, transport);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void noCommonMechanism_isHeld(TransportKind kind) throws Exception {
    Transport transport = transport(kind, "NTLM");

    AuthenticationFailedException thrown = refused(transport, SECRET);

    assertHeldOnce();
    assertThat(server.commands("AUTH")).isZero();
    assertNoSecret(SECRET, thrown, transport);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void noPassword_isHeldBeforeAnyConnection(TransportKind kind) throws Exception {
    Properties properties = properties(server);
    properties.setProperty("mail.smtp.auth", "true");
    Transport transport = kind.open(properties, redeliverer(listener));

    AuthenticationFailedException thrown =
        catchThrowableOfType(AuthenticationFailedException.class, transport::connect);

    assertThat(thrown).hasMessage("failed to connect, no password specified?");
    assertThat(failures)
        .singleElement()
        .extracting(ConnectionFailure::decision)
        .isInstanceOf(Decision.Hold.class);
    assertThat(server.connections()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "WRAPPED,     454",
    "WRAPPED,     421",
    "WRAPPED,     close",
    "WRAPPED,     reset",
    "WRAPPED,     stall",
    "BY_PROPERTY, 454",
    "BY_PROPERTY, 421",
    "BY_PROPERTY, close",
    "BY_PROPERTY, reset",
    "BY_PROPERTY, stall"
  })
  void whatMayPass_isTriedAgain(TransportKind kind, String fault) throws Exception {
    switch (fault) {
      case "454" -> server.on(Stage.AUTH).reply("454 4.7.0 Temporary authentication failure");
      case "421" ->
          server
              .on(Stage.AUTH)
              .then(SmtpAction.reply("421 4.3.2 shutting down"), SmtpAction.close());
      case "close" -> server.on(Stage.AUTH).close();
      case "reset" -> server.on(Stage.AUTH).reset();
      default -> server.on(Stage.AUTH).stall();
    }
    Transport transport = transport(kind, "PLAIN");

    transport.connect(USER, SECRET);
    transport.sendMessage(message(), to("bob@example.org"));

    assertThat(failures)
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure.decision()).isInstanceOf(Decision.Retry.class);
              assertThat(failure.failure().stage()).isEqualTo(SmtpStage.AUTH);
            });
    assertThat(server.commands("AUTH")).isEqualTo(2);
    assertThat(server.connections()).isEqualTo(2);
    assertThat(server.accepted()).hasSize(1);
    assertNoSecret(SECRET, new IllegalStateException("nothing was thrown"), transport);
  }

  /** Reconnecting in the middle of a delivery authenticates again; the report tells no secret. */
  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void reconnecting_credentialsNoLongerGood_isHeld(TransportKind kind) throws Exception {
    Transport transport = transport(kind, "PLAIN");
    transport.connect(USER, SECRET);
    server.disconnectAll("");
    server.on(Stage.AUTH).always().reply("535 5.7.8 Authentication credentials invalid");

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class,
            () -> transport.sendMessage(message(), to("bob@example.org")));

    assertThat(thrown.report().isHeld()).isTrue();
    assertThat(thrown.getValidUnsentAddresses()).containsExactly(to("bob@example.org"));
    assertThat(thrown.getInvalidAddresses()).isEmpty();
    assertThat(server.commands("AUTH")).isEqualTo(2);
    assertNoSecret(SECRET, thrown, transport);
  }

  /** Looks into every string that leaves the library, for the secret and its encoded forms. */
  private void assertNoSecret(String secret, Throwable thrown, Transport transport) {
    StringWriter told = new StringWriter();
    PrintWriter out = new PrintWriter(told);
    thrown.printStackTrace(out);
    out.println(failures);
    failures.forEach(failure -> out.println(failure.failure().describe()));
    out.println(transport);
    out.println(transport.getURLName());
    if (thrown instanceof RedeliveryException redelivery) {
      out.println(redelivery.report());
      out.println(redelivery.report().describe());
    }
    assertThat(told.toString())
        .doesNotContain(secret)
        .doesNotContain(base64(secret))
        .doesNotContain(base64("\0" + USER + "\0" + secret))
        .doesNotContain(base64("user=" + USER + "\1auth=Bearer " + secret + "\1\1"));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }
}
