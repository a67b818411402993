package dev.redeliver.examples;

import dev.redeliver.outbox.Outbox;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Which outbox a command works with: one that is there already. */
final class OutboxLocation {
  @Option(
      names = "--outbox",
      required = true,
      paramLabel = "LOCATION",
      description = "The outbox: its file, or a JDBC URL that begins with jdbc:postgresql:.")
  private String location = "";

  /**
   * Opens it. A file that is not there is not made.
   *
   * @param builder what it is opened with but for the place
   */
  Outbox.Builder at(CommandLine command, Outbox.Builder builder) {
    try {
      Outbox.Builder located = builder.location(location);
      if (!location.startsWith("jdbc:")) {
        requireFile(command, Path.of(location));
      }
      return located;
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(command, "--outbox: " + e.getMessage(), e);
    }
  }

  private static void requireFile(CommandLine command, Path file) {
    if (!Files.isRegularFile(file)) {
      throw RefusedFile.unreadable(
          command, "--outbox", file, new NoSuchFileException(file.toString()));
    }
  }

  @Override
  public String toString() {
    return location;
  }
}
