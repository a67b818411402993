package dev.redeliver.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class ScriptedSmtpServerTest {
  private static final String CONTENT = "Message-ID: <1@x>\r\nSubject: s\r\n\r\nbody";

  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void session_withoutScripts_acceptsEverything() throws IOException {
    try (RawClient client = RawClient.connect(server)) {
      assertThat(client.reply()).isEqualTo("220 localhost ESMTP ready");
      assertThat(client.say("EHLO client.example"))
          .isEqualTo("250-localhost|250-8BITMIME|250-ENHANCEDSTATUSCODES|250 SIZE");
      assertThat(client.say("MAIL FROM:<a@x> SIZE=100")).isEqualTo("250 2.1.0 OK");
      assertThat(client.say("RCPT TO:<b@x>")).isEqualTo("250 2.1.5 OK");
      assertThat(client.say("rcpt to: <c@x> NOTIFY=NEVER")).isEqualTo("250 2.1.5 OK");
      assertThat(client.say("DATA")).isEqualTo("354 End data with <CR><LF>.<CR><LF>");
      client.send(CONTENT + "\r\n.\r\n");
      assertThat(client.reply()).isEqualTo("250 2.0.0 OK");
      assertThat(client.say("NOOP")).isEqualTo("250 2.0.0 OK");
      assertThat(client.say("RSET")).isEqualTo("250 2.0.0 OK");
      assertThat(client.say("VRFY b")).isEqualTo("502 5.5.1 Command not implemented");
      assertThat(client.say("HELO client.example")).isEqualTo("250 localhost");
      assertThat(client.say("QUIT")).isEqualTo("221 2.0.0 Bye");
      assertThat(client.reply()).isEqualTo("EOF");
    }
    ReceivedMessage message = server.accepted().get(0);
    assertThat(message.mailFrom()).isEqualTo("a@x");
    assertThat(message.recipients()).containsExactly("b@x", "c@x");
    assertThat(message.text()).isEqualTo(CONTENT + "\r\n");
    assertThat(message.connection()).isEqualTo(1);
    assertThat(message.transaction()).isEqualTo(1);
    assertThat(server.commands("rcpt")).isEqualTo(2);
  }

  @Test
  void handOver_keepsCountsOnly() throws IOException {
    List<ReceivedMessage> received = new ArrayList<>();
    ScriptedSmtpServer.Builder builder = ScriptedSmtpServer.builder().handOver(received::add);
    try (ScriptedSmtpServer forgetful = builder.open()) {
      forgetful.on(Stage.END_OF_DATA).onTransaction(2).reply("554 5.7.1 Refused");
      try (RawClient client = RawClient.greeted(forgetful)) {
        assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("250 2.0.0 OK");
        assertThat(received).hasSize(1);
        assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("554 5.7.1 Refused");
      }
      assertThat(received.get(0).recipients()).containsExactly("b@x");
      assertThat(received).hasSize(1);
      assertThat(forgetful.accepted()).isEmpty();
      assertThat(forgetful.rejected()).isEmpty();
      assertThat(forgetful.transcript()).isEmpty();
      assertThat(forgetful.commands("MAIL")).isEqualTo(2);
      assertThat(forgetful.connections()).isEqualTo(1);
    }
  }

  @Test
  void commands_outOfOrder_areRefused() throws IOException {
    try (RawClient client = RawClient.connect(server)) {
      client.reply();
      assertThat(client.say("MAIL FROM:<a@x>")).isEqualTo("503 5.5.1 EHLO first");
      client.say("EHLO x");
      assertThat(client.say("RCPT TO:<a@x>")).isEqualTo("503 5.5.1 MAIL first");
      assertThat(client.say("DATA")).isEqualTo("503 5.5.1 MAIL first");
      assertThat(client.say("MAIL FROM:a@x")).isEqualTo("501 5.1.7 Bad sender address syntax");
      assertThat(client.say("MAIL FROM:<>")).isEqualTo("250 2.1.0 OK");
      assertThat(client.say("MAIL FROM:<>")).isEqualTo("503 5.5.1 Sender already given");
      assertThat(client.say("RCPT TO:<a")).isEqualTo("501 5.1.3 Bad recipient address syntax");
      assertThat(client.say("DATA")).isEqualTo("554 5.5.1 No valid recipients");
      assertThat(client.say("RCPT TO:<\"a>b\"@x>")).isEqualTo("250 2.1.5 OK");
    }
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          'a..b',            'a..b'
          '..',              '.'
          '..a',             '.a'
          '.a',              'a'
          'a\r\n..\r\nb',    'a\r\n.\r\nb'
          'a\n.\nb',         'a\n.\nb'
          'a\r.\rb',         'a\r.\rb'
          'a\r\r\n..b',      'a\r\r\n.b'
          'a\r\n.\rb',       'a\r\n\rb'
          """)
  void content_isKeptByteForByte_butForDotStuffing(String sent, String kept) throws IOException {
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", unescape(sent), "b@x")).isEqualTo("250 2.0.0 OK");
    }
    assertThat(server.accepted().get(0).text()).isEqualTo(unescape(kept) + "\r\n");
  }

  private static String unescape(String text) {
    return text.replace("\\r", "\r").replace("\\n", "\n");
  }

  @Test
  void script_perRecipient_isUsedAsOftenAsItSays() throws IOException {
    server.on(Stage.RCPT).to("b@x").times(2).reply("450 4.2.0 greylisted");
    try (RawClient client = RawClient.greeted(server)) {
      client.say("MAIL FROM:<a@x>");
      assertThat(client.say("RCPT TO:<b@x>")).isEqualTo("450 4.2.0 greylisted");
      assertThat(client.say("RCPT TO:<c@x>")).isEqualTo("250 2.1.5 OK");
      assertThat(server.unused())
          .containsExactly("RCPT to <b@x> 1 times [reply [450 4.2.0 greylisted]]");
      assertThat(client.say("RCPT TO:<b@x>")).isEqualTo("450 4.2.0 greylisted");
      assertThat(client.say("RCPT TO:<b@x>")).isEqualTo("250 2.1.5 OK");
    }
    assertThat(server.unused()).isEmpty();
  }

  @Test
  void scripts_ofOneStage_areUsedInOrder() throws IOException {
    server.on(Stage.NOOP).reply("250 first");
    server.on(Stage.NOOP).proceed();
    server.on(Stage.NOOP).skip(1).reply("250-second", "250 part");
    server.on(Stage.NOOP).always().reply("500 always");
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.say("NOOP")).isEqualTo("250 first");
      assertThat(client.say("NOOP")).isEqualTo("250 2.0.0 OK");
      assertThat(client.say("NOOP")).isEqualTo("500 always");
      assertThat(client.say("NOOP")).isEqualTo("250-second|250 part");
      assertThat(client.say("NOOP")).isEqualTo("500 always");
    }
  }

  @Test
  void endOfData_refused_isRecordedAsRejected() throws IOException {
    server.on(Stage.END_OF_DATA).message("<1@x>").reply("554 5.7.1 spam");
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("554 5.7.1 spam");
      assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("250 2.0.0 OK");
    }
    assertThat(server.rejected()).extracting(ReceivedMessage::transaction).containsExactly(1);
    assertThat(server.accepted()).extracting(ReceivedMessage::transaction).containsExactly(2);
    assertThat(server.copies("<1@x>", "b@x")).isEqualTo(1);
    assertThat(server.copies("<1@x>", "c@x")).isZero();
    assertThat(server.copies(message -> true, "b@x")).isEqualTo(1);
  }

  @Test
  void endOfData_acceptThenClose_countsAsAccepted() throws IOException {
    server.on(Stage.END_OF_DATA).acceptThenClose();
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("EOF");
    }
    assertThat(server.copies("<1@x>", "b@x")).isEqualTo(1);
  }

  @Test
  void endOfData_acceptThenReset_countsAsAccepted() throws IOException {
    server.on(Stage.END_OF_DATA).acceptThenReset();
    try (RawClient client = RawClient.greeted(server)) {
      assertReset(() -> client.mail("a@x", CONTENT, "b@x"));
    }
    assertThat(server.accepted()).hasSize(1);
  }

  @Test
  void endOfData_dropThenClose_countsAsNothing() throws IOException {
    server.on(Stage.END_OF_DATA).dropThenClose();
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("EOF");
    }
    assertThat(server.accepted()).isEmpty();
    assertThat(server.rejected()).isEmpty();
  }

  @Test
  void endOfData_dropThenReset_countsAsNothing() throws IOException {
    server.on(Stage.END_OF_DATA).dropThenReset();
    try (RawClient client = RawClient.greeted(server)) {
      assertReset(() -> client.mail("a@x", CONTENT, "b@x"));
    }
    assertThat(server.accepted()).isEmpty();
  }

  @Test
  void endOfData_replyThenReset_countsAsAccepted() throws IOException {
    server.on(Stage.END_OF_DATA).then(SmtpAction.reply("250 ok"), SmtpAction.reset());
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("250 ok");
      assertReset(client::reply);
    }
    assertThat(server.accepted()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Stage.class,
      names = {"EHLO", "HELO", "MAIL", "RCPT", "DATA", "END_OF_DATA", "RSET", "NOOP", "OTHER"})
  void stage_closed_endsTheStream(Stage stage) throws IOException {
    server.on(stage).close();
    try (RawClient client = RawClient.connect(server)) {
      assertThat(runTo(stage, client)).isEqualTo("EOF");
      assertThat(server.openConnections()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Stage.class,
      names = {"EHLO", "HELO", "MAIL", "RCPT", "DATA", "END_OF_DATA", "RSET", "NOOP", "QUIT"})
  void stage_reset_resets(Stage stage) throws IOException {
    server.on(stage).reset();
    try (RawClient client = RawClient.connect(server)) {
      assertReset(() -> runTo(stage, client));
      assertThat(server.openConnections()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Stage.class,
      names = {"EHLO", "HELO", "MAIL", "RCPT", "DATA", "END_OF_DATA", "RSET", "NOOP", "QUIT"})
  void stage_replyThenClose_repliesFirst(Stage stage) throws IOException {
    server.on(stage).then(SmtpAction.reply("421 4.3.2 bye"), SmtpAction.close());
    try (RawClient client = RawClient.connect(server)) {
      assertThat(runTo(stage, client)).isEqualTo("421 4.3.2 bye");
      assertThat(client.reply()).isEqualTo("EOF");
    }
  }

  private static String runTo(Stage stage, RawClient client) throws IOException {
    client.reply();
    return switch (stage) {
      case EHLO, HELO -> client.say(stage + " x");
      case RSET, NOOP, QUIT -> client.say(stage.name());
      case OTHER -> client.say("VRFY x");
      default -> {
        client.send("EHLO x\r\nMAIL FROM:<a@x>\r\n");
        client.reply();
        yield runToContent(stage, client);
      }
    };
  }

  private static String runToContent(Stage stage, RawClient client) throws IOException {
    String reply = client.reply();
    if (stage != Stage.MAIL) {
      reply = client.say("RCPT TO:<b@x>");
    }
    if (stage != Stage.MAIL && stage != Stage.RCPT) {
      reply = client.say("DATA");
    }
    return stage == Stage.END_OF_DATA ? client.say(CONTENT + "\r\n.") : reply;
  }

  @ParameterizedTest
  @EnumSource(
      value = Stage.class,
      names = {"CONNECT", "GREETING"})
  void greeting_closed_endsTheStream(Stage stage) throws IOException {
    server.on(stage).close();
    try (RawClient client = RawClient.connect(server)) {
      assertThat(client.reply()).isEqualTo("EOF");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Stage.class,
      names = {"CONNECT", "GREETING"})
  void greeting_reset_resets(Stage stage) throws IOException {
    server.on(stage).reset();
    try (RawClient client = RawClient.connect(server)) {
      assertReset(client::reply);
    }
  }

  @Test
  void greeting_refusing_leavesQuitOnly() throws IOException {
    server.on(Stage.GREETING).reply("554 5.3.2 no service");
    try (RawClient client = RawClient.connect(server)) {
      assertThat(client.reply()).isEqualTo("554 5.3.2 no service");
      assertThat(client.say("EHLO x")).isEqualTo("503 5.5.1 No service here");
      assertThat(client.say("QUIT")).isEqualTo("221 2.0.0 Bye");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 500, 999, 1000, 1004})
  void content_closed_endsTheStreamAndDropsTheMessage(int bytes) throws IOException {
    server.on(Stage.CONTENT).afterBytes(bytes).close();
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", "x".repeat(1000), "b@x")).isEqualTo("EOF");
    }
    assertThat(server.accepted()).isEmpty();
    assertThat(server.unused()).isEmpty();
  }

  @Test
  void content_reset_resets() throws IOException {
    server.on(Stage.CONTENT).afterBytes(100).reset();
    try (RawClient client = RawClient.greeted(server)) {
      assertReset(() -> client.mail("a@x", "x".repeat(1000), "b@x"));
    }
    assertThat(server.accepted()).isEmpty();
  }

  @Test
  void content_shorterThanTheScript_leavesItUnused() throws IOException {
    server.on(Stage.CONTENT).afterBytes(1005).close();
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", "x".repeat(1000), "b@x")).isEqualTo("250 2.0.0 OK");
    }
    assertThat(server.unused()).containsExactly("CONTENT after 1005 bytes 1 times [close]");
  }

  @Test
  void content_replyBeforeTheDot_goesOutInMidBody() throws IOException {
    server.on(Stage.CONTENT).afterBytes(4).reply("552 5.3.4 too big");
    server.on(Stage.END_OF_DATA).then(SmtpAction.silence());
    try (RawClient client = RawClient.greeted(server)) {
      client.say("MAIL FROM:<a@x>");
      client.say("RCPT TO:<b@x>");
      client.say("DATA");
      client.send("body");
      assertThat(client.reply()).isEqualTo("552 5.3.4 too big");
      client.send("\r\n.\r\n");
      assertThat(client.say("NOOP")).isEqualTo("250 2.0.0 OK");
    }
    assertThat(server.accepted()).isEmpty();
    assertThat(server.rejected()).isEmpty();
  }

  @Test
  void data_otherThan354_readsNoContent() throws IOException {
    server.on(Stage.DATA).reply("451 4.3.0 later");
    try (RawClient client = RawClient.greeted(server)) {
      client.say("MAIL FROM:<a@x>");
      client.say("RCPT TO:<b@x>");
      assertThat(client.say("DATA")).isEqualTo("451 4.3.0 later");
      assertThat(client.say("NOOP")).isEqualTo("250 2.0.0 OK");
    }
  }

  @Test
  void idle_lineUnasked_followsTheReply() throws IOException {
    server.on(Stage.IDLE).then(SmtpAction.reply("421 4.4.2 timeout"), SmtpAction.close());
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("250 2.0.0 OK");
      assertThat(client.reply()).isEqualTo("421 4.4.2 timeout");
      assertThat(client.reply()).isEqualTo("EOF");
    }
  }

  @Test
  void disconnectAll_makesAnIdleConnectionStale() throws IOException {
    try (RawClient client = RawClient.greeted(server)) {
      server.disconnectAll("421 4.4.2 timeout");
      assertThat(server.openConnections()).isZero();
      assertThat(client.say("MAIL FROM:<a@x>")).isEqualTo("421 4.4.2 timeout");
      assertThat(client.reply()).isEqualTo("EOF");
    }
    assertThat(server.commands("MAIL")).isZero();
  }

  @Test
  void resetAll_resetsIdleConnections() throws IOException {
    try (RawClient client = RawClient.greeted(server)) {
      server.resetAll();
      assertReset(() -> client.say("NOOP"));
    }
  }

  @Test
  void conditions_narrowDown() throws IOException {
    server.on(Stage.MAIL).onConnection(2).reply("450 connection");
    server.on(Stage.MAIL).onTransaction(3).reply("450 transaction");
    server.on(Stage.MAIL).onTransactionOfConnection(3).reply("450 of connection");
    server.on(Stage.MAIL).from("z@x").reply("450 sender");
    server.on(Stage.MAIL).when(x -> x.line().endsWith("BODY=8BITMIME")).reply("450 when");
    try (RawClient one = RawClient.greeted(server);
        RawClient two = RawClient.greeted(server)) {
      assertThat(one.say("MAIL FROM:<a@x>")).isEqualTo("250 2.1.0 OK");
      assertThat(two.say("MAIL FROM:<a@x>")).isEqualTo("450 connection");
      assertThat(two.say("MAIL FROM:<a@x>")).isEqualTo("450 transaction");
      assertThat(two.say("MAIL FROM:<a@x>")).isEqualTo("450 of connection");
      assertThat(two.say("MAIL FROM:<z@x>")).isEqualTo("450 sender");
      assertThat(two.say("MAIL FROM:<a@x> BODY=8BITMIME")).isEqualTo("450 when");
      assertThat(two.say("MAIL FROM:<a@x>")).isEqualTo("250 2.1.0 OK");
    }
    assertThat(server.connections()).isEqualTo(2);
  }

  @Test
  void raw_isSentAsItIs() throws IOException {
    server.on(Stage.NOOP).then(SmtpAction.raw("2", "50 o", "k\r\n"));
    server.on(Stage.NOOP).then(SmtpAction.raw(new byte[] {(byte) 0xff, 0, 13}), SmtpAction.close());
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.say("NOOP")).isEqualTo("250 ok");
      client.send("NOOP\r\n");
      assertThat(List.of(client.read(), client.read(), client.read(), client.read()))
          .containsExactly(0xff, 0, 13, -1);
    }
  }

  @Test
  void stall_neverAnswers_untilTheServerStops() throws Exception {
    CountDownLatch stalling = new CountDownLatch(1);
    server.on(Stage.NOOP).then(SmtpAction.run(stalling::countDown), SmtpAction.stall());
    try (RawClient client = RawClient.greeted(server)) {
      client.send("NOOP\r\nNOOP\r\n");
      stalling.await();
      server.stop();
      assertThatIOException().isThrownBy(() -> failOnEnd(client.reply()));
    }
    assertThat(server.transcript())
        .extracting(TranscriptEntry::toString)
        .contains("1 C: NOOP", "1 -- stalled")
        .doesNotContain("1 S: 250 2.0.0 OK");
  }

  /** A server that stops may end the stream or reset it. */
  private static void failOnEnd(String reply) throws IOException {
    assertThat(reply).isEqualTo("EOF");
    throw new IOException("end of stream");
  }

  @Test
  void delay_isScriptedOnly_andThenAnswersAsUsual() throws IOException {
    server.on(Stage.NOOP).delay(Duration.ofMillis(1));
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.say("NOOP")).isEqualTo("250 2.0.0 OK");
    }
    assertThat(server.unused()).isEmpty();
  }

  @Test
  void stop_inTheMiddleOfADelay_endsPromptly() throws Exception {
    CountDownLatch delaying = new CountDownLatch(1);
    server
        .on(Stage.NOOP)
        .then(SmtpAction.run(delaying::countDown), SmtpAction.delay(Duration.ofHours(1)));
    try (RawClient client = RawClient.greeted(server)) {
      client.send("NOOP\r\n");
      delaying.await();
      server.stop();
      assertThat(client.reply()).isEqualTo("EOF");
    }
  }

  @Test
  void stopAndStart_keepThePortAndTheRecords() throws IOException {
    int port = server.port();
    try (RawClient client = RawClient.greeted(server)) {
      client.mail("a@x", CONTENT, "b@x");
      server.stop();
      assertThat(client.reply()).isEqualTo("EOF");
    }
    assertThatThrownBy(() -> RawClient.connect(server)).isInstanceOf(ConnectException.class);
    server.start();
    assertThat(server.port()).isEqualTo(port);
    try (RawClient client = RawClient.greeted(server)) {
      client.mail("a@x", CONTENT, "b@x");
    }
    assertThat(server.accepted()).extracting(ReceivedMessage::connection).containsExactly(1, 2);
  }

  @Test
  void reset_forgetsScriptsAndRecords() throws IOException {
    server.on(Stage.MAIL).always().reply("450 no");
    try (RawClient client = RawClient.greeted(server)) {
      client.say("MAIL FROM:<a@x>");
      server.reset();
      assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("250 2.0.0 OK");
    }
    assertThat(server.accepted()).extracting(ReceivedMessage::transaction).containsExactly(1);
    assertThat(server.connections()).isZero();
    assertThat(server.commands("EHLO")).isZero();
  }

  @Test
  void failureOfTheTestsCode_isKeptAndEndsTheConnection() throws IOException {
    RuntimeException failure = new IllegalStateException("in the test");
    server
        .on(Stage.NOOP)
        .then(
            SmtpAction.run(
                () -> {
                  throw failure;
                }));
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.say("NOOP")).isEqualTo("EOF");
    }
    assertThat(server.failures()).containsExactly(failure);
  }

  @Test
  void hostileClients_doNotKillTheServer() throws Exception {
    try (RawClient half = RawClient.connect(server);
        RawClient loud = RawClient.greeted(server);
        RawClient gone = RawClient.greeted(server)) {
      half.send("EH");
      loud.send("\0\r\n \r\n\r\nMAIL\r\nRCPT\r\nAUTH\r\nDATA x\r\nSTARTTLS\r\n");
      gone.say("MAIL FROM:<a@x>");
      gone.say("RCPT TO:<b@x>");
      gone.say("DATA");
      gone.send("half a mess");
    }
    try (RawClient endless = RawClient.greeted(server)) {
      assertThatIOException()
          .isThrownBy(
              () -> {
                endless.send("x".repeat(200_000));
                failOnEnd(endless.reply());
              });
    }
    assertThat(server.awaitConnectionsClosed(Duration.ofSeconds(10))).isTrue();
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", CONTENT, "b@x")).isEqualTo("250 2.0.0 OK");
    }
    assertThat(server.accepted()).hasSize(1);
    assertThat(server.failures()).isEmpty();
  }

  @Test
  void awaitConnectionsClosed_withOneOpen_givesUp() throws Exception {
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(server.awaitConnectionsClosed(Duration.ZERO)).isFalse();
      client.say("QUIT");
      assertThat(client.reply()).isEqualTo("EOF");
      assertThat(server.openConnections()).isZero();
    }
  }

  @Test
  void pipelinedCommands_areAnsweredInOrder() throws IOException {
    try (RawClient client = RawClient.greeted(server)) {
      client.send("MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n");
      assertThat(client.reply()).isEqualTo("250 2.1.0 OK");
      assertThat(client.reply()).isEqualTo("250 2.1.5 OK");
      assertThat(client.reply()).isEqualTo("354 End data with <CR><LF>.<CR><LF>");
    }
  }

  @Test
  void largeContent_isKept() throws IOException {
    String large = ("y".repeat(998) + "\r\n").repeat(20_000);
    try (RawClient client = RawClient.greeted(server)) {
      assertThat(client.mail("a@x", large, "b@x")).isEqualTo("250 2.0.0 OK");
    }
    assertThat(server.accepted().get(0).content()).hasSize(large.length() + 2);
  }

  @FunctionalInterface
  interface Talk {
    String run() throws IOException;
  }

  private static void assertReset(Talk talk) {
    assertThatThrownBy(talk::run)
        .isInstanceOf(SocketException.class)
        .message()
        .containsAnyOf("Connection reset", "Broken pipe");
  }
}
