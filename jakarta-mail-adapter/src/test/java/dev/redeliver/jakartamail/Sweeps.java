package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs many cases, each on a server that nobody else uses meanwhile. */
final class Sweeps {
  private static final int THREADS = 6;

  private Sweeps() {}

  /** Runs one case on the servers of its thread. */
  @FunctionalInterface
  interface Runner<C> {
    void run(C now, SweepServers servers) throws Exception;
  }

  /** Runs all cases, several at a time, and fails if one of them does. */
  static <C> void runAll(List<C> cases, Runner<C> runner) throws Exception {
    AtomicInteger next = new AtomicInteger();
    List<String> failures = new ArrayList<>();
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        all.add(pool.submit(() -> work(cases, next, runner, failures)));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(failures.size() + " of " + cases.size() + " cases failed")
        .as(digest(failures))
        .startsWith("0 of");
  }

  /** {@return a few failures in full, more of them in short} */
  private static String digest(List<String> failures) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < failures.size(); i++) {
      String failure = failures.get(i);
      int end = i < 3 ? failure.length() : Math.min(failure.length(), 300);
      text.append(i < 50 ? failure.substring(0, end) + "\n\n" : "");
    }
    return text.toString();
  }

  private static <C> void work(
      List<C> cases, AtomicInteger next, Runner<C> runner, List<String> failures) {
    try (SweepServers servers = new SweepServers()) {
      for (int i = next.getAndIncrement(); i < cases.size(); i = next.getAndIncrement()) {
        try {
          runner.run(cases.get(i), servers);
        } catch (Exception | AssertionError e) {
          synchronized (failures) {
            failures.add(cases.get(i) + ": " + e);
          }
        }
      }
    }
  }
}
