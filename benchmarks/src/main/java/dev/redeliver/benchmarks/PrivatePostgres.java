package dev.redeliver.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A PostgreSQL of our own, which ends with this process at the latest and leaves nothing. */
final class PrivatePostgres implements AutoCloseable {
  private final Process process;
  private final String url;

  private PrivatePostgres(Process process, String url) {
    this.process = process;
    this.url = url;
  }

  /**
   * Starts one.
   *
   * @param directory where its data are made; the user postgres must be able to enter it
   * @throws IOException if it is not installed or does not start
   */
  static PrivatePostgres start(Path directory) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("bash", script().toString(), "run")
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("TMPDIR", directory.toString());
    Process process = builder.start();
    String url = process.inputReader(StandardCharsets.UTF_8).readLine();
    if (url == null) {
      throw new IOException("there is no PostgreSQL; --postgres URL names another");
    }
    return new PrivatePostgres(process, url);
  }

  /** {@return the script of the project, in this directory or one above} */
  private static Path script() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    return Stream.iterate(here, above -> above != null, Path::getParent)
        .map(directory -> directory.resolve(".ci").resolve("postgres"))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () ->
                new IOException(
                    ".ci/postgres is not in "
                        + here
                        + " or above; --postgres URL names a database that runs already"));
  }

  String url() {
    return url;
  }

  @Override
  public void close() throws IOException {
    // It ends with its input.
    process.getOutputStream().close();
    try {
      process.waitFor(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
