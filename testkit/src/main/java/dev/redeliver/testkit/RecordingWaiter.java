package dev.redeliver.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Stands in for code that waits: it moves a {@link FakeClock} on, at once, and records how long it
 * was asked to wait. Give {@code waiter::await} to the code under test. Thread-safe.
 *
 * <pre>{@code
 * FakeClock clock = new FakeClock();
 * RecordingWaiter waiter = new RecordingWaiter(clock);
 * waiter.interruptAt(3);
 * }</pre>
 */
public final class RecordingWaiter {
  private final FakeClock clock;
  private final List<Duration> waits = new ArrayList<>();
  private final Map<Integer, Runnable> hooks = new HashMap<>();
  private final Set<Integer> interrupts = new HashSet<>();

  /**
   * A waiter that moves this clock on.
   *
   * @param clock the clock that the code under test reads
   */
  public RecordingWaiter(FakeClock clock) {
    this.clock = Objects.requireNonNull(clock, "clock");
  }

  /**
   * Records the wait, moves the clock on and runs the hook for this wait, if there is one. An
   * interrupted wait is recorded but does not move the clock.
   *
   * @param duration how long to wait; not negative
   * @throws InterruptedException if {@link #interruptAt} says so
   * @throws IllegalArgumentException if the duration is negative
   */
  public void await(Duration duration) throws InterruptedException {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("wait must not be negative, was " + duration);
    }
    Runnable hook = waited(duration);
    hook.run();
  }

  /** The hook is run outside the lock, so that it may look at this waiter from other threads. */
  private synchronized Runnable waited(Duration duration) throws InterruptedException {
    waits.add(duration);
    int number = waits.size();
    if (interrupts.contains(number)) {
      throw new InterruptedException("wait " + number + " was interrupted as told");
    }
    clock.advance(duration);
    return hooks.getOrDefault(number, () -> {});
  }

  /**
   * Throws InterruptedException at a wait.
   *
   * @param number which wait, from 1
   * @throws IllegalArgumentException if it is below 1
   */
  public synchronized void interruptAt(int number) {
    interrupts.add(requirePositive("interruptAt", number));
  }

  /**
   * Runs code of the test at the end of a wait, in the waiting thread.
   *
   * @param number which wait, from 1
   * @param hook the code; it replaces an earlier one for the same wait
   * @throws IllegalArgumentException if the number is below 1
   */
  public synchronized void runAt(int number, Runnable hook) {
    hooks.put(requirePositive("runAt", number), Objects.requireNonNull(hook, "hook"));
  }

  /** {@return how long each wait was, in order; a copy that cannot be changed} */
  public synchronized List<Duration> waits() {
    return List.copyOf(waits);
  }

  /** {@return how long all waits were together} */
  public synchronized Duration total() {
    return waits.stream().reduce(Duration.ZERO, Duration::plus);
  }

  private static int requirePositive(String method, int number) {
    if (number < 1) {
      throw new IllegalArgumentException("%s must be at least 1, was %d".formatted(method, number));
    }
    return number;
  }
}
