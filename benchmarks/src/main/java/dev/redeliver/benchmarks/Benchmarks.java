package dev.redeliver.benchmarks;

import java.io.IOException;
import java.util.Arrays;

/** What the jar runs: {@code send} measures sending, and everything else is JMH's to read. */
public final class Benchmarks {
  private Benchmarks() {}

  /**
   * Runs measurements.
   *
   * @param args {@code send} and its options, {@code guards}, or JMH's
   * @throws Exception if they cannot be run
   */
  public static void main(String[] args) throws Exception {
    if (args.length > 0 && args[0].equals("send")) {
      send(Arrays.copyOfRange(args, 1, args.length));
    } else if (args.length > 0 && args[0].equals("guards")) {
      GuardFootprint.run(System.out);
    } else {
      org.openjdk.jmh.Main.main(args);
    }
  }

  private static void send(String[] options) throws Exception {
    try {
      SendBenchmark.of(options).run(System.out);
    } catch (IllegalArgumentException | IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
