package dev.redeliver.delivery;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * One SMTP transaction that has ended. Immutable and thread-safe.
 *
 * @param envelope the message
 * @param server the host that answered
 * @param transaction the number of the transaction within the delivery, from 1; uncounted ones too
 * @param dueAt when it should have begun
 * @param startedAt when it began
 * @param duration how long it took, connecting included
 * @param connectionReused whether the connection had been open before
 * @param recipients what it did for each recipient that was asked for
 */
public record Attempt(
    Envelope envelope,
    String server,
    int transaction,
    Instant dueAt,
    Instant startedAt,
    Duration duration,
    boolean connectionReused,
    List<RecipientAttempt> recipients) {
  /** Refuses nulls. */
  public Attempt {
    Objects.requireNonNull(envelope, "envelope");
    Objects.requireNonNull(server, "server");
    Objects.requireNonNull(dueAt, "dueAt");
    Objects.requireNonNull(startedAt, "startedAt");
    Objects.requireNonNull(duration, "duration");
    recipients = List.copyOf(recipients);
  }
}
