package dev.redeliver.examples;

import dev.redeliver.delivery.Waiter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/** A clock that runs faster than the real one, and waits that are shorter. Thread-safe. */
final class ScaledTime implements InstantSource, Waiter {
  private final Instant start = Instant.now();
  private final long startNanos = System.nanoTime();
  private final double speed;

  ScaledTime(double speed) {
    this.speed = speed;
  }

  @Override
  public Instant instant() {
    return start.plusNanos((long) ((System.nanoTime() - startNanos) * speed));
  }

  @Override
  public void await(Duration delay) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep((long) (delay.toNanos() / speed));
  }
}
