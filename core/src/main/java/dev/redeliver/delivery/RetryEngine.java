package dev.redeliver.delivery;

import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.retry.RetryRegistry;
import java.io.Serial;
import java.time.Duration;
import java.util.Optional;

/**
 * The loop, driven by Resilience4j's {@code Retry}: it decides nothing, counts and publishes.
 * Thread-safe.
 *
 * <p>The asynchronous context is used although the loop blocks: the other one sleeps by itself,
 * through a static hook that every test of the JVM would share.
 */
final class RetryEngine {
  private final Retry retry;

  RetryEngine(RetryRegistry registry, String name) {
    RetryConfig config =
        RetryConfig.<Optional<Duration>>custom()
            .maxAttempts(Integer.MAX_VALUE)
            .retryOnResult(Optional::isPresent)
            .intervalBiFunction(
                (attempt, either) -> either.get().map(Duration::toMillis).orElse(0L))
            .ignoreExceptions(Undelivered.class)
            .build();
    retry = registry.retry(name, config);
  }

  /** Attempts until the work names no further delay, or its wait is interrupted. */
  void run(Work work) {
    Retry.AsyncContext<Optional<Duration>> context = retry.asyncContext();
    while (true) {
      Optional<Duration> delay = work.attempt();
      if (context.onResult(delay) < 0) {
        break;
      }
      if (!work.await(delay.orElse(Duration.ZERO))) {
        work.interrupted();
        break;
      }
    }
    if (work.succeeded()) {
      context.onComplete();
    } else {
      context.onError(new Undelivered());
    }
  }

  /** What the loop repeats. */
  interface Work {
    /** Makes one attempt. {@return the delay before the next one; empty if there is none} */
    Optional<Duration> attempt();

    /** {@return whether the wait went through; false if it was interrupted} */
    boolean await(Duration delay);

    /** Keeps what an interrupted wait would lose. */
    void interrupted();

    /** {@return whether nothing is left to do; for the engine's counters} */
    boolean succeeded();
  }

  /** How the engine's own counters learn that a loop ended without success. */
  private static final class Undelivered extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    Undelivered() {
      super("not every recipient was accepted", null, false, false);
    }
  }
}
