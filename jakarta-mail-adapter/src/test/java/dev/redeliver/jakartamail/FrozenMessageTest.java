package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.sent;
import static dev.redeliver.jakartamail.TransportKind.to;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is stored and read back is on the wire what the original would have been. */
@Timeout(20)
class FrozenMessageTest {
  private static final String[] EXTENSIONS = {
    "PIPELINING", "DSN", "AUTH PLAIN", "8BITMIME", "SMTPUTF8", "SIZE 1000000"
  };

  private final ScriptedSmtpServer server =
      ScriptedSmtpServer.builder().extensions(EXTENSIONS).open();
  private final Redeliverer redeliverer =
      Redeliverer.builder(RetryPolicy.of(Profile.BACKGROUND)).build();

  @AfterEach
  void close() {
    server.close();
  }

  /** One message, and the session that it is made for. */
  private interface Case {
    MimeMessage in(Properties properties) throws Exception;
  }

  /** A message with its name. */
  private record Named(String name, Case message) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Named> cases() {
    return Stream.of(
        new Named("plain", FrozenMessageTest::message),
        new Named("null sender", properties -> smtp(properties, "<>")),
        new Named("own sender", properties -> smtp(properties, "bounces@example.org")),
        new Named("own sender in brackets", properties -> smtp(properties, "<b@example.org>")),
        new Named("sender of the session", FrozenMessageTest::ofSession),
        new Named("all parameters", FrozenMessageTest::withAllParameters),
        new Named("never notified", FrozenMessageTest::neverNotified),
        new Named("8bit", FrozenMessageTest::eightBit),
        new Named("words outside ASCII", FrozenMessageTest::encoded),
        new Named("headers in UTF-8", FrozenMessageTest::utf8),
        new Named("blind copy", FrozenMessageTest::blindCopy),
        new Named("no Message-ID", FrozenMessageTest::withoutId),
        new Named("no author", FrozenMessageTest::withoutAuthor),
        new Named("author that cannot be read", FrozenMessageTest::badAuthor),
        new Named("bare line ends and dots", FrozenMessageTest::bare));
  }

  private static MimeMessage message(Properties properties) throws Exception {
    MimeMessage message = TransportKind.unsaved(Session.getInstance(properties));
    message.saveChanges();
    return message;
  }

  private static SMTPMessage smtp(Properties properties, String from) throws Exception {
    SMTPMessage message = new SMTPMessage(message(properties));
    message.setEnvelopeFrom(from);
    return message;
  }

  private static MimeMessage ofSession(Properties properties) throws Exception {
    properties.setProperty("mail.smtp.from", "list@example.org");
    return message(properties);
  }

  private static MimeMessage withAllParameters(Properties properties) throws Exception {
    SMTPMessage message = smtp(properties, "bounces@example.org");
    message.setNotifyOptions(SMTPMessage.NOTIFY_SUCCESS | SMTPMessage.NOTIFY_DELAY);
    message.setReturnOption(SMTPMessage.RETURN_HDRS);
    message.setSubmitter("alice@example.org");
    message.setMailExtension("ENVID=1");
    return message;
  }

  private static MimeMessage neverNotified(Properties properties) throws Exception {
    SMTPMessage message = new SMTPMessage(message(properties));
    message.setNotifyOptions(SMTPMessage.NOTIFY_NEVER);
    message.setReturnOption(SMTPMessage.RETURN_FULL);
    return message;
  }

  private static MimeMessage eightBit(Properties properties) throws Exception {
    MimeMessage text = TransportKind.unsaved(Session.getInstance(properties));
    text.setText("Gr\u00fc\u00dfe aus K\u00f6ln", "UTF-8");
    text.setHeader("Content-Transfer-Encoding", "quoted-printable");
    text.saveChanges();
    SMTPMessage message = new SMTPMessage(text);
    message.setAllow8bitMIME(true);
    return message;
  }

  private static MimeMessage encoded(Properties properties) throws Exception {
    MimeMessage message = TransportKind.unsaved(Session.getInstance(properties));
    message.setFrom(new InternetAddress("alice@example.org", "J\u00f6rg \u4e2d", "UTF-8"));
    message.setSubject("Gr\u00fc\u00dfe ".repeat(20), "UTF-8");
    message.saveChanges();
    return message;
  }

  private static MimeMessage utf8(Properties properties) throws Exception {
    properties.setProperty("mail.mime.allowutf8", "true");
    SMTPMessage message = new SMTPMessage(message(properties));
    message.setHeader("Subject", "Gr\u00fc\u00dfe");
    message.setHeader("From", "J\u00f6rg <j\u00f6rg@example.org>");
    message.setAllow8bitMIME(true);
    return message;
  }

  private static MimeMessage blindCopy(Properties properties) throws Exception {
    MimeMessage message = message(properties);
    message.setRecipients(Message.RecipientType.BCC, "eve@example.org");
    return message;
  }

  private static MimeMessage withoutId(Properties properties) throws Exception {
    MimeMessage message = message(properties);
    message.removeHeader("Message-ID");
    return message;
  }

  private static MimeMessage withoutAuthor(Properties properties) throws Exception {
    properties.setProperty("mail.user", "mallory");
    properties.setProperty("mail.host", "host.example.org");
    MimeMessage message = message(properties);
    message.removeHeader("From");
    return message;
  }

  private static MimeMessage badAuthor(Properties properties) throws Exception {
    MimeMessage message = withoutAuthor(properties);
    message.setHeader("From", "a@b@c, <");
    return message;
  }

  private static MimeMessage bare(Properties properties) throws Exception {
    String text = "From: alice@example.org\nTo: bob@example.org\n\n.dot\n..\nbare\n.";
    return new MimeMessage(
        Session.getInstance(properties), new ByteArrayInputStream(text.getBytes(US_ASCII)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void thawed_isOnTheWireAsTheOriginal(Named each) throws Exception {
    Properties properties = TransportKind.properties(server);
    MimeMessage message = each.message().in(properties);
    FrozenMessage frozen = FrozenMessage.of(message);
    try (MailSender sender =
        MailSender.builder(Session.getInstance(properties)).redeliverer(redeliverer).build()) {
      assertThat(sender.send(message).join().isComplete()).isTrue();
    }
    Wire original = wire();
    server.reset();
    message.setSubject("changed");

    FrozenMessage thawed =
        FrozenMessage.thaw(
            frozen.content().clone(), frozen.envelope(), Map.copyOf(frozen.parameters()));
    carry(properties, thawed);

    assertThat(wire()).isEqualTo(original);
    assertThat(thawed.parameters()).isEqualTo(frozen.parameters());
    if (frozen.parameters().containsKey("8bitmime")) {
      assertThat(original.content()).contains("Gr\u00fc\u00dfe");
    } else {
      assertThat((long) server.accepted().get(0).content().length).isEqualTo(thawed.size());
    }
  }

  /** What a server sees of a message. */
  private record Wire(List<String> mail, List<String> recipients, String content) {}

  private Wire wire() {
    assertThat(server.accepted()).hasSize(1);
    return new Wire(sent(server, "MAIL"), sent(server, "RCPT"), server.accepted().get(0).text());
  }

  private void carry(Properties properties, FrozenMessage message) {
    try (Courier courier = Courier.of(Session.getInstance(properties), redeliverer)) {
      Delivery delivery = redeliverer.begin(message.envelope());
      assertThat(courier.carry(message, delivery).delay()).isEmpty();
      assertThat(delivery.finish().with(Outcome.ACCEPTED)).isNotEmpty();
    }
  }

  @Test
  void parameters_areThoseThatAreSet_inTheirOrder() throws Exception {
    Properties properties = new Properties();
    assertThat(FrozenMessage.of(message(properties)).parameters())
        .containsOnly(Map.entry("author", "alice@example.org"));
    assertThat(FrozenMessage.of(eightBit(properties)).parameters())
        .containsExactly(Map.entry("author", "alice@example.org"), Map.entry("8bitmime", "true"));
    assertThat(FrozenMessage.of(withAllParameters(properties)).parameters())
        .containsExactly(
            Map.entry("from", "bounces@example.org"),
            Map.entry("notify", "success,delay"),
            Map.entry("ret", "hdrs"),
            Map.entry("submitter", "alice@example.org"),
            Map.entry("mail-extension", "ENVID=1"));
    assertThat(FrozenMessage.of(neverNotified(properties)).parameters())
        .containsEntry("notify", "never")
        .containsEntry("ret", "full");
    assertThat(FrozenMessage.of(smtp(properties, "<>")).parameters()).containsEntry("from", "<>");
    properties.setProperty("mail.mime.allowutf8", "true");
    assertThat(FrozenMessage.of(message(properties)).parameters()).containsEntry("utf8", "true");
  }

  @Test
  void sender_ofSmtps_isTheOneOfThatProtocol() throws Exception {
    Properties properties = new Properties();
    properties.setProperty("mail.transport.protocol", "smtps");
    properties.setProperty("mail.smtp.from", "no@example.org");
    properties.setProperty("mail.smtps.from", "yes@example.org");

    assertThat(FrozenMessage.of(message(properties)).parameters())
        .containsOnly(Map.entry("from", "yes@example.org"));
  }

  /** The message's session says nothing: then the one that sends does, as ever. */
  @Test
  void sender_ofTheSessionThatSends_isUsedIfTheMessageHasNone() throws Exception {
    Properties properties = TransportKind.properties(server);
    properties.setProperty("mail.smtp.from", "list@example.org");

    carry(properties, FrozenMessage.of(message(new Properties())));

    assertThat(server.accepted())
        .extracting(ReceivedMessage::mailFrom)
        .containsExactly("list@example.org");
  }

  @Test
  void sender_thatCannotGoOverTheWire_isRefusedHere() throws Exception {
    FrozenMessage message =
        FrozenMessage.of(smtp(new Properties(), "\u0161imon@example.org"), to("bob@example.org"));
    try (Courier courier =
        Courier.of(Session.getInstance(TransportKind.properties(server)), redeliverer)) {
      Delivery delivery = redeliverer.begin(message.envelope());
      assertThat(courier.carry(message, delivery).delay()).isEmpty();
      assertThat(delivery.finish().describe())
          .contains("sender: the address has non-ASCII characters, and SMTPUTF8");
    }
    assertThat(server.commands("MAIL")).isZero();
  }

  @Test
  void of_checksAsEveryTransportDoes() throws Exception {
    MimeMessage message = message(new Properties());

    assertThatThrownBy(() -> FrozenMessage.of(message, new Address[0]))
        .isInstanceOf(SendFailedException.class)
        .hasMessage("No recipient addresses");
    message.setRecipients(Message.RecipientType.TO, (Address[]) null);
    assertThatThrownBy(() -> FrozenMessage.of(message))
        .isInstanceOf(SendFailedException.class)
        .hasMessage("No recipient addresses");
    FrozenMessage grouped =
        FrozenMessage.of(
            message,
            InternetAddress.parse("friends: bob@example.org, carol@example.org;, bob@EXAMPLE.org"));
    assertThat(grouped.envelope().recipients()).hasToString("[bob@example.org, carol@example.org]");
    assertThat(grouped.envelope().messageId()).isEqualTo(message.getMessageID());
  }

  @Test
  void of_messageNeverSaved_isSavedAndHasAnId() throws Exception {
    MimeMessage message = TransportKind.unsaved(Session.getInstance(new Properties()));
    FrozenMessage frozen = FrozenMessage.of(message);

    assertThat(frozen.envelope().messageId()).isNotEmpty().isEqualTo(message.getMessageID());
    assertThat(new String(frozen.content(), UTF_8)).contains(message.getMessageID());
  }

  @Test
  void unknownOutcome_isReadAndNotSent() throws Exception {
    MimeMessage message = message(new Properties());
    message.setHeader("X-Redeliver-Unknown-Outcome", "report");
    FrozenMessage frozen = FrozenMessage.of(message);

    assertThat(frozen.envelope().unknownOutcome()).contains(UnknownOutcome.REPORT);
    assertThat(new String(frozen.content(), UTF_8)).doesNotContain("X-Redeliver");
    message.setHeader("X-Redeliver-Unknown-Outcome", "never");
    assertThatThrownBy(() -> FrozenMessage.of(message))
        .hasMessage(
            "X-Redeliver-Unknown-Outcome: 'never' is not one of: resend, report; nothing was sent");
  }

  @Test
  void withRecipients_isForThoseOnly_andSharesTheOctets() throws Exception {
    FrozenMessage all =
        FrozenMessage.of(message(new Properties()), to("bob@example.org", "carol@example.org"));
    FrozenMessage some =
        all.withRecipients(Envelope.of(all.envelope().messageId(), List.of("carol@example.org")));

    assertThat(some.content()).isSameAs(all.content());
    carry(TransportKind.properties(server), some);
    assertThat(server.accepted())
        .extracting(ReceivedMessage::recipients)
        .containsExactly(List.of("carol@example.org"));
  }

  @Test
  void thaw_whatANewerVersionWrote_isRefused() throws Exception {
    refused(
        Map.of("priority", "1"),
        "parameter 'priority' is not one of: from, author, notify, ret, 8bitmime, submitter,"
            + " mail-extension, utf8; a newer version may have written it");
    refused(
        Map.of("notify", "success,relayed"),
        "parameter 'notify' must be never, or a list of success, failure, delay, but is"
            + " 'success,relayed'");
    refused(Map.of("ret", "half"), "parameter 'ret' must be full or hdrs, but is 'half'");
    refused(Map.of("utf8", "false"), "parameter 'utf8' must be true, but is 'false'");
  }

  private static void refused(Map<String, String> parameters, String message) {
    assertThatThrownBy(
            () ->
                FrozenMessage.thaw(
                    new byte[0], Envelope.of("", List.of("bob@example.org")), parameters))
        .isExactlyInstanceOf(MessagingException.class)
        .hasMessage(message);
  }

  @Test
  void toString_showsNoContentAndNoAddress() throws Exception {
    FrozenMessage message = FrozenMessage.of(message(new Properties()));

    assertThat(message)
        .hasToString(
            "FrozenMessage["
                + message.envelope().messageId()
                + ", "
                + message.content().length
                + " octets]");
  }
}
