package dev.redeliver.outbox;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A fresh database in a PostgreSQL of our own. There is one server for all tests of a JVM, started
 * by the first that needs it; it ends when the JVM does, however that happens.
 */
final class Postgres {
  private static final Path SCRIPT = Path.of("..", ".ci", "postgres").toAbsolutePath().normalize();

  /** What the script ends with if PostgreSQL is not installed. */
  private static final int NOT_INSTALLED = 69;

  /** Held for as long as the server is to run: it ends with its standard input. */
  private static @Nullable Process server;

  private static String serverUrl = "";
  private static int databases;

  private final String url;

  private Postgres(String url) {
    this.url = url;
  }

  /**
   * {@return a new, empty database} Skips the calling test where PostgreSQL is not installed; on CI
   * that is a failure instead.
   */
  static synchronized Postgres freshDatabase() throws Exception {
    if (server == null || !server.isAlive()) {
      server = startServer();
    }
    String name = "t_" + ++databases;
    try (Connection connection = DriverManager.getConnection(serverUrl);
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + name);
    }
    return new Postgres(serverUrl.replace("/postgres?", "/" + name + "?"));
  }

  private static Process startServer() throws IOException, InterruptedException {
    Path errors = Files.createTempFile("postgres", ".txt");
    try {
      Process process =
          new ProcessBuilder("bash", SCRIPT.toString(), "run")
              .redirectError(errors.toFile())
              .start();
      String line = process.inputReader(StandardCharsets.UTF_8).readLine();
      if (line == null) {
        int status = process.waitFor();
        refuse(status == NOT_INSTALLED, Files.readString(errors).strip());
      } else {
        serverUrl = line;
      }
      return process;
    } finally {
      Files.delete(errors);
    }
  }

  private static void refuse(boolean notInstalled, String reason) {
    if (notInstalled && !"true".equals(System.getenv("CI"))) {
      abort(reason);
    }
    fail(reason);
  }

  /** {@return for JDBC, with the user in it; there is no password} */
  String url() {
    return url;
  }

  /** {@return connections to it, each of them a new one} */
  DataSource dataSource() {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(url);
    return dataSource;
  }
}
