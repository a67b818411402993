package dev.redeliver.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** A file that an option names is no good. The call was right, so its usage is not printed. */
final class RefusedFile extends ParameterException {
  private static final long serialVersionUID = 1L;

  private RefusedFile(CommandLine command, String message, Exception cause) {
    super(command, message, cause);
  }

  /** What is in the file is wrong; the errors stand on lines of their own. */
  static RefusedFile because(
      CommandLine command, String option, Path file, String errors, Exception cause) {
    String message = option + ": " + file + " is refused:" + System.lineSeparator() + errors;
    return new RefusedFile(command, message, cause);
  }

  /** The file or directory cannot be worked with. */
  static RefusedFile unusable(CommandLine command, String option, Path file, Exception cause) {
    String message = option + ": " + file + " cannot be used: " + cause.getMessage();
    return new RefusedFile(command, message, cause);
  }

  /** The file cannot be read at all. */
  static RefusedFile unreadable(CommandLine command, String option, Path file, IOException cause) {
    String why = String.valueOf(cause);
    if (cause instanceof NoSuchFileException) {
      why = "there is no such file";
    } else if (Files.isDirectory(file)) {
      why = "it is a directory";
    }
    return new RefusedFile(command, option + ": cannot read " + file + ": " + why, cause);
  }
}
