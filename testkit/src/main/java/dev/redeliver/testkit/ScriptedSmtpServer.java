package dev.redeliver.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * An SMTP server for tests, in this process, on 127.0.0.1. It accepts all mail unless it is
 * scripted to answer differently, and records what it accepted, byte for byte. Thread-safe.
 *
 * <pre>{@code
 * try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
 *   server.on(Stage.RCPT).to("b@example.org").times(2).reply("450 4.2.0 greylisted");
 *   server.on(Stage.END_OF_DATA).onConnection(2).acceptThenClose();
 *   server.on(Stage.CONTENT).afterBytes(1000).reset();
 *   server.on(Stage.MAIL).skip(9)
 *       .then(SmtpAction.reply("421 4.3.2 shutting down"), SmtpAction.close());
 *
 *   send(message, server.host(), server.port());
 *
 *   assertEquals(1, server.copies("<id@example.org>", "b@example.org"));
 *   assertEquals(List.of(), server.unused());
 * }
 * }</pre>
 *
 * <p>It never waits by itself: only {@link SmtpAction#delay} and {@link SmtpAction#stall} take
 * time. Its certificate is self-signed for localhost and 127.0.0.1 ({@link #clientSslContext}
 * trusts it), and the key is public: it protects nothing. Each connection has a daemon thread.
 */
public final class ScriptedSmtpServer implements AutoCloseable {
  private static final int BACKLOG = 256;
  private static final long JOIN_MILLIS = 5_000;

  private final ScriptBook scripts = new ScriptBook();
  private final Recorder recorder;
  private final Map<Session, Thread> sessions = new ConcurrentHashMap<>();
  private final SSLContext serverContext = TestCertificate.serverContext();
  private final SessionSettings settings;
  private volatile int port;
  private volatile @Nullable ServerSocket listener;
  private @Nullable Thread acceptor;

  private ScriptedSmtpServer(Builder builder) {
    recorder = new Recorder(builder.receiver);
    settings = new SessionSettings(builder.keywords, builder.credentials, builder.implicitTls);
    port = builder.port;
  }

  /**
   * Opens a server with the defaults of {@link Builder} on a free port.
   *
   * @throws UncheckedIOException if no port can be bound
   */
  public static ScriptedSmtpServer open() {
    return builder().open();
  }

  /** {@return a builder with the defaults} */
  public static Builder builder() {
    return new Builder();
  }

  /** Configures a server. Not thread-safe. */
  public static final class Builder {
    private final List<String> keywords =
        new ArrayList<>(List.of("8BITMIME", "ENHANCEDSTATUSCODES", "SIZE"));
    private final Map<String, String> credentials = new HashMap<>();
    private boolean implicitTls;
    private int port;
    private @Nullable Consumer<ReceivedMessage> receiver;

    private Builder() {}

    /**
     * Offers exactly these extensions; the default is 8BITMIME, ENHANCEDSTATUSCODES and SIZE.
     *
     * @param lines lines of the EHLO reply without code, such as {@code "AUTH PLAIN LOGIN"}
     */
    public Builder extensions(String... lines) {
      keywords.clear();
      return with(lines);
    }

    /**
     * Offers these extensions too. The server knows {@code STARTTLS}, {@code PIPELINING}, {@code
     * SMTPUTF8} and {@code AUTH} with PLAIN, LOGIN and XOAUTH2; it offers others without knowing
     * them.
     *
     * @param lines lines of the EHLO reply without code, such as {@code "AUTH PLAIN LOGIN"}
     */
    public Builder with(String... lines) {
      keywords.addAll(Arrays.asList(lines));
      return this;
    }

    /**
     * Accepts this user; may be repeated. By default, and only then, any user is accepted.
     *
     * @param user the user name
     * @param secret the password, or for XOAUTH2 the access token; not a real one
     */
    public Builder credentials(String user, String secret) {
      credentials.put(user, secret);
      return this;
    }

    /** Begins each connection with a TLS handshake, as on port 465; the default is clear text. */
    public Builder implicitTls() {
      implicitTls = true;
      return this;
    }

    /**
     * Which port to listen on.
     *
     * @param number 0, the default, for any free one, up to 65535
     * @throws IllegalArgumentException if it is out of bounds
     */
    public Builder port(int number) {
      if (number < 0 || number > 65_535) {
        throw new IllegalArgumentException("port must be 0 to 65535, was " + number);
      }
      port = number;
      return this;
    }

    /**
     * Hands accepted messages over instead of keeping them, and keeps no transcript: for runs so
     * long that the records would fill the memory. Counts are kept.
     *
     * @param accepted gets each message before the reply goes out, in its connection's thread; what
     *     it throws ends the connection and is kept in {@link ScriptedSmtpServer#failures()}
     */
    public Builder handOver(Consumer<ReceivedMessage> accepted) {
      receiver = Objects.requireNonNull(accepted, "accepted");
      return this;
    }

    /**
     * Opens the server.
     *
     * @throws UncheckedIOException if the port cannot be bound
     */
    public ScriptedSmtpServer open() {
      ScriptedSmtpServer server = new ScriptedSmtpServer(this);
      server.start();
      return server;
    }
  }

  /** {@return the address to connect to: 127.0.0.1} */
  public String host() {
    return "127.0.0.1";
  }

  /** {@return the port to connect to; the same after {@link #stop} and {@link #start}} */
  public int port() {
    return port;
  }

  /**
   * Begins a script; it takes effect when it is told what to do.
   *
   * @param stage where the server is to deviate from normal
   */
  public SmtpScript on(Stage stage) {
    return new SmtpScript(stage, scripts::add);
  }

  /** {@return the scripts that were not used as often as they say, as text, for assertions} */
  public List<String> unused() {
    return scripts.unused();
  }

  /** {@return the messages accepted, in order} */
  public List<ReceivedMessage> accepted() {
    return recorder.accepted();
  }

  /** {@return the messages refused by the reply to the final dot, in order} */
  public List<ReceivedMessage> rejected() {
    return recorder.rejected();
  }

  /**
   * {@return how many times a message was accepted for a recipient}
   *
   * @param messageId its Message-ID, angle brackets included
   * @param recipient the address exactly as sent, without angle brackets
   */
  public int copies(String messageId, String recipient) {
    return copies(message -> message.messageId().filter(messageId::equals).isPresent(), recipient);
  }

  /**
   * {@return how many times messages were accepted for a recipient}
   *
   * @param messages which messages count
   * @param recipient the address exactly as sent, without angle brackets
   */
  public int copies(Predicate<ReceivedMessage> messages, String recipient) {
    return accepted().stream()
        .filter(messages)
        .mapToInt(message -> Collections.frequency(message.recipients(), recipient))
        .sum();
  }

  /** {@return all that was said, over all connections; credentials are shown as received} */
  public List<TranscriptEntry> transcript() {
    return recorder.transcript();
  }

  /**
   * {@return how many times a command was received}
   *
   * @param verb such as {@code RCPT}; case does not matter
   */
  public int commands(String verb) {
    return recorder.commands(verb);
  }

  /** {@return how many connections were opened since the server was opened or reset} */
  public int connections() {
    return recorder.connections();
  }

  /** {@return how many connections are open; one that the server has ended is not} */
  public int openConnections() {
    return recorder.openConnections();
  }

  /**
   * Waits until no connection is open.
   *
   * @param limit how long at most
   * @return whether none is open
   * @throws InterruptedException if the thread is interrupted
   */
  public boolean awaitConnectionsClosed(Duration limit) throws InterruptedException {
    return recorder.awaitClosed(limit);
  }

  /** {@return what predicates and hooks of the test threw; it ended their connections} */
  public List<Throwable> failures() {
    return recorder.failures();
  }

  /**
   * Ends every open connection with a FIN, as a server does that times out idle clients.
   *
   * @param lastWords a line to send before, such as {@code "421 4.4.2 timeout"}; empty for none
   */
  public void disconnectAll(String lastWords) {
    endAll(session -> session.disconnect(lastWords));
  }

  /** Ends every open connection with a RST. */
  public void resetAll() {
    endAll(Session::reset);
  }

  /** A client that is gone already has what it should get: the end of its connection. */
  private void endAll(Ending ending) {
    sessions.keySet().stream()
        .filter(Session::isOpen)
        .forEach(
            session -> {
              try {
                ending.end(session);
              } catch (IOException e) {
                session.lost("lost: " + e);
              }
            });
  }

  /** A way to end a session. */
  @FunctionalInterface
  private interface Ending {
    void end(Session session) throws IOException;
  }

  /**
   * Forgets all scripts and records and counts from the beginning. Open connections stay open and
   * keep their numbers.
   */
  public void reset() {
    scripts.clear();
    recorder.clear();
  }

  /**
   * Listens again on the same port, after {@link #stop}. Does nothing if the server listens.
   *
   * @throws UncheckedIOException if the port cannot be bound
   */
  public synchronized void start() {
    if (listener == null) {
      ServerSocket socket = bind();
      listener = socket;
      port = socket.getLocalPort();
      acceptor = daemon("scripted-smtp-" + port, () -> acceptAll(socket));
      acceptor.start();
    }
  }

  private ServerSocket bind() {
    try {
      ServerSocket socket = new ServerSocket();
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(host()), port), BACKLOG);
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen on " + host() + ":" + port, e);
    }
  }

  /**
   * Closes all connections and refuses new ones. Scripts and records stay. Does nothing if the
   * server does not listen.
   *
   * @throws UncheckedIOException if the port cannot be released
   */
  public synchronized void stop() {
    ServerSocket socket = listener;
    Thread accepting = acceptor;
    if (socket != null && accepting != null) {
      listener = null;
      acceptor = null;
      try {
        socket.close();
        join(accepting);
        endSessions();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot stop listening on " + host() + ":" + port, e);
      }
    }
  }

  private void endSessions() throws IOException {
    Map<Session, Thread> ending = Map.copyOf(sessions);
    for (Map.Entry<Session, Thread> entry : ending.entrySet()) {
      entry.getKey().abort();
      if (entry.getValue() != Thread.currentThread()) {
        entry.getValue().interrupt();
      }
    }
    ending.values().forEach(ScriptedSmtpServer::join);
  }

  /** Stops the server; what it recorded can still be read. */
  @Override
  public void close() {
    stop();
  }

  /** {@return a context that trusts this kind of server, and nothing else} */
  public static SSLContext clientSslContext() {
    return TestCertificate.clientContext();
  }

  /** {@return the server's self-signed certificate, for localhost and 127.0.0.1} */
  public static X509Certificate certificate() {
    return TestCertificate.certificate();
  }

  private void acceptAll(ServerSocket socket) {
    while (!socket.isClosed()) {
      try {
        serve(socket.accept());
      } catch (IOException e) {
        if (!socket.isClosed()) {
          recorder.failed(e);
        }
      }
    }
  }

  private void serve(Socket client) {
    Session session = new Session(new Channel(client), settings, scripts, recorder, serverContext);
    Thread thread = daemon("scripted-smtp-" + port + "-session", () -> converse(session));
    sessions.put(session, thread);
    thread.start();
  }

  private void converse(Session session) {
    try {
      session.run();
    } catch (IOException e) {
      noteLoss(session, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      recorder.failed(e);
    } finally {
      end(session);
    }
  }

  /** A connection that the server ended itself may break any way it likes. */
  private static void noteLoss(Session session, IOException e) {
    if (session.isOpen()) {
      session.lost("lost: " + e);
    }
  }

  private void end(Session session) {
    sessions.remove(session);
    try {
      session.abort();
    } catch (IOException e) {
      recorder.failed(e);
    }
  }

  private static Thread daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  private static void join(Thread thread) {
    if (thread != Thread.currentThread()) {
      try {
        thread.join(JOIN_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
