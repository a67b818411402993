package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Prometheus' own checks. They are skipped where it is not installed, but not in CI. */
final class Promtool {
  private Promtool() {}

  /**
   * {@return what it printed} Fails if it found anything.
   *
   * @param folder for files in between
   */
  static String run(Path folder, String... arguments) throws Exception {
    return run(folder, ProcessBuilder.Redirect.PIPE, arguments);
  }

  /** The same, with something to read. */
  static String run(Path folder, ProcessBuilder.Redirect input, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(program("promtool").toString()));
    command.addAll(List.of(arguments));
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(input)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    String said = Files.readString(output);
    assertThat(process.exitValue()).as(said).isEqualTo(0);
    return said;
  }

  /** {@return where a program of Prometheus is} Skips the test if nowhere, but not in CI. */
  static Path program(String name) {
    Optional<Path> found = find(name);
    if (found.isEmpty() && "true".equals(System.getenv("CI"))) {
      fail(name + " is not on the PATH; it comes with the Debian package prometheus");
    }
    assumeTrue(found.isPresent(), name + " (Debian package prometheus) is not on the PATH");
    return found.get();
  }

  private static Optional<Path> find(String program) {
    return Pattern.compile(Pattern.quote(File.pathSeparator))
        .splitAsStream(Optional.ofNullable(System.getenv("PATH")).orElse(""))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
