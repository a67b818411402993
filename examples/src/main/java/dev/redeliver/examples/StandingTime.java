package dev.redeliver.examples;

import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Time that stands still while anybody works and goes on only when told to: hours of waiting take
 * no time, and no attempt takes longer because the machine is slow. Thread-safe.
 */
final class StandingTime implements AutoCloseable {
  private final FakeClock clock = new FakeClock();
  private final ManualScheduler timer = new ManualScheduler(clock);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private int working;

  InstantSource clock() {
    return clock;
  }

  ScheduledExecutorService timer() {
    return timer;
  }

  /** {@return what runs work on threads of its own, and keeps time standing until it is done} */
  Executor workers() {
    return work -> {
      begin();
      threads.execute(
          () -> {
            try {
              work.run();
            } finally {
              end();
            }
          });
    };
  }

  private synchronized void begin() {
    working++;
  }

  private synchronized void end() {
    working--;
    notifyAll();
  }

  Duration elapsed() {
    return clock.elapsed();
  }

  /** Waits until nobody works, then goes on, and does what becomes due on the way. */
  void goOn(Duration step) throws InterruptedException {
    awaitRest();
    timer.advance(step);
  }

  private synchronized void awaitRest() throws InterruptedException {
    while (working > 0) {
      wait();
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
