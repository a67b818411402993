package dev.redeliver.delivery;

import dev.redeliver.classify.Classification;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * One attempt as one recipient saw it, or why none could be made. Immutable and thread-safe.
 *
 * @param recipient the recipient
 * @param attempt the number of the counted attempt, from 1; 0 if none was made
 * @param at when the attempt ended
 * @param result what the server did
 * @param classification what that means; empty if the recipient was accepted, or nothing was tried
 * @param decision what follows; empty if the recipient was accepted
 */
public record RecipientAttempt(
    Recipient recipient,
    int attempt,
    Instant at,
    RecipientResult result,
    Optional<Classification> classification,
    Optional<Decision> decision) {
  /** Refuses nulls. */
  public RecipientAttempt {
    Objects.requireNonNull(recipient, "recipient");
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(result, "result");
    Objects.requireNonNull(classification, "classification");
    Objects.requireNonNull(decision, "decision");
  }

  /** {@return why the recipient was not accepted; empty if it was} */
  public Optional<SmtpFailure> failure() {
    if (result instanceof RecipientResult.Failed failed) {
      return Optional.of(failed.failure());
    }
    return result instanceof RecipientResult.Unknown unknown
        ? Optional.of(unknown.failure())
        : Optional.empty();
  }
}
