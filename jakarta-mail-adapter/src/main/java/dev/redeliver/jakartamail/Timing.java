package dev.redeliver.jakartamail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Has things done now, by a worker, or later. Thread-safe. Nothing gets lost because somebody shut
 * an executor down.
 */
final class Timing {
  private static final System.Logger LOGGER = System.getLogger("dev.redeliver.jakartamail");

  private final Executor workers;
  private final ScheduledExecutorService timer;

  Timing(Executor workers, ScheduledExecutorService timer) {
    this.workers = workers;
    this.timer = timer;
  }

  /** Has work done by a worker. */
  void now(Runnable work) {
    try {
      workers.execute(work);
    } catch (RejectedExecutionException e) {
      LOGGER.log(System.Logger.Level.WARNING, "the executor does not take work", e);
      new Thread(work, "redeliver-rejected").start();
    }
  }

  /**
   * {@return the task, which runs on the timer and must be short; null if the timer was shut down}
   */
  @Nullable Future<?> later(Duration delay, Callable<?> task) {
    try {
      long millis = Math.max(0, delay.plusNanos(999_999).toMillis());
      return timer.schedule(task, millis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOGGER.log(System.Logger.Level.WARNING, "the scheduler does not take work", e);
      return null;
    }
  }

  /** {@return whether nothing happens later any more} */
  boolean isShutDown() {
    return timer.isShutdown();
  }

  /** Has work done by a worker, later. {@return false if the timer was shut down} */
  boolean workLater(Duration delay, Runnable work) {
    return later(delay, Executors.callable(() -> now(work))) != null;
  }
}
