package dev.redeliver.delivery;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * How an outbox stood a moment ago: what its database has, so that all processes that share it say
 * the same. Immutable and thread-safe.
 *
 * @param recipients recipients without a final outcome, by state: {@code new}, {@code deferred},
 *     {@code held}, {@code transmitting}
 * @param oldest when the oldest message without an end was handed over; empty if there is none
 * @param overdueSince when the queue that waits longest for a process was due; empty if none waits
 */
public record OutboxStatus(
    Map<String, Long> recipients, Optional<Instant> oldest, Optional<Instant> overdueSince) {
  /** Refuses nulls. */
  public OutboxStatus {
    recipients = Map.copyOf(recipients);
    Objects.requireNonNull(oldest, "oldest");
    Objects.requireNonNull(overdueSince, "overdueSince");
  }
}
