package dev.redeliver.examples;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Runs the command in this process, as the shell would. */
final class Cli {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final int exitCode;

  private Cli(byte[] in, Map<String, String> environment, boolean interactive, String... args) {
    PrintWriter outWriter = Terminal.writer(out);
    PrintWriter errWriter = Terminal.writer(err);
    Terminal terminal =
        new Terminal(new ByteArrayInputStream(in), outWriter, errWriter, environment, interactive);
    exitCode = RedeliverCommand.commandLine(terminal).execute(args);
    outWriter.flush();
    errWriter.flush();
  }

  static Cli run(String... args) {
    return new Cli(new byte[0], Map.of(), false, args);
  }

  static Cli runWith(Map<String, String> environment, String... args) {
    return new Cli(new byte[0], environment, false, args);
  }

  static Cli fed(byte[] in, String... args) {
    return new Cli(in, Map.of(), false, args);
  }

  static Cli fed(String in, String... args) {
    return fed(in.getBytes(StandardCharsets.UTF_8), args);
  }

  static Cli onTerminal(String... args) {
    return new Cli(new byte[0], Map.of(), true, args);
  }

  int exitCode() {
    return exitCode;
  }

  String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  String firstErrorLine() {
    return err().lines().findFirst().orElse("");
  }

  String lastLine() {
    return out().lines().reduce("", (earlier, later) -> later);
  }
}
