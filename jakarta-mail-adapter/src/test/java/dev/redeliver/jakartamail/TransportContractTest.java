package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.message;
import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.redeliverer;
import static dev.redeliver.jakartamail.TransportKind.sent;
import static dev.redeliver.jakartamail.TransportKind.to;
import static dev.redeliver.jakartamail.TransportKind.unsaved;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import dev.redeliver.testkit.TranscriptEntry;
import jakarta.mail.Address;
import jakarta.mail.Authenticator;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.URLName;
import jakarta.mail.event.ConnectionAdapter;
import jakarta.mail.event.ConnectionEvent;
import jakarta.mail.event.TransportEvent;
import jakarta.mail.event.TransportListener;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.NewsAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The corners of {@link Transport}'s contract: the same for a plain transport and for ours, and
 * where ours differ on purpose, both are asserted.
 */
class TransportContractTest {
  private final ScriptedSmtpServer server =
      ScriptedSmtpServer.builder().with("AUTH PLAIN").credentials("alice", "open sesame").open();

  @AfterEach
  void close() {
    server.close();
  }

  private Transport transport(TransportKind kind) throws MessagingException {
    return kind.open(properties(server), redeliverer());
  }

  private Transport connected(TransportKind kind) throws MessagingException {
    Transport transport = transport(kind);
    transport.connect();
    return transport;
  }

  @ParameterizedTest
  @EnumSource
  void connect_refused_canBeTriedAgainAndFiresOnce(TransportKind kind) throws Exception {
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    FakeClock clock = new FakeClock();
    Transport transport =
        kind.open(
            properties(server),
            Redeliverer.builder(RetryPolicy.of(Profile.INTERACTIVE)).clock(clock).build());
    transport.addConnectionListener(connectionEvents(events));
    server.on(Stage.GREETING).reply("554 5.7.1 no service for you");

    assertThatThrownBy(transport::connect)
        .isInstanceOf(MessagingException.class)
        .hasMessageContaining("554 5.7.1 no service for you");
    assertThat(transport.isConnected()).isFalse();
    clock.advance(Duration.ofMinutes(1));
    transport.connect();
    assertThat(transport.isConnected()).isTrue();
    assertThat(next(events)).isEqualTo("opened");
    transport.close();
    transport.close();

    assertThat(next(events)).isEqualTo("closed");
    assertThat(events).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void connect_byUrl_usesItsUserAndHidesItsPassword(TransportKind kind) throws Exception {
    URLName url = new URLName("smtp", server.host(), server.port(), null, "alice", "open sesame");
    Session session = kind.session(properties(server), redeliverer());
    Transport transport = session.getTransport(url);
    if (kind == TransportKind.WRAPPED) {
      transport = RetryingTransport.wrap(transport, redeliverer());
    }

    assertThat(transport.getURLName().getPassword()).isNull();
    transport.connect();

    assertThat(server.commands("AUTH")).isEqualTo(1);
    assertThat(transport.getURLName().getPassword()).isNull();
    assertThat(transport.getURLName().getUsername()).isEqualTo("alice");
    assertThat(transport.toString()).contains("alice").doesNotContain("open sesame");
  }

  @ParameterizedTest
  @EnumSource
  void connect_withAnAuthenticator_authenticatesOnce(TransportKind kind) throws Exception {
    Properties properties = properties(server);
    properties.setProperty("mail.smtp.auth", "true");
    if (kind == TransportKind.BY_PROPERTY) {
      properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    }
    Session session =
        Session.getInstance(
            properties,
            new Authenticator() {
              @Override
              protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication("alice", "open sesame");
              }
            });
    Transport plain = session.getTransport("smtp");
    Transport transport =
        kind == TransportKind.WRAPPED ? RetryingTransport.wrap(plain, redeliverer()) : plain;

    transport.connect();

    assertThat(transport.isConnected()).isTrue();
    assertThat(server.commands("AUTH")).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void isConnected_serverGone_isFalse(TransportKind kind) throws Exception {
    Transport transport = transport(kind);
    assertThat(transport.isConnected()).isFalse();
    transport.connect();
    server.disconnectAll("");

    assertThat(transport.isConnected()).isFalse();

    transport.connect();
    assertThat(transport.isConnected()).isTrue();
    assertThat(server.connections()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource
  void sendMessage_afterClose_isRefused(TransportKind kind) throws Exception {
    Transport transport = connected(kind);
    transport.close();

    assertThatThrownBy(() -> transport.sendMessage(message(), to("bob@example.org")))
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessage("Not connected");
  }

  @ParameterizedTest
  @EnumSource
  void sendMessage_nullAddresses_isRefused(TransportKind kind) throws Exception {
    Transport transport = connected(kind);

    assertThatThrownBy(() -> transport.sendMessage(message(), null))
        .isExactlyInstanceOf(SendFailedException.class)
        .hasMessage("No recipient addresses");
  }

  @ParameterizedTest
  @EnumSource
  void sendMessage_newsAddress_isRefused(TransportKind kind) throws Exception {
    Transport transport = connected(kind);
    Address[] addresses = {new NewsAddress("comp.mail.misc")};

    assertThatThrownBy(() -> transport.sendMessage(message(), addresses))
        .isExactlyInstanceOf(MessagingException.class)
        .hasMessage("comp.mail.misc is not an InternetAddress");
    assertThat(server.commands("MAIL")).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void sendMessage_unsaved_savesItAndKeepsItsId(TransportKind kind) throws Exception {
    Transport transport = connected(kind);
    MimeMessage message = unsaved(Session.getInstance(new Properties()));

    transport.sendMessage(message, to("bob@example.org"));
    String id = message.getMessageID();
    transport.sendMessage(message, to("carol@example.org"));

    assertThat(id).isNotNull();
    assertThat(message.getMessageID()).isEqualTo(id);
    assertThat(server.copies(id, "bob@example.org")).isEqualTo(1);
    assertThat(server.copies(id, "carol@example.org")).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"PLAIN", "WRAPPED", "BY_PROPERTY"})
  void sendMessage_blindCopies_areOnTheEnvelopeOnly(TransportKind kind) throws Exception {
    Transport transport = connected(kind);
    MimeMessage message = message();
    message.setRecipients(MimeMessage.RecipientType.BCC, "secret@example.org");
    message.saveChanges();

    transport.sendMessage(message, message.getAllRecipients());

    assertThat(server.accepted().get(0).recipients())
        .containsExactly("bob@example.org", "secret@example.org");
    assertThat(server.accepted().get(0).text()).doesNotContainIgnoringCase("bcc");
    assertThat(message.getRecipients(MimeMessage.RecipientType.BCC))
        .containsExactly(to("secret@example.org"));
  }

  /** One event, after the last attempt, with the application's addresses and message. */
  @ParameterizedTest
  @EnumSource
  void transportEvent_partial_tellsWhoIsWho(TransportKind kind) throws Exception {
    server.on(Stage.RCPT).to("gone@example.org").always().reply("550 5.1.1 no such user");
    server.on(Stage.RCPT).to("full@example.org").always().reply("450 4.2.1 try again");
    Properties properties = properties(server);
    properties.setProperty("mail.smtp.sendpartial", "true");
    Transport transport = kind.open(properties, redeliverer());
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    MimeMessage message = message();
    transport.addTransportListener(transportEvents(events, message));
    transport.connect();

    SendFailedException thrown =
        catchThrowableOfType(
            SendFailedException.class,
            () ->
                transport.sendMessage(
                    message, to("bob@example.org", "gone@example.org", "full@example.org")));

    assertThat(thrown.getValidSentAddresses()).containsExactly(to("bob@example.org"));
    assertThat(thrown.getInvalidAddresses()).containsExactly(to("gone@example.org"));
    assertThat(thrown.getValidUnsentAddresses()).containsExactly(to("full@example.org"));
    assertThat(thrown.getClass())
        .isEqualTo(kind.isOurs() ? RedeliveryException.class : SMTPSendFailedException.class);
    assertThat(next(events))
        .isEqualTo("partial [bob@example.org] [full@example.org] [gone@example.org] same message");
    transport.close();
    assertThat(events).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void transportEvent_contentRefused_nobodyIsServed(TransportKind kind) throws Exception {
    server.on(Stage.END_OF_DATA).reply("554 5.6.0 message refused");
    Transport transport = transport(kind);
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    MimeMessage message = message();
    transport.addTransportListener(transportEvents(events, message));
    transport.connect();

    SendFailedException thrown =
        catchThrowableOfType(
            SendFailedException.class, () -> transport.sendMessage(message, to("bob@example.org")));

    // A plain transport calls a recipient of a refused message valid and unsent, as if to try again
    boolean refused = kind.isOurs();
    assertThat(text(thrown.getInvalidAddresses())).isEqualTo(refused ? "[bob@example.org]" : "[]");
    assertThat(text(thrown.getValidUnsentAddresses()))
        .isEqualTo(refused ? "[]" : "[bob@example.org]");
    assertThat(thrown).hasMessageContaining("554 5.6.0 message refused");
    assertThat(next(events))
        .isEqualTo(
            refused
                ? "not delivered [] [] [bob@example.org] same message"
                : "not delivered [] [bob@example.org] [] same message");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void ours_retriesOnANewConnection_fireOneEventOfEachKind(TransportKind kind) throws Exception {
    server.on(Stage.DATA).reset();
    Transport transport = transport(kind);
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    MimeMessage message = message();
    transport.addConnectionListener(connectionEvents(events));
    transport.addTransportListener(transportEvents(events, message));

    transport.connect();
    assertThat(next(events)).isEqualTo("opened");
    transport.sendMessage(message, to("bob@example.org"));
    assertThat(next(events)).isEqualTo("delivered [bob@example.org] [] [] same message");
    transport.close();

    assertThat(next(events)).isEqualTo("closed");
    assertThat(events).isEmpty();
    assertThat(server.connections()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void ours_manyAttempts_sendTheSameBytesAndLeaveTheMessageAlone(TransportKind kind)
      throws Exception {
    server.on(Stage.END_OF_DATA).reply("451 4.3.0 try again");
    Transport transport = connected(kind);
    MimeMessage message = message();
    List<String> headers = headers(message);

    transport.sendMessage(message, to("bob@example.org"));

    assertThat(server.rejected()).hasSize(1);
    assertThat(server.accepted()).hasSize(1);
    assertThat(server.accepted().get(0).content()).isEqualTo(server.rejected().get(0).content());
    assertThat(server.accepted().get(0).messageId()).contains(message.getMessageID());
    assertThat(headers(message)).isEqualTo(headers);
  }

  private static List<String> headers(MimeMessage message) throws MessagingException {
    List<String> lines = new ArrayList<>();
    message.getAllHeaderLines().asIterator().forEachRemaining(lines::add);
    return lines;
  }

  @ParameterizedTest
  @EnumSource
  void disabled_behavesAsPlain(TransportKind kind) throws Exception {
    Redeliverer off =
        Redeliverer.of(RetryPolicy.builder(Profile.INTERACTIVE).enabled(false).build());
    server.on(Stage.RCPT).reply("450 4.2.1 try again");
    server.on(Stage.QUIT).reset();
    Transport transport = kind.open(properties(server), off);
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    MimeMessage message = message();
    transport.addTransportListener(transportEvents(events, message));
    transport.connect();

    assertThatThrownBy(() -> transport.sendMessage(message, to("bob@example.org")))
        .isExactlyInstanceOf(SendFailedException.class)
        .hasMessageStartingWith("Invalid Addresses");
    assertThat(next(events)).isEqualTo("not delivered [] [bob@example.org] [] same message");
    assertThatThrownBy(transport::close).isInstanceOf(MessagingException.class);

    assertThat(server.commands("RCPT")).isEqualTo(1);
    assertThat(transport.isConnected()).isFalse();
  }

  /** Connecting before wrapping is as good as after. */
  @Test
  void wrapped_whenConnectedAlready_sends() throws Exception {
    Transport plain = connected(TransportKind.PLAIN);

    Transport transport = RetryingTransport.wrap(plain, redeliverer());
    transport.sendMessage(message(), to("bob@example.org"));
    transport.close();

    assertThat(plain.isConnected()).isFalse();
    assertThat(server.accepted()).hasSize(1);
    assertThat(server.connections()).isEqualTo(1);
  }

  /** Static send throws away an acceptance when QUIT fails, with a plain transport. */
  @ParameterizedTest
  @CsvSource({
    "PLAIN, reset, true",
    "PLAIN, stall, true",
    "BY_PROPERTY, reset, false",
    "BY_PROPERTY, stall, false",
    "BY_PROPERTY, close, false"
  })
  void staticSend_quitFailsAfterAcceptance(TransportKind kind, String fault, boolean throwing)
      throws Exception {
    switch (fault) {
      case "reset" -> server.on(Stage.QUIT).reset();
      case "stall" -> server.on(Stage.QUIT).stall();
      default -> server.on(Stage.QUIT).close();
    }
    MimeMessage message = unsaved(kind.session(properties(server), redeliverer()));

    if (throwing) {
      assertThatThrownBy(() -> Transport.send(message)).isInstanceOf(MessagingException.class);
    } else {
      Transport.send(message);
    }

    assertThat(server.copies(message.getMessageID(), "bob@example.org")).isEqualTo(1);
    assertThat(server.unused()).isEmpty();
  }

  /** And a refusal, too. */
  @Test
  void staticSend_refusedAndQuitFails_tellsOfTheRefusal() throws Exception {
    server.on(Stage.RCPT).reply("550 5.1.1 no such user");
    server.on(Stage.QUIT).reset();
    MimeMessage message =
        unsaved(TransportKind.BY_PROPERTY.session(properties(server), redeliverer()));

    SendFailedException thrown =
        catchThrowableOfType(SendFailedException.class, () -> Transport.send(message));

    assertThat(thrown.getInvalidAddresses()).containsExactly(to("bob@example.org"));
    assertThat(server.unused()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void close_releasesTheConnection(TransportKind kind) throws Exception {
    Transport transport = connected(kind);
    transport.close();

    assertThat(server.awaitConnectionsClosed(Duration.ofSeconds(5))).isTrue();
    assertThat(sent(server, "QUIT")).containsExactly("QUIT");
    assertThat(server.transcript())
        .extracting(TranscriptEntry::line)
        .noneMatch(line -> line.startsWith("lost"));
  }

  /** To be asked before closing: the library may lose events that nobody waited for by then. */
  private static String next(BlockingQueue<String> events) throws InterruptedException {
    return String.valueOf(events.poll(5, TimeUnit.SECONDS));
  }

  private static ConnectionAdapter connectionEvents(BlockingQueue<String> events) {
    return new ConnectionAdapter() {
      @Override
      public void opened(ConnectionEvent e) {
        events.add("opened");
      }

      @Override
      public void disconnected(ConnectionEvent e) {
        events.add("disconnected");
      }

      @Override
      public void closed(ConnectionEvent e) {
        events.add("closed");
      }
    };
  }

  private static TransportListener transportEvents(
      BlockingQueue<String> events, MimeMessage message) {
    return new TransportListener() {
      @Override
      public void messageDelivered(TransportEvent e) {
        add("delivered ", e);
      }

      @Override
      public void messageNotDelivered(TransportEvent e) {
        add("not delivered ", e);
      }

      @Override
      public void messagePartiallyDelivered(TransportEvent e) {
        add("partial ", e);
      }

      private void add(String kind, TransportEvent e) {
        events.add(
            kind
                + text(e.getValidSentAddresses())
                + " "
                + text(e.getValidUnsentAddresses())
                + " "
                + text(e.getInvalidAddresses())
                + (e.getMessage() == message ? " same message" : " another message"));
      }
    };
  }

  private static String text(Address @Nullable [] addresses) {
    return addresses == null ? "[]" : Arrays.toString(addresses);
  }

  @Test
  void addresses_inTheException_areTheApplicationsObjects() throws Exception {
    server.on(Stage.RCPT).always().reply("550 5.1.1 no such user");
    InternetAddress bob = new InternetAddress("bob@example.org", "Bob");
    Transport transport = connected(TransportKind.BY_PROPERTY);

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class, () -> transport.sendMessage(message(), new Address[] {bob}));

    assertThat(thrown.getInvalidAddresses()[0]).isSameAs(bob);
  }
}
