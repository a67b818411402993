package dev.redeliver.delivery;

import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.retry.RetryRegistry;
import java.io.Serial;
import java.time.Duration;
import java.util.Optional;

/**
 * Resilience4j's {@code Retry}, which drives every loop: it decides nothing, counts and publishes.
 * Thread-safe.
 *
 * <p>Its asynchronous context is stepped by hand, for blocking and for asynchronous loops alike: it
 * hands the delay over, while the other forms sleep through a static hook that every test of the
 * JVM would share, or never end if an attempt throws.
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

  /** {@return a new loop, before its first attempt} */
  Loop start() {
    return new Loop(retry.asyncContext());
  }

  /** One loop. Not thread-safe: one step at a time. */
  static final class Loop {
    private final Retry.AsyncContext<Optional<Duration>> context;

    Loop(Retry.AsyncContext<Optional<Duration>> context) {
      this.context = context;
    }

    /** Counts an attempt. {@return whether another one follows} */
    boolean goesOn(Optional<Duration> delay) {
      return context.onResult(delay) >= 0;
    }

    /** Counts the loop as ended. */
    void end(boolean success) {
      if (success) {
        context.onComplete();
      } else {
        context.onError(new Undelivered());
      }
    }
  }

  /** How the engine's own counters learn that a loop ended without success. */
  private static final class Undelivered extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    Undelivered() {
      super("not every recipient was accepted", null, false, false);
    }
  }
}
