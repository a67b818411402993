package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Programs of the machine that some tests need. */
final class Program {
  private Program() {}

  /** Skips the test where the program is not installed; in CI that is a failure. */
  static Path require(String program) {
    Optional<Path> found = onPath(program);
    String missing = program + " (Debian package) is not on the PATH";
    if (found.isEmpty() && "true".equals(System.getenv("CI"))) {
      fail(missing);
    }
    assumeTrue(found.isPresent(), missing);
    return found.get();
  }

  private static Optional<Path> onPath(String program) {
    return Pattern.compile(Pattern.quote(File.pathSeparator))
        .splitAsStream(Optional.ofNullable(System.getenv("PATH")).orElse(""))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
