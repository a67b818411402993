package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import dev.redeliver.testkit.TranscriptEntry;
import jakarta.mail.Address;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.URLName;
import jakarta.mail.event.ConnectionEvent;
import jakarta.mail.event.ConnectionListener;
import jakarta.mail.event.TransportEvent;
import jakarta.mail.event.TransportListener;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Both transports behave as a plain one does, wherever a caller of {@link Transport} can tell. */
class TransportBehaviourTest {
  /** The plain transport, and ours. */
  private enum Kind {
    PLAIN,
    WRAPPED,
    BY_PROPERTY
  }

  private final ScriptedSmtpServer server =
      ScriptedSmtpServer.builder()
          .with("AUTH PLAIN LOGIN")
          .credentials("alice", "open sesame")
          .open();
  private final Redeliverer redeliverer =
      Redeliverer.builder(RetryPolicy.builder(Profile.INTERACTIVE).maxAttempts(2).build())
          .waiter(delay -> {})
          .build();

  @AfterEach
  void close() {
    server.close();
  }

  private Session session(Kind kind) {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", server.host());
    properties.setProperty("mail.smtp.port", Integer.toString(server.port()));
    properties.setProperty("mail.smtp.timeout", "2000");
    properties.setProperty("mail.smtp.localhost", "client.example.org");
    if (kind == Kind.BY_PROPERTY) {
      properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    }
    Session session = Session.getInstance(properties);
    SessionRedeliverers.set(session, redeliverer);
    return session;
  }

  private Transport transport(Kind kind) throws Exception {
    Transport transport = session(kind).getTransport("smtp");
    return kind == Kind.WRAPPED ? RetryingTransport.wrap(transport, redeliverer) : transport;
  }

  private MimeMessage message() throws Exception {
    MimeMessage message = new MimeMessage(session(Kind.PLAIN));
    message.setFrom(new InternetAddress("alice@example.org"));
    message.setRecipients(MimeMessage.RecipientType.BCC, "secret@example.org");
    message.setText("Hello");
    message.saveChanges();
    return message;
  }

  private static Address[] to(String... addresses) throws Exception {
    List<Address> all = new ArrayList<>();
    for (String address : addresses) {
      all.add(new InternetAddress(address));
    }
    return all.toArray(Address[]::new);
  }

  private List<String> sent(String verb) {
    return server.transcript().stream()
        .map(TranscriptEntry::line)
        .filter(line -> line.startsWith(verb))
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void connect_anyOverload_connects(Kind kind) throws Exception {
    for (int overload = 0; overload < 4; overload++) {
      Transport transport = transport(kind);
      switch (overload) {
        case 0 -> transport.connect();
        case 1 -> transport.connect("alice", "open sesame");
        case 2 -> transport.connect(server.host(), "alice", "open sesame");
        default -> transport.connect(server.host(), server.port(), "alice", "open sesame");
      }
      assertThat(transport.isConnected()).isTrue();
      transport.close();
      assertThat(transport.isConnected()).isFalse();
    }
    assertThat(server.connections()).isEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource
  void connect_wrongPassword_isRefusedAsUsual(Kind kind) throws Exception {
    Transport transport = transport(kind);

    assertThatThrownBy(() -> transport.connect("alice", "wrong"))
        .isInstanceOf(AuthenticationFailedException.class)
        .hasMessageNotContaining("wrong");
    assertThat(server.commands("AUTH")).isEqualTo(1);
    assertThat(transport.isConnected()).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void connect_twice_isRefused(Kind kind) throws Exception {
    Transport transport = transport(kind);
    transport.connect();

    assertThatThrownBy(transport::connect)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("already connected");
  }

  @ParameterizedTest
  @EnumSource
  void close_twiceAndBeforeConnect_isQuiet(Kind kind) throws Exception {
    Transport transport = transport(kind);
    transport.close();
    transport.connect();
    transport.close();
    transport.close();
    transport.connect();
    transport.sendMessage(message(), to("bob@example.org"));
    transport.close();

    assertThat(server.accepted()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void sendMessage_notConnected_isRefused(Kind kind) throws Exception {
    Transport transport = transport(kind);

    assertThatThrownBy(() -> transport.sendMessage(message(), to("bob@example.org")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Not connected");
  }

  @ParameterizedTest
  @EnumSource
  void sendMessage_noRecipients_isRefused(Kind kind) throws Exception {
    Transport transport = transport(kind);
    transport.connect();

    assertThatThrownBy(() -> transport.sendMessage(message(), new Address[0]))
        .isInstanceOf(SendFailedException.class)
        .hasMessage("No recipient addresses");
  }

  @ParameterizedTest
  @EnumSource
  void listeners_hearOneEventOfEachKind(Kind kind) throws Exception {
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    Transport transport = transport(kind);
    transport.addConnectionListener(connectionEvents(events));
    transport.addTransportListener(transportEvents(events));
    server.on(Stage.RCPT).to("gone@example.org").always().reply("550 5.1.1 no such user");

    transport.connect();
    assertThat(next(events)).isEqualTo("opened");
    transport.sendMessage(message(), to("bob@example.org"));
    assertThat(next(events)).isEqualTo("delivered 1 0 0");
    assertThatThrownBy(() -> transport.sendMessage(message(), to("gone@example.org")))
        .isInstanceOf(SendFailedException.class);
    assertThat(next(events)).isEqualTo("not delivered 0 0 1");
    transport.close();
    assertThat(next(events)).isEqualTo("closed");
    assertThat(events).isEmpty();
  }

  private static String next(BlockingQueue<String> events) throws InterruptedException {
    return String.valueOf(events.poll(5, TimeUnit.SECONDS));
  }

  private static ConnectionListener connectionEvents(BlockingQueue<String> events) {
    return new ConnectionListener() {
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

  private static TransportListener transportEvents(BlockingQueue<String> events) {
    return new TransportListener() {
      @Override
      public void messageDelivered(TransportEvent e) {
        events.add("delivered " + counts(e));
      }

      @Override
      public void messageNotDelivered(TransportEvent e) {
        events.add("not delivered " + counts(e));
      }

      @Override
      public void messagePartiallyDelivered(TransportEvent e) {
        events.add("partially " + counts(e));
      }
    };
  }

  private static String counts(TransportEvent e) {
    return count(e.getValidSentAddresses())
        + " "
        + count(e.getValidUnsentAddresses())
        + " "
        + count(e.getInvalidAddresses());
  }

  private static int count(Address @org.jspecify.annotations.Nullable [] addresses) {
    return addresses == null ? 0 : addresses.length;
  }

  @ParameterizedTest
  @EnumSource
  void sendMessage_groupAndBcc_expandsAndHides(Kind kind) throws Exception {
    Transport transport = transport(kind);
    transport.connect();
    MimeMessage message = message();
    String id = message.getMessageID();

    transport.sendMessage(
        message, InternetAddress.parseHeader("team: a@x.example, b@x.example;", true));

    assertThat(sent("RCPT")).containsExactly("RCPT TO:<a@x.example>", "RCPT TO:<b@x.example>");
    assertThat(server.accepted().get(0).text()).doesNotContain("secret@example.org");
    assertThat(message.getMessageID()).isEqualTo(id);
    assertThat(server.accepted().get(0).messageId()).contains(id);
  }

  @ParameterizedTest
  @EnumSource
  void sendMessage_envelopeSenderOfSmtpMessage_isKept(Kind kind) throws Exception {
    Transport transport = transport(kind);
    transport.connect();
    SMTPMessage message = new SMTPMessage(message());
    message.setEnvelopeFrom("bounces@example.org");

    transport.sendMessage(message, to("bob@example.org"));

    assertThat(sent("MAIL"))
        .singleElement()
        .asString()
        .startsWith("MAIL FROM:<bounces@example.org>");
  }

  @ParameterizedTest
  @EnumSource
  void urlName_afterConnect_hasNoPassword(Kind kind) throws Exception {
    Transport transport = transport(kind);
    transport.connect("alice", "open sesame");

    URLName url = transport.getURLName();

    assertThat(url.getUsername()).isEqualTo("alice");
    assertThat(url.getPassword()).isNull();
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void ours_partlyRefused_hasTheRightArrays(Kind kind) throws Exception {
    server.on(Stage.RCPT).to("gone@example.org").always().reply("550 5.1.1 no such user");
    server.on(Stage.RCPT).to("full@example.org").always().reply("452 4.2.2 mailbox full");
    Transport transport = transport(kind);
    transport.connect();

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class,
            () ->
                transport.sendMessage(
                    message(), to("bob@example.org", "gone@example.org", "full@example.org")));

    assertThat(thrown.getValidSentAddresses()).containsExactly(to("bob@example.org"));
    assertThat(thrown.getInvalidAddresses()).containsExactly(to("gone@example.org"));
    assertThat(thrown.getValidUnsentAddresses()).containsExactly(to("full@example.org"));
    assertThat(thrown.report().laterTry()).isPresent();
  }

  @Test
  void staticSend_quitFailsAfterAcceptance_isSuccess() throws Exception {
    server.on(Stage.QUIT).reset();
    MimeMessage message = new MimeMessage(session(Kind.BY_PROPERTY));
    message.setFrom(new InternetAddress("alice@example.org"));
    message.setRecipients(MimeMessage.RecipientType.TO, "bob@example.org");
    message.setText("Hello");

    Transport.send(message);

    assertThat(server.accepted()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void ours_serverClosedTheIdleConnection_goesOnAtOnce(Kind kind) throws Exception {
    Transport transport = transport(kind);
    transport.connect();
    transport.sendMessage(message(), to("bob@example.org"));
    server.disconnectAll("421 4.4.2 timeout exceeded");

    transport.sendMessage(message(), to("carol@example.org"));

    assertThat(server.accepted()).hasSize(2);
    assertThat(server.connections()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void ours_authentication454_isTriedAgain(Kind kind) throws Exception {
    server.on(Stage.AUTH).then(SmtpAction.reply("454 4.7.0 Temporary authentication failure"));
    Transport transport = transport(kind);

    transport.connect("alice", "open sesame");

    assertThat(transport.isConnected()).isTrue();
    assertThat(server.commands("AUTH")).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void ours_nonAsciiLocalPart_isRefusedHereNotRewritten(Kind kind) throws Exception {
    Transport transport = transport(kind);
    transport.connect();
    InternetAddress address = new InternetAddress();
    address.setAddress("\u0161imon@example.org");

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class,
            () -> transport.sendMessage(message(), new Address[] {address}));

    assertThat(thrown.getInvalidAddresses()).containsExactly(address);
    assertThat(sent("RCPT")).isEmpty();
  }

  @Test
  void unwrap_givesTheWrappedTransport() throws Exception {
    RetryingTransport transport = (RetryingTransport) transport(Kind.WRAPPED);

    assertThat(transport.unwrap(SMTPTransport.class)).isSameAs(transport.unwrap());
    assertThatThrownBy(() -> transport.unwrap(RedeliverSmtpTransport.class))
        .hasMessageContaining("not a dev.redeliver.jakartamail.RedeliverSmtpTransport");
    assertThatThrownBy(() -> RetryingTransport.wrap(transport, redeliverer))
        .hasMessageContaining("already retries");
  }

  @Test
  void properties_bad_areAllNamedAtConnect() throws Exception {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    properties.setProperty("redeliver.profil", "x");
    properties.setProperty("redeliver.retry.jitter", "2");
    Transport transport = Session.getInstance(properties).getTransport("smtp");

    assertThatThrownBy(transport::connect)
        .isInstanceOf(MessagingException.class)
        .hasMessageContaining("redeliver.profil: unknown key. Did you mean redeliver.profile?")
        .hasMessageContaining("redeliver.retry.jitter: '2' is not from 0");
    transport.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void ours_manyRefused_staysPrintable(Kind kind) throws Exception {
    server.on(Stage.RCPT).always().reply("550 5.1.1 no such user");
    Transport transport = transport(kind);
    transport.connect();
    String[] many =
        IntStream.range(0, 300).mapToObj(i -> "r" + i + "@x.example").toArray(String[]::new);

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class, () -> transport.sendMessage(message(), to(many)));

    assertThat(thrown.getInvalidAddresses()).hasSize(300);
    assertThat(thrown.toString().length()).isLessThan(2000);
  }

  @Test
  void sessions_configuredAlike_shareADeliverer() throws Exception {
    Properties one = new Properties();
    one.setProperty("redeliver.name", "shared");
    Properties other = new Properties(one);
    Properties different = new Properties();
    different.setProperty("redeliver.name", "different");

    Redeliverer first = SessionRedeliverers.of(Session.getInstance(one));

    assertThat(SessionRedeliverers.of(Session.getInstance(other))).isSameAs(first);
    assertThat(SessionRedeliverers.of(Session.getInstance(different))).isNotSameAs(first);
  }

  @Test
  void nothing_changesUntilTheClassIsNamed() throws Exception {
    assertThat(Session.getInstance(new Properties()).getTransport("smtp").getClass())
        .isEqualTo(SMTPTransport.class);
    assertThat(session(Kind.BY_PROPERTY).getTransport()).isInstanceOf(RedeliverSmtpTransport.class);
    assertThat(session(Kind.BY_PROPERTY).getTransport(new InternetAddress("bob@example.org")))
        .isInstanceOf(RedeliverSmtpTransport.class);
  }
}
