package dev.redeliver.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for a scheduler: tasks wait for a {@link FakeClock}, and run when a test moves it on,
 * in the test's thread, in order of their times. What is to run at once runs at once, in the
 * calling thread. It repeats nothing. Thread-safe.
 *
 * <pre>{@code
 * FakeClock clock = new FakeClock();
 * ManualScheduler scheduler = new ManualScheduler(clock);
 * scheduler.advance(Duration.ofMinutes(5));
 * }</pre>
 */
public final class ManualScheduler extends AbstractExecutorService
    implements ScheduledExecutorService {
  private final FakeClock clock;
  private final PriorityBlockingQueue<Task<?>> tasks =
      new PriorityBlockingQueue<>(
          16,
          Comparator.<Task<?>, Instant>comparing(task -> task.due).thenComparing(t -> t.number));
  private final AtomicLong numbers = new AtomicLong();
  private volatile boolean shutdown;

  /**
   * A scheduler that has nothing to do.
   *
   * @param clock what it moves on and goes by
   */
  public ManualScheduler(FakeClock clock) {
    this.clock = Objects.requireNonNull(clock, "clock");
  }

  /**
   * Moves the clock on, and runs what becomes due, each task at its own time; also what those tasks
   * schedule within the time.
   *
   * @param duration by how much; not negative
   */
  public void advance(Duration duration) {
    Instant end = clock.instant().plus(duration);
    for (Task<?> task = due(end); task != null; task = due(end)) {
      if (task.due.isAfter(clock.instant())) {
        clock.set(task.due);
      }
      task.run();
    }
    clock.set(end);
  }

  private synchronized @Nullable Task<?> due(Instant end) {
    Task<?> next = tasks.peek();
    return next == null || next.due.isAfter(end) ? null : tasks.poll();
  }

  /** {@return how long it is until each task that waits, in order} */
  public List<Duration> waits() {
    Instant now = clock.instant();
    return tasks.stream().map(task -> Duration.between(now, task.due)).sorted().toList();
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    return add(
        () -> {
          command.run();
          return null;
        },
        delay,
        unit);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
    return add(callable, delay, unit);
  }

  private <V> Task<V> add(Callable<V> callable, long delay, TimeUnit unit) {
    if (shutdown) {
      throw new RejectedExecutionException("the scheduler was shut down");
    }
    Task<V> task = new Task<>(callable, clock.instant().plus(delay, unit.toChronoUnit()));
    tasks.add(task);
    return task;
  }

  /**
   * Not supported.
   *
   * @throws UnsupportedOperationException always
   */
  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable command, long initialDelay, long period, TimeUnit unit) {
    throw new UnsupportedOperationException("repeats nothing");
  }

  /**
   * Not supported.
   *
   * @throws UnsupportedOperationException always
   */
  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable command, long initialDelay, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException("repeats nothing");
  }

  @Override
  public void execute(Runnable command) {
    command.run();
  }

  @Override
  public void shutdown() {
    shutdown = true;
    tasks.clear();
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown = true;
    List<Runnable> rest = new ArrayList<>();
    tasks.drainTo(rest);
    return rest;
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return shutdown;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return shutdown;
  }

  private final class Task<V> extends FutureTask<V> implements ScheduledFuture<V> {
    private final Instant due;
    private final Long number = numbers.incrementAndGet();

    Task(Callable<V> callable, Instant due) {
      super(callable);
      this.due = due;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      tasks.remove(this);
      return super.cancel(mayInterruptIfRunning);
    }

    @Override
    protected void setException(Throwable problem) {
      super.setException(problem);
      if (problem instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("a scheduled task failed", problem);
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(Duration.between(clock.instant(), due));
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }
}
