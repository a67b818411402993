package dev.redeliver.benchmarks;

import java.io.IOException;
import java.util.Arrays;

/**
 * What the jar runs: {@code send} measures sending, {@code guards} the memory of guards, {@code
 * outbox-baseline} what databases can do, {@code outbox} the outbox beside that, and everything
 * else is JMH's to read.
 */
public final class Benchmarks {
  private Benchmarks() {}

  /**
   * Runs measurements.
   *
   * @param args {@code send}, {@code outbox-baseline} or {@code outbox} and their options, {@code
   *     guards}, or JMH's
   * @throws Exception if they cannot be run
   */
  public static void main(String[] args) throws Exception {
    if (args.length > 0 && args[0].equals("send")) {
      run(() -> SendBenchmark.of(optionsIn(args)).run(System.out));
    } else if (args.length > 0 && args[0].equals("outbox-baseline")) {
      run(() -> OutboxBaseline.of(optionsIn(args)).run(System.out));
    } else if (args.length > 0 && args[0].equals("outbox")) {
      run(() -> OutboxBenchmark.of(optionsIn(args)).run(System.out));
    } else if (args.length > 0 && args[0].equals("outbox-node")) {
      run(() -> OutboxNode.run(System.out, optionsIn(args)));
    } else if (args.length > 0 && args[0].equals("guards")) {
      GuardFootprint.run(System.out);
    } else {
      org.openjdk.jmh.Main.main(args);
    }
  }

  private static String[] optionsIn(String... args) {
    return Arrays.copyOfRange(args, 1, args.length);
  }

  private static void run(Measurement measurement) throws Exception {
    try {
      measurement.run();
    } catch (IllegalArgumentException | IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  /** Prints what it finds. */
  @FunctionalInterface
  private interface Measurement {
    void run() throws Exception;
  }
}
