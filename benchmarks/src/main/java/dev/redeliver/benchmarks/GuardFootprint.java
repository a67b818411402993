package dev.redeliver.benchmarks;

import java.io.PrintStream;
import java.lang.ref.Reference;

/** What a million replies of many destinations leave in memory. */
final class GuardFootprint {
  private static final int REPLIES = 1_000_000;

  private GuardFootprint() {}

  static void run(PrintStream out) throws InterruptedException {
    for (int destinations : new int[] {1_000, 10_000, 100_000}) {
      run(out, destinations);
    }
  }

  private static void run(PrintStream out, int destinations) throws InterruptedException {
    long before = heap();
    GuardedTraffic traffic = new GuardedTraffic(destinations);
    try {
      long start = System.nanoTime();
      for (int i = 0; i < REPLIES; i++) {
        traffic.reply();
      }
      long nanos = System.nanoTime() - start;
      long kib = (heap() - before) / 1024;
      out.printf(
          "destinations %,7d  replies %,d  postponed %,d  heap %,6d KiB, names included  %,d ns a"
              + " reply%n",
          destinations, REPLIES, traffic.postponed(), kib, nanos / REPLIES);
    } finally {
      Reference.reachabilityFence(traffic);
    }
  }

  private static long heap() throws InterruptedException {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      Thread.sleep(50);
      Runtime runtime = Runtime.getRuntime();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }
}
