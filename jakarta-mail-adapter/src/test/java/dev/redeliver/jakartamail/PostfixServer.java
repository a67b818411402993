package dev.redeliver.jakartamail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A Postfix of our own on loopback, with postgrey for greylisting and Dovecot for passwords and
 * quota. What it takes for {@code lab.test} and {@code elsewhere.test} ends in mailboxes on disk.
 */
final class PostfixServer {
  private static final Map<String, Path> PROGRAMS =
      Map.of(
          "postfix", Path.of("/usr/sbin/postfix"),
          "postgrey", Path.of("/usr/sbin/postgrey"),
          "dovecot-core", Path.of("/usr/sbin/dovecot"));

  private static final Pattern MESSAGE_ID =
      Pattern.compile("^Message-ID: (.*)$", Pattern.MULTILINE);

  private final PostfixFiles files;
  private final Map<PostfixPort, Integer> ports;
  private final Certificate certificate;
  private final Process servers;
  private final PostfixLog log = new PostfixLog();
  private int marks;

  private PostfixServer(PostfixFiles files, Map<PostfixPort, Integer> ports) throws Exception {
    this.files = files;
    this.ports = ports;
    certificate = files.write(ports);
    servers =
        new ProcessBuilder("/bin/sh", files.script().toString()).redirectErrorStream(true).start();
    log.follow(servers.getInputStream());
  }

  /** Skips the calling test where the servers can't run; on CI that is a failure instead. */
  static PostfixServer start(Path folder) throws Exception {
    requireRunnable();
    PostfixServer server = new PostfixServer(new PostfixFiles(folder), freePorts());
    try {
      server.log.await("postgrey", lines -> count(lines, "Setting uid to") == 2);
      server.log.awaitLine("Dovecot v");
      server.log.awaitLine("daemon started");
    } catch (AssertionError e) {
      server.stop();
      throw e;
    }
    return server;
  }

  private static void requireRunnable() {
    List<String> missing = new ArrayList<>();
    PROGRAMS.forEach(
        (debianPackage, program) -> {
          if (!Files.isExecutable(program)) {
            missing.add(debianPackage);
          }
        });
    if (!"root".equals(System.getProperty("user.name"))) {
      missing.add("root");
    }
    if (!missing.isEmpty()) {
      String reason =
          "needs Debian's packages postfix, postgrey and dovecot-core, and root to run them; missing: "
              + String.join(", ", missing);
      if ("true".equals(System.getenv("CI"))) {
        fail(reason);
      }
      abort(reason);
    }
  }

  /** All are held until the last is found, so that no two are the same. */
  private static Map<PostfixPort, Integer> freePorts() throws IOException {
    Map<PostfixPort, Integer> ports = new EnumMap<>(PostfixPort.class);
    List<ServerSocket> held = new ArrayList<>();
    for (PostfixPort port : PostfixPort.values()) {
      ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      held.add(socket);
      ports.put(port, socket.getLocalPort());
    }
    for (ServerSocket socket : held) {
      socket.close();
    }
    return ports;
  }

  int number(PostfixPort port) {
    return Objects.requireNonNull(ports.get(port));
  }

  PostfixLog log() {
    return log;
  }

  /** {@return TLS for a client that trusts this server} */
  SSLContext trustingContext() throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("mx", certificate);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  /**
   * {@return the mailboxes that hold a message, one entry per copy} Waits until everything that was
   * accepted has been delivered.
   */
  List<String> copies(String messageId) throws Exception {
    settle();
    List<String> mailboxes = new ArrayList<>();
    for (Path stored : stored()) {
      String text = Files.readString(stored, ISO_8859_1);
      if (MESSAGE_ID.matcher(text).results().anyMatch(id -> id.group(1).equals(messageId))) {
        mailboxes.add(mailbox(stored));
      }
    }
    return mailboxes;
  }

  /** {@return the text of the one copy of a message in a mailbox} */
  String text(String mailbox, String messageId) throws Exception {
    settle();
    List<String> texts = new ArrayList<>();
    for (Path stored : stored()) {
      if (mailbox(stored).equals(mailbox)) {
        texts.add(Files.readString(stored, ISO_8859_1));
      }
    }
    texts.removeIf(text -> !text.contains(messageId));
    assertThat(texts).hasSize(1);
    return texts.get(0);
  }

  /** Does what the owner of a mailbox does who has been away for too long. */
  void empty(String mailbox) {
    for (Path stored : stored()) {
      if (mailbox(stored).equals(mailbox)) {
        try {
          Files.delete(stored);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  /** A mailbox is DOMAIN/NAME, and keeps what nobody has read in new, and the rest in cur. */
  private List<Path> stored() {
    try (Stream<Path> all = Files.walk(files.mail())) {
      return all.filter(this::isStoredMessage).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String mailbox(Path stored) {
    Path relative = files.mail().relativize(stored);
    return relative.getName(1) + "@" + relative.getName(0);
  }

  private boolean isStoredMessage(Path path) {
    Path relative = files.mail().relativize(path);
    return relative.getNameCount() == 4
        && List.of("new", "cur").contains(relative.getName(2).toString());
  }

  private void settle() throws InterruptedException {
    log.await("an empty queue", lines -> isQueueEmpty());
    assertThat(log.from(0))
        .as("what was accepted must be delivered")
        .noneMatch(line -> line.contains("status=bounced") || line.contains("status=deferred"));
  }

  /** In the order in which a message goes through them, so that none is missed. */
  private boolean isQueueEmpty() {
    for (String queue : List.of("incoming", "active", "deferred")) {
      try (Stream<Path> all = Files.walk(files.queue().resolve(queue))) {
        if (all.anyMatch(Files::isRegularFile)) {
          return false;
        }
      } catch (IOException | UncheckedIOException e) {
        return false; // gone while we looked
      }
    }
    return true;
  }

  /**
   * {@return what clients did in each session on a port that began after a line of the log} Waits
   * until all are over.
   */
  List<String> sessions(PostfixPort port, int since) throws Exception {
    String mark = "mark " + ++marks;
    PostfixFiles.output("/usr/sbin/postlog", "-c", files.configuration().toString(), mark);
    log.awaitLine(mark);
    Predicate<String> ended = line -> isOf(port, line) && line.contains(": disconnect from ");
    log.await(
        "the end of all sessions",
        lines -> {
          List<String> recent = lines.subList(since, lines.size());
          return recent.stream().filter(ended).count()
              == recent.stream()
                  .filter(line -> isOf(port, line) && line.contains(": connect from "))
                  .count();
        });
    return log.from(since).stream()
        .filter(ended)
        .map(line -> line.replaceFirst("^.*\\[127\\.0\\.0\\.1\\] ", ""))
        .toList();
  }

  private static boolean isOf(PostfixPort port, String line) {
    return line.contains(" " + port.logName() + "/smtpd[");
  }

  /**
   * Makes anvil(8) forget whom it has counted, as it does by itself a minute after: it keeps that
   * in memory only, and Postfix starts another one when it is next asked.
   */
  void forgetRates() throws InterruptedException {
    Path anvil = PostfixFiles.POSTFIX_DAEMONS.resolve("anvil");
    List<ProcessHandle> running =
        servers
            .descendants()
            .filter(
                process -> process.info().command().filter(anvil.toString()::equals).isPresent())
            .toList();
    for (ProcessHandle process : running) {
      process.destroy();
      log.awaitLine(anvil + " pid " + process.pid() + " killed");
    }
  }

  private static void awaitEnd(ProcessHandle process) {
    try {
      process.onExit().get(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("still runs: " + process.info(), e);
    }
  }

  private static long count(List<String> lines, String text) {
    return lines.stream().filter(line -> line.contains(text)).count();
  }

  /** Stops all servers and makes sure that none is left. */
  void stop() throws Exception {
    List<ProcessHandle> all = servers.descendants().toList();
    servers.getOutputStream().close();
    boolean ended = servers.waitFor(20, TimeUnit.SECONDS);
    if (!ended) {
      all.forEach(ProcessHandle::destroyForcibly);
      servers.destroyForcibly();
    }
    all.forEach(PostfixServer::awaitEnd);
    assertThat(ended).as("the servers end when told; the log:%n%s", log).isTrue();
  }
}
