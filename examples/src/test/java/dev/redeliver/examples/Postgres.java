package dev.redeliver.examples;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A PostgreSQL of our own, empty at first; it ends with this process at the latest. */
final class Postgres implements AutoCloseable {
  private static final Path SCRIPT = Path.of("..", ".ci", "postgres").toAbsolutePath().normalize();

  /** What the script ends with if PostgreSQL is not installed. */
  private static final int NOT_INSTALLED = 69;

  private final Process server;
  private final String url;

  private Postgres(Process server, String url) {
    this.server = server;
    this.url = url;
  }

  /** Skips the calling test where PostgreSQL is not installed; on CI that is a failure instead. */
  static Postgres start(Path folder) throws IOException, InterruptedException {
    Path errors = folder.resolve("postgres.txt");
    Process process =
        new ProcessBuilder("bash", SCRIPT.toString(), "run").redirectError(errors.toFile()).start();
    String line = process.inputReader(StandardCharsets.UTF_8).readLine();
    if (line == null) {
      boolean notInstalled = process.waitFor() == NOT_INSTALLED;
      String reason = Files.readString(errors).strip();
      if (notInstalled && !"true".equals(System.getenv("CI"))) {
        abort(reason);
      }
      fail(reason);
    }
    return new Postgres(process, String.valueOf(line));
  }

  /** {@return for JDBC, with the user in it; there is no password} */
  String url() {
    return url;
  }

  @Override
  public void close() throws IOException {
    server.outputWriter().close();
    Process unused = server.onExit().completeOnTimeout(server, 30, TimeUnit.SECONDS).join();
  }
}
