package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.sent;
import static dev.redeliver.jakartamail.TransportKind.to;
import static dev.redeliver.jakartamail.TransportKind.unsaved;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Address;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who gets the message, and who is told what, through every path: both transports, with and without
 * PIPELINING, whatever the application says about partial sending.
 */
class EnvelopeTest {
  /** One way to send. */
  private record Path(TransportKind kind, boolean pipelining, String sendPartial) {}

  private ScriptedSmtpServer server = ScriptedSmtpServer.open();

  @AfterEach
  void close() {
    assertThat(server.failures()).isEmpty();
    server.close();
  }

  static Stream<Path> paths() {
    return Stream.of("", "true", "false")
        .flatMap(
            partial ->
                Stream.of(
                    new Path(TransportKind.WRAPPED, false, partial),
                    new Path(TransportKind.BY_PROPERTY, false, partial),
                    new Path(TransportKind.BY_PROPERTY, true, partial)));
  }

  private Properties open(Path path, String... extensions) {
    server.close();
    List<String> offered = new ArrayList<>(List.of(extensions));
    if (path.pipelining()) {
      offered.add("PIPELINING");
    }
    server = ScriptedSmtpServer.builder().extensions(offered.toArray(String[]::new)).open();
    Properties properties = properties(server);
    properties.setProperty("mail.smtp.timeout", "10000");
    if (!path.sendPartial().isEmpty()) {
      properties.setProperty("mail.smtp.sendpartial", path.sendPartial());
    }
    return properties;
  }

  private static Transport connected(Path path, Properties properties, int attempts)
      throws Exception {
    Redeliverer redeliverer =
        Redeliverer.builder(RetryPolicy.builder(Profile.BACKGROUND).maxAttempts(attempts).build())
            .waiter(delay -> {})
            .build();
    Transport transport = path.kind().open(properties, redeliverer);
    transport.connect();
    return transport;
  }

  private static MimeMessage message(Properties properties) throws Exception {
    MimeMessage message = unsaved(Session.getInstance(properties));
    message.saveChanges();
    return message;
  }

  private static Address[] numbered(int count) {
    return to(
        IntStream.range(0, count).mapToObj(i -> "r" + i + "@example.org").toArray(String[]::new));
  }

  @ParameterizedTest
  @MethodSource("paths")
  void mixedVerdicts_goodOnesGetItOnceAndBadOnesAreAskedOnce(Path path) throws Exception {
    Properties properties = open(path);
    server.on(Stage.RCPT).to("r1@example.org").always().reply("550 5.1.1 nobody");
    server.on(Stage.RCPT).to("r3@example.org").reply("450 4.2.1 busy");
    server.on(Stage.RCPT).to("r4@example.org").always().reply("552 5.2.2 full");
    Transport transport = connected(path, properties, 3);
    MimeMessage message = message(properties);

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class, () -> transport.sendMessage(message, numbered(5)));

    assertThat(thrown.getInvalidAddresses()).contains(to("r1@example.org"));
    assertThat(thrown.getValidSentAddresses())
        .containsExactly(to("r0@example.org", "r2@example.org", "r3@example.org"));
    for (int i : new int[] {0, 2, 3}) {
      assertThat(server.copies(message.getMessageID(), "r" + i + "@example.org")).isEqualTo(1);
    }
    assertThat(sent(server, "RCPT")).filteredOn(line -> line.contains("r1@")).hasSize(1);
    assertThat(sent(server, "RCPT")).filteredOn(line -> line.contains("r0@")).hasSize(1);
    assertThat(server.connections()).isEqualTo(1);
  }

  /** One counted attempt is allowed, and four transactions are needed. */
  @ParameterizedTest
  @MethodSource("paths")
  void tooManyRecipients_theRestFollowsAtOnce(Path path) throws Exception {
    Properties properties = open(path);
    server
        .on(Stage.RCPT)
        .when(exchange -> exchange.recipients().size() >= 2)
        .always()
        .reply("452 4.5.3 too many recipients");
    MimeMessage message = message(properties);

    connected(path, properties, 1).sendMessage(message, numbered(7));

    assertThat(server.accepted()).hasSize(4);
    assertThat(server.accepted().stream().flatMap(copy -> copy.recipients().stream()))
        .containsExactlyInAnyOrder(
            IntStream.range(0, 7).mapToObj(i -> "r" + i + "@example.org").toArray(String[]::new));
    assertThat(server.connections()).isEqualTo(1);
  }

  static Stream<Path> transports() {
    return paths().filter(path -> path.sendPartial().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("transports")
  void fiveThousand_eachHasItsOwnOutcome(Path path) throws Exception {
    Properties properties = open(path);
    server
        .on(Stage.RCPT)
        .when(exchange -> exchange.recipients().size() >= 1000)
        .always()
        .reply("452 4.5.3 too many recipients");
    server
        .on(Stage.RCPT)
        .when(exchange -> exchange.recipient().orElse("").contains("7@"))
        .always()
        .reply("550 5.1.1 nobody");
    Transport transport = connected(path, properties, 2);
    MimeMessage message = message(properties);

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class, () -> transport.sendMessage(message, numbered(5000)));

    DeliveryReport report = thrown.report();
    assertThat(report.with(Outcome.ACCEPTED)).hasSize(4500);
    assertThat(report.with(Outcome.REFUSED)).hasSize(500);
    assertThat(report.with(Outcome.REFUSED))
        .extracting(recipient -> recipient.recipient().address())
        .allMatch(address -> address.contains("7@"));
    assertThat(server.accepted().stream().flatMap(copy -> copy.recipients().stream()))
        .hasSize(4500)
        .doesNotHaveDuplicates();
    assertThat(thrown.toString().length()).isLessThan(5000);
  }

  @ParameterizedTest
  @MethodSource("paths")
  void duplicates_areOneRecipient(Path path) throws Exception {
    Properties properties = open(path);
    server.on(Stage.RCPT).to("bob@example.org").reply("451 4.3.0 not now");
    MimeMessage message = message(properties);

    connected(path, properties, 2)
        .sendMessage(message, to("bob@example.org", "carol@example.org", "bob@EXAMPLE.org"));

    assertThat(server.copies(message.getMessageID(), "bob@example.org")).isEqualTo(1);
    assertThat(server.copies(message.getMessageID(), "carol@example.org")).isEqualTo(1);
    assertThat(sent(server, "RCPT")).hasSize(3);
  }

  @ParameterizedTest
  @MethodSource("paths")
  void nullSender_ofTheMessageOrTheSession_isSent(Path path) throws Exception {
    Properties properties = open(path);
    SMTPMessage message = new SMTPMessage(message(properties));
    message.setEnvelopeFrom("<>");
    connected(path, properties, 1).sendMessage(message, numbered(1));
    properties.setProperty("mail.smtp.from", "<>");
    connected(path, properties, 1).sendMessage(message(properties), numbered(1));

    assertThat(server.accepted()).extracting(ReceivedMessage::mailFrom).containsExactly("", "");
  }

  @ParameterizedTest
  @MethodSource("paths")
  void envelopeSender_isNotTheAuthor(Path path) throws Exception {
    Properties properties = open(path);
    properties.setProperty("mail.smtp.from", "list@example.org");
    SMTPMessage own = new SMTPMessage(message(properties));
    own.setEnvelopeFrom("bounces@example.org");

    Transport transport = connected(path, properties, 1);
    transport.sendMessage(message(properties), numbered(1));
    transport.sendMessage(own, numbered(1));

    assertThat(server.accepted())
        .extracting(ReceivedMessage::mailFrom)
        .containsExactly("list@example.org", "bounces@example.org");
    assertThat(server.accepted().get(1).header("From")).contains("alice@example.org");
  }

  /** The library would write other characters. */
  @ParameterizedTest
  @MethodSource("paths")
  void senderOfTheSession_outsideAscii_isRefusedHereUnlessSmtpUtf8(Path path) throws Exception {
    Properties properties = open(path, "SMTPUTF8");
    properties.setProperty("mail.smtp.from", "\u0161imon@example.org");
    MimeMessage message = message(properties);
    Transport transport = connected(path, properties, 2);

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class, () -> transport.sendMessage(message, numbered(2)));

    assertThat(thrown)
        .hasMessageContaining("sender: the address has non-ASCII characters, and SMTPUTF8");
    assertThat(sent(server, "MAIL")).isEmpty();
    transport.close();

    properties.setProperty("mail.mime.allowutf8", "true");
    connected(path, properties, 1).sendMessage(message(properties), numbered(2));
    assertThat(sent(server, "MAIL")).containsExactly("MAIL FROM:<\u0161imon@example.org> SMTPUTF8");
  }

  @ParameterizedTest
  @MethodSource("paths")
  void smtpUtf8_addressesOfAnyScript_haveTheirOwnOutcome(Path path) throws Exception {
    Properties properties = open(path, "SMTPUTF8");
    properties.setProperty("mail.mime.allowutf8", "true");
    server.on(Stage.RCPT).to("\u4e2d@example.org").always().reply("550 5.1.1 nobody");
    Transport transport = connected(path, properties, 2);
    MimeMessage message = message(properties);

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class,
            () ->
                transport.sendMessage(
                    message,
                    to("j\u00f6rg@b\u00fccher.example", "\u4e2d@example.org", "bob@example.org")));

    assertThat(thrown.getInvalidAddresses()).containsExactly(to("\u4e2d@example.org"));
    assertThat(server.accepted().get(0).recipients())
        .containsExactly("j\u00f6rg@b\u00fccher.example", "bob@example.org");
  }

  /** Kept over all attempts, for exactly those who still need the message. */
  @ParameterizedTest
  @MethodSource("paths")
  void dsnOptions_areTheSameInEveryAttempt(Path path) throws Exception {
    Properties properties = open(path, "DSN", "AUTH PLAIN");
    server.on(Stage.RCPT).to("r0@example.org").reply("450 4.2.1 busy");
    SMTPMessage message = new SMTPMessage(message(properties));
    message.setNotifyOptions(SMTPMessage.NOTIFY_SUCCESS | SMTPMessage.NOTIFY_FAILURE);
    message.setReturnOption(SMTPMessage.RETURN_FULL);
    message.setSubmitter("alice@example.org");
    message.setMailExtension("ENVID=1");

    connected(path, properties, 2).sendMessage(message, numbered(2));

    assertThat(sent(server, "MAIL"))
        .hasSize(2)
        .containsOnly("MAIL FROM:<alice@example.org> RET=FULL AUTH=alice@example.org ENVID=1");
    assertThat(sent(server, "RCPT"))
        .containsExactly(
            "RCPT TO:<r0@example.org> NOTIFY=SUCCESS,FAILURE",
            "RCPT TO:<r1@example.org> NOTIFY=SUCCESS,FAILURE",
            "RCPT TO:<r0@example.org> NOTIFY=SUCCESS,FAILURE");
  }

  @ParameterizedTest
  @MethodSource("paths")
  void everybodyRefused_nobodyIsAskedAgain(Path path) throws Exception {
    Properties properties = open(path);
    server.on(Stage.RCPT).always().reply("550 5.1.1 nobody");
    Transport transport = connected(path, properties, 3);
    MimeMessage message = message(properties);

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class, () -> transport.sendMessage(message, numbered(3)));

    assertThat(thrown.getInvalidAddresses()).hasSize(3);
    assertThat(thrown.report().recipients())
        .extracting(RecipientReport::outcome)
        .containsOnly(Outcome.REFUSED);
    assertThat(sent(server, "RCPT")).hasSize(3);
    assertThat(server.accepted()).isEmpty();
    assertThat(server.rejected()).isEmpty();
  }
}
