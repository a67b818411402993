package dev.redeliver.delivery;

import java.time.Duration;

/** Waits between attempts. Replaced in tests, so that they never wait. */
@FunctionalInterface
public interface Waiter {
  /** Waits by sleeping in the calling thread. */
  Waiter SLEEP = delay -> Thread.sleep(delay.toMillis());

  /**
   * Waits.
   *
   * @param delay how long; not negative
   * @throws InterruptedException if the thread is interrupted; the delivery then ends with a report
   */
  void await(Duration delay) throws InterruptedException;
}
