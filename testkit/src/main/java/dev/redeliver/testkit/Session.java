package dev.redeliver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.redeliver.testkit.TranscriptEntry.Direction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** The SMTP conversation on one connection. Used by one thread, but for {@link #disconnect}. */
final class Session {
  private final Channel channel;
  private final SessionSettings settings;
  private final ScriptBook scripts;
  private final Recorder recorder;
  private final SSLContext tls;
  private final int connection;

  private final List<String> recipients = new ArrayList<>();
  private @Nullable String mailFrom;
  private @Nullable String asked;
  private @Nullable String user;
  private @Nullable ReceivedMessage message;
  private String line = "";
  private boolean refusing;
  private boolean greeted;
  private volatile boolean ended;
  private boolean verdictRecorded;
  private int transaction;
  private int transactionsHere;
  private int contentBytes;

  Session(
      Channel channel,
      SessionSettings settings,
      ScriptBook scripts,
      Recorder recorder,
      SSLContext tls) {
    this.channel = channel;
    this.settings = settings;
    this.scripts = scripts;
    this.recorder = recorder;
    this.tls = tls;
    this.connection = recorder.opened(this);
  }

  /** Converses until one side ends the connection. */
  void run() throws IOException, InterruptedException {
    channel.begin();
    play(Stage.CONNECT, null);
    if (isOpen() && settings.implicitTls()) {
      startTls();
    }
    if (isOpen()) {
      refusing = !isPositive(play(Stage.GREETING, "220 localhost ESMTP ready"));
    }
    while (isOpen()) {
      converse();
    }
    if (ended) {
      channel.linger();
    }
  }

  private void converse() throws IOException, InterruptedException {
    String received = readLine();
    if (received != null) {
      line = received;
      String verb = received.strip().split("[ \t]", 2)[0];
      int transactions = recorder.command(connection, verb, received);
      Stage stage = Stage.ofVerb(verb);
      if (stage == Stage.MAIL) {
        transaction = transactions;
        transactionsHere++;
      }
      handle(stage);
      line = "";
    }
  }

  /** {@return the next line, or null if the connection ended} */
  private @Nullable String readLine() throws IOException {
    String received = channel.readLine();
    if (received == null && isOpen()) {
      lost("closed by the client");
    }
    return isOpen() ? received : null;
  }

  private void handle(Stage stage) throws IOException, InterruptedException {
    if (refusing && stage != Stage.QUIT) {
      play(stage, "503 5.5.1 No service here");
      return;
    }
    switch (stage) {
      case EHLO -> hello(stage, ehloReply());
      case HELO -> hello(stage, "250 localhost");
      case STARTTLS -> handleStartTls();
      case AUTH -> handleAuth();
      case MAIL -> handleMail();
      case RCPT -> handleRcpt();
      case DATA -> handleData();
      case RSET -> handleRset();
      case NOOP -> play(stage, "250 2.0.0 OK");
      case QUIT -> handleQuit();
      default -> play(stage, "502 5.5.1 Command not implemented");
    }
  }

  private void hello(Stage stage, String reply) throws IOException, InterruptedException {
    if (isPositive(play(stage, reply))) {
      greeted = true;
      forgetTransaction();
    }
  }

  private String ehloReply() {
    List<String> lines = new ArrayList<>(List.of("localhost"));
    settings.keywords().stream()
        .filter(keyword -> !(channel.isEncrypted() && keyword.equalsIgnoreCase("STARTTLS")))
        .forEach(lines::add);
    String last = lines.remove(lines.size() - 1);
    StringBuilder reply = new StringBuilder();
    lines.forEach(text -> reply.append("250-").append(text).append("\r\n"));
    return reply.append("250 ").append(last).toString();
  }

  private void handleStartTls() throws IOException, InterruptedException {
    boolean possible = settings.offers("STARTTLS") && !channel.isEncrypted();
    String normal = possible ? "220 2.0.0 Ready to start TLS" : "503 5.5.1 STARTTLS not possible";
    boolean before = channel.isEncrypted();
    if (play(Stage.STARTTLS, normal) == 220 && before == channel.isEncrypted()) {
      startTls();
    }
  }

  private void handleAuth() throws IOException, InterruptedException {
    List<String> verdicts = authVerdicts();
    int code = isOpen() ? play(Stage.AUTH, verdicts.get(0)) : 0;
    while (code == 334 && readResponse() != null) {
      code = play(Stage.AUTH, verdicts.get(verdicts.size() - 1));
    }
  }

  /** {@return the normal answers: the first, and the one after a further response} */
  private List<String> authVerdicts() throws IOException {
    String[] words = line.strip().split("[ \t]+", 3);
    String mechanism = words.length > 1 ? words[1].toUpperCase(Locale.ROOT) : "";
    if (!settings.offersMechanism(mechanism)) {
      return List.of("504 5.5.4 Mechanism not offered");
    }
    try {
      Sasl.Credentials given = credentials(mechanism, words.length > 2 ? words[2] : null);
      user = given.user();
      return authVerdicts(mechanism, settings.accepts(given));
    } catch (IllegalArgumentException e) {
      return List.of("501 5.5.2 Cannot read the credentials: " + e.getMessage());
    }
  }

  private static List<String> authVerdicts(String mechanism, boolean accepted) {
    if (accepted) {
      return List.of("235 2.7.0 Authentication succeeded");
    }
    String refusal = "535 5.7.8 Authentication credentials invalid";
    return mechanism.equals("XOAUTH2")
        ? List.of("334 " + Sasl.encode("{\"status\":\"401\"}"), refusal)
        : List.of(refusal);
  }

  private Sasl.Credentials credentials(String mechanism, @Nullable String initial)
      throws IOException {
    return switch (mechanism) {
      case "PLAIN" -> Sasl.plain(initial != null ? initial : challenge(""));
      case "XOAUTH2" -> Sasl.xoauth2(initial != null ? initial : challenge(""));
      case "LOGIN" -> {
        String name = Sasl.decode(initial != null ? initial : challenge("Username:"));
        yield new Sasl.Credentials(name, Sasl.decode(challenge("Password:")));
      }
      default -> throw new IllegalArgumentException(mechanism + " is not supported by this server");
    };
  }

  private String challenge(String prompt) throws IOException {
    send("334 " + Sasl.encode(prompt));
    String response = isOpen() ? readResponse() : null;
    if (response == null || response.equals("*")) {
      throw new IllegalArgumentException("cancelled");
    }
    return response;
  }

  private @Nullable String readResponse() throws IOException {
    String response = readLine();
    if (response != null) {
      recorder.said(connection, Direction.CLIENT, response.isEmpty() ? " " : response);
    }
    return response;
  }

  private void handleMail() throws IOException, InterruptedException {
    asked = MailPath.parse(line, "FROM");
    if (isPositive(play(Stage.MAIL, normalMailReply())) && asked != null) {
      forgetTransaction();
      mailFrom = asked;
    }
    asked = null;
  }

  private String normalMailReply() {
    if (!greeted) {
      return "503 5.5.1 EHLO first";
    }
    if (mailFrom != null) {
      return "503 5.5.1 Sender already given";
    }
    return asked == null ? "501 5.1.7 Bad sender address syntax" : "250 2.1.0 OK";
  }

  private void handleRcpt() throws IOException, InterruptedException {
    asked = MailPath.parse(line, "TO");
    if (isPositive(play(Stage.RCPT, normalRcptReply())) && asked != null) {
      recipients.add(asked);
    }
    asked = null;
  }

  private String normalRcptReply() {
    if (mailFrom == null) {
      return "503 5.5.1 MAIL first";
    }
    return asked == null ? "501 5.1.3 Bad recipient address syntax" : "250 2.1.5 OK";
  }

  private void handleData() throws IOException, InterruptedException {
    if (play(Stage.DATA, normalDataReply()) == 354) {
      receiveContent();
    }
  }

  private String normalDataReply() {
    if (mailFrom == null) {
      return "503 5.5.1 MAIL first";
    }
    return recipients.isEmpty()
        ? "554 5.5.1 No valid recipients"
        : "354 End data with <CR><LF>.<CR><LF>";
  }

  private void receiveContent() throws IOException, InterruptedException {
    ContentReader reader = new ContentReader(channel);
    line = "";
    for (int offset : scripts.contentOffsets()) {
      if (isOpen() && reader.readUpTo(offset)) {
        contentBytes = reader.received();
        play(Stage.CONTENT, null);
      }
    }
    contentBytes = 0;
    byte[] content = isOpen() ? reader.readToEnd() : null;
    if (content != null) {
      recorder.said(connection, Direction.CLIENT, "<" + content.length + " bytes of content>");
      finishTransaction(content);
    } else if (isOpen()) {
      lost("closed by the client after " + reader.received() + " bytes of content");
    }
  }

  private void finishTransaction(byte[] content) throws IOException, InterruptedException {
    String sender = mailFrom == null ? "" : mailFrom;
    message = new ReceivedMessage(connection, transaction, sender, recipients, content);
    verdictRecorded = false;
    play(Stage.END_OF_DATA, "250 2.0.0 OK");
    forgetTransaction();
    idle();
  }

  private void handleRset() throws IOException, InterruptedException {
    if (isPositive(play(Stage.RSET, "250 2.0.0 OK"))) {
      forgetTransaction();
      idle();
    }
  }

  private void idle() throws IOException, InterruptedException {
    line = "";
    if (isOpen()) {
      play(Stage.IDLE, null);
    }
  }

  private void handleQuit() throws IOException, InterruptedException {
    play(Stage.QUIT, "221 2.0.0 Bye");
    if (isOpen()) {
      close();
    }
  }

  private void forgetTransaction() {
    mailFrom = null;
    message = null;
    recipients.clear();
  }

  /** {@return the code of the reply that was sent, or 0 if none was or the connection ended} */
  private int play(Stage stage, @Nullable String normal) throws IOException, InterruptedException {
    return new Turn(this, stage, normal).play(scripts.take(exchange(stage)));
  }

  private Exchange exchange(Stage stage) {
    String sender = stage == Stage.MAIL ? asked : mailFrom;
    return new Exchange(
        stage,
        connection,
        transaction,
        transactionsHere,
        line,
        Optional.ofNullable(sender),
        recipients,
        Optional.ofNullable(stage == Stage.RCPT ? asked : null),
        Optional.ofNullable(user),
        channel.isEncrypted(),
        contentBytes,
        Optional.ofNullable(message));
  }

  private static boolean isPositive(int code) {
    return code >= 200 && code < 300;
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  /** Notes what a reply means before it goes out, so that whoever reads it finds the record. */
  void answering(Stage stage, int code) {
    ReceivedMessage received = message;
    if (stage == Stage.END_OF_DATA && received != null && !verdictRecorded) {
      if (isPositive(code)) {
        acceptMessage();
      } else {
        verdictRecorded = true;
        recorder.rejected(received);
      }
    }
  }

  void acceptMessage() {
    ReceivedMessage received = message;
    if (received != null && !verdictRecorded) {
      verdictRecorded = true;
      recorder.accepted(received);
    }
  }

  private void send(String reply) throws IOException {
    send(reply, List.of((reply + "\r\n").getBytes(UTF_8)));
  }

  void send(String text, List<byte[]> writes) throws IOException {
    recorder.said(connection, Direction.SERVER, text);
    for (byte[] bytes : writes) {
      channel.write(bytes);
    }
  }

  /** Does the handshake, after which the client has to say EHLO again (RFC 3207 section 4.2). */
  void startTls() throws IOException {
    channel.startTls(tls);
    recorder.said(connection, Direction.EVENT, "encrypted");
    greeted = false;
    user = null;
    forgetTransaction();
  }

  void stall() throws IOException {
    recorder.said(connection, Direction.EVENT, "stalled");
    channel.drain();
    lost("closed by the client");
  }

  void close() throws IOException {
    ended = true;
    recorder.said(connection, Direction.EVENT, "closed by the server");
    recorder.closed(this);
    channel.finish();
  }

  void reset() throws IOException {
    recorder.said(connection, Direction.EVENT, "reset by the server");
    recorder.closed(this);
    channel.reset();
  }

  /** Says the last words unasked and ends the connection; for any thread. */
  void disconnect(String lastWords) throws IOException {
    if (!lastWords.isEmpty()) {
      send(lastWords);
    }
    close();
  }

  /** Notes why the connection is no more. */
  void lost(String why) {
    channel.markClosed();
    recorder.said(connection, Direction.EVENT, why);
    recorder.closed(this);
  }

  /** Closes at once; for any thread. */
  void abort() throws IOException {
    recorder.closed(this);
    channel.abort();
  }
}
