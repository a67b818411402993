package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.message;
import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.RecordingWaiter;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Authenticator;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Where our own set-up is refused, no message is burnt, and the server is asked once per back-off:
 * a password that is tried often locks the account.
 */
class HoldTest {
  private final ScriptedSmtpServer server =
      ScriptedSmtpServer.builder().with("AUTH PLAIN").credentials("alice", "right").open();
  private final FakeClock clock = new FakeClock();
  private final RecordingWaiter waiter = new RecordingWaiter(clock);
  private final Redeliverer redeliverer =
      Redeliverer.builder(RetryPolicy.of(Profile.INTERACTIVE))
          .clock(clock)
          .waiter(waiter::await)
          .build();

  @AfterEach
  void close() {
    server.close();
  }

  private Transport transport(TransportKind kind) throws Exception {
    return kind.open(properties(server), redeliverer);
  }

  private static AuthenticationFailedException refused(Transport transport, String password) {
    AuthenticationFailedException thrown =
        catchThrowableOfType(
            AuthenticationFailedException.class, () -> transport.connect("alice", password));
    assertThat(thrown).isNotNull();
    return thrown;
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void wrongPassword_isTriedOncePerBackOff_byAllTransports(TransportKind kind) throws Exception {
    assertThat(refused(transport(kind), "wrong"))
        .hasMessage(
            "535 5.7.8 Authentication credentials invalid: Check user name, password or token, and"
                + " the mechanism; do not repeat the same credentials in a loop. Not tried again"
                + " before 2026-01-01T00:01:00Z.");
    for (int i = 0; i < 5; i++) {
      clock.advance(Duration.ofSeconds(10));
      assertThat(refused(transport(kind), "wrong"))
          .hasMessageContaining("535 5.7.8")
          .hasMessageContaining("Not tried again before 2026-01-01T00:01:00Z.");
    }
    assertThat(server.connections()).isEqualTo(1);

    clock.advance(Duration.ofSeconds(10));
    assertThat(refused(transport(kind), "wrong"))
        .hasMessageContaining("Not tried again before 2026-01-01T00:03:00Z.");
    refused(transport(kind), "wrong");

    assertThat(server.commands("AUTH")).isEqualTo(2);
    assertThat(waiter.waits()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void backOff_endsAtHalfAnHour(TransportKind kind) throws Exception {
    for (int i = 0; i < 12; i++) {
      refused(transport(kind), "wrong");
      clock.advance(Duration.ofMinutes(30));
    }
    assertThat(server.commands("AUTH")).isEqualTo(12);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void otherPassword_isTriedAtOnce_andSuccessIsNotHeld(TransportKind kind) throws Exception {
    refused(transport(kind), "wrong");

    Transport transport = transport(kind);
    transport.connect("alice", "right");
    transport.sendMessage(message(), to("bob@example.org"));
    transport.close();
    transport.connect("alice", "right");

    assertThat(server.accepted()).hasSize(1);
    assertThat(server.commands("AUTH")).isEqualTo(3);
    refused(transport(kind), "wrong");
    assertThat(server.commands("AUTH")).isEqualTo(3);
  }

  /** The password is changed at the server: the next probe gets in, and all others then. */
  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void putRight_isForgotten(TransportKind kind) throws Exception {
    server.on(Stage.AUTH).reply("535 5.7.8 locked");
    refused(transport(kind), "right");
    clock.advance(Duration.ofMinutes(1));

    transport(kind).connect("alice", "right");
    transport(kind).connect("alice", "right");

    assertThat(server.commands("AUTH")).isEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void relayRefusesUs_isHeldToo(TransportKind kind) throws Exception {
    server.on(Stage.GREETING).always().reply("554 5.7.1 no service for you");

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> transport(kind).connect())
          .isExactlyInstanceOf(MessagingException.class)
          .hasMessageContaining("554 5.7.1 no service for you")
          .hasMessageEndingWith("Not tried again before 2026-01-01T00:01:00Z.");
    }
    assertThat(server.connections()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void tlsNotPossible_isHeldToo(TransportKind kind) throws Exception {
    Properties properties = properties(server);
    properties.setProperty("mail.smtp.starttls.required", "true");

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> kind.open(properties, redeliverer).connect())
          .hasMessageContaining("STARTTLS is required but host does not support STARTTLS: Trust");
    }
    assertThat(server.connections()).isEqualTo(1);
  }

  /** The message is not burnt: nobody is refused, and the report says that it is held. */
  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void withinADelivery_otherTransportsFailAtOnce_andNoMessageIsBurnt(TransportKind kind)
      throws Exception {
    List<Transport> transports = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Transport transport = transport(kind);
      transport.connect("alice", "right");
      transports.add(transport);
    }
    server.disconnectAll("");
    server.on(Stage.AUTH).always().reply("535 5.7.8 password expired");
    for (Transport transport : transports) {
      RedeliveryException thrown =
          catchThrowableOfType(
              RedeliveryException.class,
              () -> transport.sendMessage(message(), to("bob@example.org")));

      assertThat(thrown.report().isHeld()).isTrue();
      assertThat(thrown.report().with(Outcome.PENDING)).hasSize(1);
      assertThat(thrown.getInvalidAddresses()).isEmpty();
      assertThat(thrown)
          .hasMessageContaining("535 5.7.8 password expired (Check user name, password or token");
      assertThat(thrown.getNextException())
          .hasMessageEndingWith("Not tried again before 2026-01-01T00:01:00Z.");
    }
    assertThat(server.commands("AUTH")).isEqualTo(4);
  }

  /** What passes by itself is waited for and not held. */
  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void probeThatIsNotAnswered_doesNotCount(TransportKind kind) throws Exception {
    refused(transport(kind), "wrong");
    clock.advance(Duration.ofMinutes(1));
    server.on(Stage.AUTH).close();

    assertThat(refused(transport(kind), "wrong")).hasMessageContaining("535 5.7.8");

    assertThat(server.commands("AUTH")).isEqualTo(3);
    assertThat(waiter.waits()).hasSize(1);
  }

  /** The library would try once more with the same password from the Authenticator. */
  @Test
  void authenticatorWithTheSamePassword_isNotAskedForASecondTry() throws Exception {
    Properties properties = properties(server);
    properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    Session session =
        Session.getInstance(
            properties,
            new Authenticator() {
              @Override
              protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication("alice", "wrong");
              }
            });
    SessionRedeliverers.set(session, redeliverer);

    refused(session.getTransport("smtp"), "wrong");

    assertThat(server.commands("AUTH")).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void manyAtOnce_afterTheBackOff_oneIsLetThrough(TransportKind kind) throws Exception {
    refused(transport(kind), "wrong");
    clock.advance(Duration.ofMinutes(1));
    int count = 8;
    CyclicBarrier start = new CyclicBarrier(count);
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < count; i++) {
      Transport transport = transport(kind);
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                  transport.connect("alice", "wrong");
                } catch (Exception e) {
                  failures.add(e);
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).hasSize(count).allMatch(AuthenticationFailedException.class::isInstance);
    assertThat(server.commands("AUTH")).isEqualTo(2);
  }
}
