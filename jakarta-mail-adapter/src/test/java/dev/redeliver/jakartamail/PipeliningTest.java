package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.message;
import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.sent;
import static dev.redeliver.jakartamail.TransportKind.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Address;
import jakarta.mail.SendFailedException;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands in groups (RFC 2920): every answer is that of its own command, whatever comes. */
class PipeliningTest {
  private final ScriptedSmtpServer server =
      ScriptedSmtpServer.builder().with("PIPELINING", "DSN", "AUTH PLAIN").open();

  @AfterEach
  void close() {
    assertThat(server.failures()).isEmpty();
    server.close();
  }

  private static Redeliverer attempts(int max, boolean pipelining) {
    return Redeliverer.builder(
            RetryPolicy.builder(Profile.INTERACTIVE)
                .maxAttempts(max)
                .pipelining(pipelining)
                .build())
        .waiter(delay -> {})
        .build();
  }

  private static Transport connected(Properties properties, Redeliverer redeliverer)
      throws Exception {
    Transport transport = TransportKind.BY_PROPERTY.open(properties, redeliverer);
    transport.connect();
    return transport;
  }

  private Transport connected() throws Exception {
    return connected(properties(server), attempts(2, true));
  }

  private static RedeliveryException failing(Transport transport, Address... to) {
    RedeliveryException thrown =
        catchThrowableOfType(RedeliveryException.class, () -> transport.sendMessage(message(), to));
    assertThat(thrown).isNotNull();
    return thrown;
  }

  private static Address[] many(int count) {
    return to(
        IntStream.range(0, count).mapToObj(i -> "r" + i + "@example.org").toArray(String[]::new));
  }

  private static String why(RecipientReport recipient) {
    return recipient.history().get(0).failure().map(SmtpFailure::describe).orElse("");
  }

  /** It would wait for ever if the client waited for an answer before DATA. */
  @Test
  void group_isSentBeforeAnyAnswer() throws Exception {
    try (RawServer lazy =
        new RawServer(
            (line, connection) -> {
              line.greet("PIPELINING");
              List<String> commands = new ArrayList<>();
              while (commands.isEmpty() || !commands.get(commands.size() - 1).equals("DATA")) {
                commands.add(line.read());
              }
              line.say(Collections.nCopies(commands.size() - 1, "250 ok").toArray(String[]::new));
              line.say("354 go");
              line.content();
              line.say("250 queued");
              line.read();
            })) {
      connected(lazy.properties(), attempts(1, true)).sendMessage(message(), many(50));
    }
  }

  @ParameterizedTest
  @CsvSource({"true, true", "false, false"})
  void switchedOff_oneCommandAtATime(boolean on, boolean grouped) throws Exception {
    List<Boolean> more = Collections.synchronizedList(new ArrayList<>());
    try (RawServer watching =
        new RawServer(
            (line, connection) -> {
              line.greet("PIPELINING");
              line.read();
              more.add(line.hasMore());
              line.say("250 ok");
              line.read();
              line.say("250 ok");
              line.read();
              line.say("354 go");
              line.content();
              line.say("250 queued");
            })) {
      connected(watching.properties(), attempts(1, on))
          .sendMessage(message(), to("bob@example.org"));
    }
    assertThat(more).containsExactly(grouped);
  }

  @Test
  void group_isOneWrite_andSoIsTheContent() throws Exception {
    List<String> writes = Collections.synchronizedList(new ArrayList<>());
    Properties properties = properties(server);
    properties.put("mail.smtp.socketFactory", new CountingSockets(writes));
    Transport transport = connected(properties, attempts(1, true));
    writes.clear();

    transport.sendMessage(message(), many(3));
    transport.sendMessage(message(), many(1));

    assertThat(writes).hasSize(4);
    assertThat(writes.get(0)).matches("(?s)MAIL [^\n]+\n(RCPT [^\n]+\n){3}DATA\r\n");
    assertThat(writes.get(1)).startsWith("Date: ").endsWith("\r\n.\r\n");
    assertThat(writes.get(2)).matches("(?s)MAIL [^\n]+\nRCPT [^\n]+\nDATA\r\n");
    assertThat(sent(server, "NOOP")).isEmpty();
    assertThat(sent(server, "RSET")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 127, 128, 129, 300, 5000})
  void mixedAnswers_anyNumber_areEachOnesOwn(int count) throws Exception {
    for (int i = 0; i < count; i++) {
      if (i % 7 == 2) {
        server
            .on(Stage.RCPT)
            .to("r" + i + "@example.org")
            .always()
            .reply("550-5.1.1 no mailbox", "550 5.1.1 number " + i);
      } else if (i % 7 == 4) {
        server
            .on(Stage.RCPT)
            .to("r" + i + "@example.org")
            .always()
            .reply("450 4.2.0 later, number " + i);
      }
    }
    Transport transport = connected();
    DeliveryReport report;
    if (count > 2) {
      report = failing(transport, many(count)).report();
      for (RecipientReport recipient : report.recipients()) {
        int i = recipient.recipient().index();
        Outcome expected =
            i % 7 == 2 ? Outcome.REFUSED : i % 7 == 4 ? Outcome.PENDING : Outcome.ACCEPTED;
        assertThat(recipient.outcome()).as("r" + i).isEqualTo(expected);
        if (expected != Outcome.ACCEPTED) {
          assertThat(why(recipient)).endsWith("number " + i);
        }
      }
    } else {
      transport.sendMessage(message(), many(count));
    }
    assertThat(server.accepted()).isNotEmpty();
    assertThat(server.accepted().get(0).recipients()).hasSize((int) accepted(count));
    assertThat(server.connections()).isEqualTo(1);
  }

  private static long accepted(int count) {
    return IntStream.range(0, count).filter(i -> i % 7 != 2 && i % 7 != 4).count();
  }

  /** With answers of 500 octets for 5,000 recipients, no buffer holds what is not read. */
  @Test
  void longAnswers_manyRecipients_neitherSideWaitsForEver() throws Exception {
    server.on(Stage.RCPT).always().reply("250 2.1.5 " + "x".repeat(490));

    connected().sendMessage(message(), many(5000));

    assertThat(server.accepted().get(0).recipients()).hasSize(5000);
  }

  @Test
  void senderRefused_everybodyHasThatAnswer_andTheConnectionGoesOn() throws Exception {
    server.on(Stage.MAIL).reply("550 5.7.1 sender not wanted");
    Transport transport = connected();

    RedeliveryException thrown = failing(transport, many(300));

    assertThat(thrown.report().recipients())
        .allMatch(recipient -> why(recipient).equals("550 5.7.1 sender not wanted"));
    assertThat(thrown.getNextException()).isInstanceOf(SMTPSendFailedException.class);
    assertThat(thrown.getNextException().getMessage()).isEqualTo("550 5.7.1 sender not wanted");
    transport.sendMessage(message(), many(1));
    assertThat(server.connections()).isEqualTo(1);
    assertThat(sent(server, "RSET")).isEmpty();
    assertThat(server.accepted()).hasSize(1);
  }

  @Test
  void everybodyRefused_andContentAskedFor_getsALoneDot() throws Exception {
    server.on(Stage.RCPT).times(2).reply("550 5.1.1 nobody");
    server.on(Stage.DATA).reply("354 go on");
    server.on(Stage.END_OF_DATA).reply("554 5.5.1 no recipients");
    Transport transport = connected();

    RedeliveryException thrown = failing(transport, many(2));
    transport.sendMessage(message(), to("bob@example.org"));

    assertThat(thrown.getInvalidAddresses()).hasSize(2);
    assertThat(thrown.report().recipients())
        .allMatch(recipient -> why(recipient).equals("550 5.1.1 nobody"));
    assertThat(server.rejected()).singleElement().matches(empty -> empty.content().length == 0);
    assertThat(server.accepted()).singleElement().matches(full -> full.content().length > 0);
    assertThat(server.connections()).isEqualTo(1);
    assertThat(sent(server, "RSET")).hasSize(1);
  }

  /** It may even accept the nothing that it gets. */
  @Test
  void everybodyRefused_loneDotAccepted_isNotTakenForDelivery() throws Exception {
    server.on(Stage.RCPT).reply("550 5.1.1 nobody");
    server.on(Stage.DATA).reply("354 go on");

    RedeliveryException thrown = failing(connected(), to("bob@example.org"));

    assertThat(thrown.getInvalidAddresses()).hasSize(1);
  }

  @Test
  void everybodyRefused_answerToTheLoneDotLost_isNotUnknown() throws Exception {
    server.on(Stage.RCPT).reply("550 5.1.1 nobody");
    server.on(Stage.DATA).reply("354 go on");
    server.on(Stage.END_OF_DATA).close();
    Transport transport = connected();

    RedeliveryException thrown = failing(transport, to("bob@example.org"));
    transport.sendMessage(message(), to("carol@example.org"));

    assertThat(thrown.getInvalidAddresses()).hasSize(1);
    assertThat(server.connections()).isEqualTo(2);
  }

  /** An empty message to real recipients must not go out. */
  @Test
  void senderRefused_yetRecipientsAcceptedAndContentAskedFor_nothingIsSent() throws Exception {
    server.on(Stage.MAIL).reply("550 5.7.1 sender not wanted");
    server.on(Stage.RCPT).reply("250 2.1.5 but you are");
    server.on(Stage.DATA).reply("354 go on");
    Transport transport = connected();

    RedeliveryException thrown = failing(transport, to("bob@example.org"));
    transport.sendMessage(message(), to("carol@example.org"));

    assertThat(thrown.getInvalidAddresses()).hasSize(1);
    assertThat(server.accepted()).hasSize(1);
    assertThat(server.connections()).isEqualTo(2);
  }

  @Test
  void dataRefused_isTheReasonForThoseAccepted() throws Exception {
    server.on(Stage.RCPT).to("r1@example.org").reply("550 5.1.1 nobody");
    server.on(Stage.DATA).reply("554 5.7.1 not now");
    Transport transport = connected();

    RedeliveryException thrown = failing(transport, many(2));
    transport.sendMessage(message(), to("carol@example.org"));

    assertThat(thrown.report().recipients())
        .extracting(PipeliningTest::why)
        .containsExactly("554 5.7.1 not now", "550 5.1.1 nobody");
    assertThat(server.connections()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void closing421_inTheMiddle_endsTheConnection(boolean close, boolean reset) throws Exception {
    server.on(Stage.RCPT).to("r1@example.org").always().reply("550 5.1.1 nobody");
    List<SmtpAction> more = new ArrayList<>();
    if (close) {
      more.add(reset ? SmtpAction.reset() : SmtpAction.close());
    }
    server
        .on(Stage.RCPT)
        .to("r2@example.org")
        .then(SmtpAction.reply("421 4.7.0 too many errors"), more.toArray(SmtpAction[]::new));
    Transport transport = connected();

    RedeliveryException thrown = failing(transport, many(5));

    assertThat(thrown.getInvalidAddresses()).containsExactly(to("r1@example.org"));
    assertThat(thrown.report().recipients())
        .extracting(PipeliningTest::why)
        .allMatch(why -> why.startsWith("421 4.7.0") || why.startsWith("550 5.1.1"));
    assertThat(thrown.report().recipients().get(2).history().get(0).failure())
        .hasValueSatisfying(f -> assertThat(f.describe()).isEqualTo("421 4.7.0 too many errors"));
    assertThat(server.accepted()).singleElement().matches(copy -> copy.connection() == 2);
    assertThat(server.accepted().get(0).recipients()).hasSize(4);
    assertThat(sent(server, "RCPT")).filteredOn(line -> line.contains("r1@")).hasSize(1);
  }

  @Test
  void answers_byteByByte_areReadRight() throws Exception {
    server.on(Stage.MAIL).then(bytes("250-2.1.0 well\r\n250 2.1.0 OK\r\n"));
    server.on(Stage.RCPT).to("r0@example.org").then(bytes("250 2.1.5 OK\r\n"));
    server.on(Stage.RCPT).to("r1@example.org").then(bytes("550-5.1.1 no\r\n550 5.1.1 no\r\n"));
    server.on(Stage.DATA).then(bytes("354 go\r\n"));
    server.on(Stage.END_OF_DATA).then(bytes("250-2.0.0\r\n250 2.0.0 queued\r\n"));

    RedeliveryException thrown = failing(connected(), many(2));

    assertThat(thrown.getValidSentAddresses()).containsExactly(to("r0@example.org"));
    assertThat(thrown.getInvalidAddresses()).containsExactly(to("r1@example.org"));
  }

  private static SmtpAction bytes(String text) {
    return SmtpAction.raw(text.split(""));
  }

  /** Every answer would be taken for that of the next command, and the wrong one struck off. */
  @ParameterizedTest
  @CsvSource({"true, 0", "true, 1", "true, 2", "false, 0", "false, 1", "false, 2"})
  void strayLine_nobodyGetsTheAnswerOfAnother(boolean pipelining, int refused) throws Exception {
    server.on(Stage.RCPT).to("r" + refused + "@example.org").always().reply("550 5.1.1 nobody");
    server.on(Stage.MAIL).reply("250 2.1.0 OK", "250 2.1.0 said twice");
    Transport transport = connected(properties(server), attempts(3, pipelining));

    RedeliveryException thrown = failing(transport, many(3));

    assertThat(thrown.getInvalidAddresses()).containsExactly(to("r" + refused + "@example.org"));
    assertThat(thrown.getValidSentAddresses()).hasSize(2);
    assertThat(server.accepted()).hasSize(1);
  }

  /** Something in between that offers for the server what it does not do itself. */
  @Test
  void commandsLost_secondAttemptGoesOneByOne() throws Exception {
    try (RawServer losing =
        new RawServer(
            (line, connection) -> {
              line.greet("PIPELINING");
              for (String command = line.read(); !command.equals("DATA"); command = line.read()) {
                line.lose();
                line.say("250 ok");
              }
              line.say("354 go");
              line.content();
              line.say("250 queued");
            })) {
      Properties properties = losing.properties();
      properties.setProperty("mail.smtp.timeout", "200");

      connected(properties, attempts(2, true)).sendMessage(message(), many(3));

      assertThat(losing.connections()).isEqualTo(2);
    }
  }

  /** The bytes that a plain transport sends, and SIZE. */
  @ParameterizedTest
  @ValueSource(strings = {"plain", "smtp-message", "properties", "eight-bit", "utf8"})
  void commandsAndContent_areThoseOfThePlainTransport(String how) throws Exception {
    List<List<String>> said = new ArrayList<>();
    for (TransportKind kind : List.of(TransportKind.PLAIN, TransportKind.BY_PROPERTY)) {
      try (ScriptedSmtpServer own =
          ScriptedSmtpServer.builder()
              .extensions("PIPELINING", "DSN", "AUTH PLAIN", "8BITMIME", "SMTPUTF8")
              .open()) {
        Properties properties = properties(own);
        SMTPMessage message = composed(how, properties);
        Transport transport = kind.open(properties, attempts(1, true));
        transport.connect();
        transport.sendMessage(message, to("bob@example.org", "carol@example.org"));
        List<String> lines = new ArrayList<>(sent(own, "MAIL"));
        lines.addAll(sent(own, "RCPT"));
        lines.add(own.accepted().get(0).text().replaceAll("(?m)^(Date|Message-ID): .*$", ""));
        said.add(lines);
      }
    }
    assertThat(said.get(1)).isEqualTo(said.get(0));
  }

  private static SMTPMessage composed(String how, Properties properties) throws Exception {
    SMTPMessage message = new SMTPMessage(message());
    switch (how) {
      case "smtp-message" -> {
        message.setEnvelopeFrom("bounces+1@example.org");
        message.setNotifyOptions(SMTPMessage.NOTIFY_FAILURE | SMTPMessage.NOTIFY_DELAY);
        message.setReturnOption(SMTPMessage.RETURN_HDRS);
        message.setSubmitter("alice=x@example.org");
        message.setMailExtension("ENVID=42");
      }
      case "properties" -> {
        properties.setProperty("mail.smtp.from", "list@example.org");
        properties.setProperty("mail.smtp.dsn.notify", "NEVER");
        properties.setProperty("mail.smtp.dsn.ret", "FULL");
        properties.setProperty("mail.smtp.submitter", "carol@example.org");
        properties.setProperty("mail.smtp.mailextension", "XTEST=1");
      }
      case "eight-bit" -> {
        message.setText("gr\u00fcn\r\n.\r\n", "utf-8");
        message.setHeader("Content-Transfer-Encoding", "quoted-printable");
        message.setAllow8bitMIME(true);
      }
      case "utf8" -> {
        properties.setProperty("mail.mime.allowutf8", "true");
        message.setEnvelopeFrom("j\u00f6rg@example.org");
      }
      default -> message.setText(".dot\n..dots\nbare\rreturns\r\n.");
    }
    message.saveChanges();
    message.setHeader("Message-ID", "<1@example.org>");
    return message;
  }

  @ParameterizedTest
  @CsvSource({"250, true", "554, false"})
  void chunking_keepsWorking(int verdict, boolean accepted) throws Exception {
    List<String> said = Collections.synchronizedList(new ArrayList<>());
    try (RawServer chunking =
        new RawServer(
            (line, connection) -> {
              line.greet("PIPELINING", "CHUNKING");
              for (String command = line.read(); !command.isEmpty(); command = line.read()) {
                said.add(command);
                if (command.startsWith("BDAT ")) {
                  line.read(Integer.parseInt(command.replaceAll("\\D", "")));
                  line.say(command.endsWith("LAST") ? verdict + " done" : "250 more");
                } else {
                  line.say("250 ok");
                }
              }
            })) {
      Properties properties = chunking.properties();
      properties.setProperty("mail.smtp.chunksize", "100");
      Transport transport = connected(properties, attempts(1, true));
      SendFailedException thrown =
          catchThrowableOfType(
              SendFailedException.class,
              () -> transport.sendMessage(message(), to("bob@example.org")));

      assertThat(thrown == null).isEqualTo(accepted);
    }
    assertThat(said).contains("BDAT 100").doesNotContain("DATA");
    assertThat(said.get(1)).startsWith("RCPT");
  }

  @Test
  void chunking_nobodyAccepted_sendsNoChunk() throws Exception {
    Predicate<String> chunk = command -> command.startsWith("BDAT");
    List<String> said = Collections.synchronizedList(new ArrayList<>());
    try (RawServer chunking =
        new RawServer(
            (line, connection) -> {
              line.greet("PIPELINING", "CHUNKING");
              for (String command = line.read(); !command.isEmpty(); command = line.read()) {
                said.add(command);
                line.say(command.startsWith("RCPT") ? "550 5.1.1 nobody" : "250 ok");
              }
            })) {
      Properties properties = chunking.properties();
      properties.setProperty("mail.smtp.chunksize", "100");

      RedeliveryException thrown =
          failing(connected(properties, attempts(1, true)), to("bob@example.org"));

      assertThat(thrown.getInvalidAddresses()).hasSize(1);
    }
    assertThat(said).noneMatch(chunk);
  }

  /** Catch blocks that look at Angus's exceptions find them. */
  @Test
  void refusedRecipients_areInTheChainAsUsual() throws Exception {
    server.on(Stage.RCPT).to("r1@example.org").reply("550 5.1.1 nobody");

    RedeliveryException thrown = failing(connected(), many(3));

    assertThat(thrown.getNextException()).isInstanceOf(SMTPSendFailedException.class);
    SMTPSendFailedException send = (SMTPSendFailedException) thrown.getNextException();
    assertThat(send.getCommand()).isEqualTo(".");
    assertThat(send.getReturnCode()).isEqualTo(250);
    SMTPAddressFailedException address = (SMTPAddressFailedException) send.getNextException();
    assertThat(address.getReturnCode()).isEqualTo(550);
    assertThat(address.getAddress()).isEqualTo(new InternetAddress("r1@example.org"));
    assertThat(address.getCommand()).isEqualTo("RCPT TO:<r1@example.org>");
  }

  @Test
  void lineEnd_inAParameter_isNotSent() throws Exception {
    Properties properties = properties(server);
    properties.setProperty("mail.smtp.mailextension", "X=1\r\nRSET");

    RedeliveryException thrown =
        failing(connected(properties, attempts(1, true)), to("bob@example.org"));

    assertThat(thrown).hasMessageContaining("Command contains a line end");
    assertThat(sent(server, "MAIL")).isEmpty();
    assertThat(sent(server, "RSET")).isEmpty();
  }

  /** Sockets that note each write. */
  private static final class CountingSockets extends UnconnectedSockets {
    private final List<String> writes;

    CountingSockets(List<String> writes) {
      this.writes = writes;
    }

    @Override
    public Socket createSocket() {
      return new Socket() {
        @Override
        public OutputStream getOutputStream() throws IOException {
          return new FilterOutputStream(super.getOutputStream()) {
            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
              writes.add(new String(bytes, from, length, java.nio.charset.StandardCharsets.UTF_8));
              out.write(bytes, from, length);
            }
          };
        }
      };
    }
  }
}
