package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.testkit.ScriptedSmtpServer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Properties;

/** The servers of one thread of a sweep, each used again and again. Not thread-safe. */
final class SweepServers implements AutoCloseable {
  /** What a server offers. */
  enum Kind {
    PLAIN,
    PIPELINING("PIPELINING"),
    TLS("STARTTLS"),
    AUTH("AUTH PLAIN");

    @SuppressWarnings("ImmutableEnumChecker") // is not written to
    private final String[] extensions;

    Kind(String... extensions) {
      this.extensions = extensions;
    }
  }

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Map<Kind, ScriptedSmtpServer> servers = new EnumMap<>(Kind.class);

  /** {@return a server that knows nothing of what was before} */
  ScriptedSmtpServer fresh(Kind kind) {
    ScriptedSmtpServer server =
        servers.computeIfAbsent(
            kind, made -> ScriptedSmtpServer.builder().with(made.extensions).open());
    server.reset();
    return server;
  }

  /** {@return what a session needs to come to the server} */
  static Properties properties(Kind kind, ScriptedSmtpServer server, int timeoutMillis) {
    Properties properties = TransportKind.properties(server);
    properties.setProperty("mail.smtp.timeout", Integer.toString(timeoutMillis));
    properties.setProperty("mail.smtp.connectiontimeout", "20000");
    properties.setProperty("mail.smtp.writetimeout", "20000");
    if (kind == Kind.TLS) {
      properties.setProperty("mail.smtp.starttls.enable", "true");
      properties.setProperty("mail.smtp.starttls.required", "true");
      properties.put(
          "mail.smtp.ssl.socketFactory", ScriptedSmtpServer.clientSslContext().getSocketFactory());
    }
    if (kind == Kind.AUTH) {
      properties.setProperty("mail.smtp.auth", "true");
    }
    return properties;
  }

  /** {@return all that a server recorded, once it has read everything} */
  static ServerLog log(ScriptedSmtpServer... servers) throws InterruptedException {
    for (ScriptedSmtpServer server : servers) {
      assertThat(server.awaitConnectionsClosed(LIMIT)).as("connections end").isTrue();
      assertThat(server.failures()).isEmpty();
    }
    return new ServerLog(servers);
  }

  @Override
  public void close() {
    servers.values().forEach(ScriptedSmtpServer::close);
  }
}
