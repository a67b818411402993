package dev.redeliver.delivery;

import dev.redeliver.classify.Classification;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Instant;
import java.util.Objects;

/**
 * A connection could not be opened outside of a delivery. Immutable and thread-safe.
 *
 * @param server the host
 * @param attempt the number of the try, from 1
 * @param at when it failed
 * @param failure why
 * @param classification what that means
 * @param decision what follows
 */
public record ConnectionFailure(
    String server,
    int attempt,
    Instant at,
    SmtpFailure failure,
    Classification classification,
    Decision decision) {
  /** Refuses nulls. */
  public ConnectionFailure {
    Objects.requireNonNull(server, "server");
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(failure, "failure");
    Objects.requireNonNull(classification, "classification");
    Objects.requireNonNull(decision, "decision");
  }
}
