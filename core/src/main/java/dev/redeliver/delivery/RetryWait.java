package dev.redeliver.delivery;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * A pause between two attempts. Immutable and thread-safe.
 *
 * @param envelope the message
 * @param recipients whom the next attempt is for
 * @param delay how long the pause is
 * @param nextAttemptAt when it ends
 */
public record RetryWait(
    Envelope envelope, List<Recipient> recipients, Duration delay, Instant nextAttemptAt) {
  /** Refuses nulls. */
  public RetryWait {
    Objects.requireNonNull(envelope, "envelope");
    recipients = List.copyOf(recipients);
    Objects.requireNonNull(delay, "delay");
    Objects.requireNonNull(nextAttemptAt, "nextAttemptAt");
  }
}
