package dev.redeliver.metrics;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.policy.Decision;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of a message that is on its way. It holds little that the delivery does not
 * hold anyway. Not thread-safe.
 */
final class PendingMessage {
  /** As many recipients are looked at for the page; few messages have more. */
  static final int MOST_RECIPIENTS = 100;

  private final Envelope envelope;
  private final long number;
  private final Optional<Instant> handedOverAt;
  private final BitSet ended = new BitSet(0);
  private int attempts;
  private boolean trying;
  private @Nullable Instant nextTry;
  private @Nullable Incident last;

  /**
   * How it stands. Immutable.
   *
   * @param left the first of its pending recipients
   * @param pending how many are pending
   */
  record View(
      String id,
      Optional<Instant> handedOverAt,
      List<Recipient> left,
      int pending,
      int attempts,
      boolean trying,
      Optional<Instant> nextTry,
      Optional<Incident> last) {}

  PendingMessage(Envelope envelope, long number, Optional<Instant> handedOverAt) {
    this.envelope = envelope;
    this.number = number;
    this.handedOverAt = handedOverAt;
  }

  /** {@return its place in the order of arrival} */
  long number() {
    return number;
  }

  void attemptStarted() {
    trying = true;
  }

  void attemptWithdrawn() {
    trying = false;
  }

  void attemptFinished(Attempt attempt, List<Incident> failures) {
    trying = false;
    nextTry = null;
    for (RecipientAttempt recipient : attempt.recipients()) {
      attempts = Math.max(attempts, recipient.attempt());
      if (!(recipient.decision().orElse(null) instanceof Decision.Retry)) {
        ended.set(recipient.recipient().index());
      }
    }
    if (!failures.isEmpty()) {
      last = failures.get(failures.size() - 1);
    }
  }

  void retryScheduled(Instant at) {
    nextTry = at;
  }

  View view() {
    List<Recipient> left =
        envelope.recipients().stream()
            .filter(recipient -> !ended.get(recipient.index()))
            .limit(MOST_RECIPIENTS)
            .toList();
    return new View(
        envelope.messageId(),
        handedOverAt,
        left,
        envelope.recipients().size() - ended.cardinality(),
        attempts,
        trying,
        Optional.ofNullable(nextTry),
        Optional.ofNullable(last));
  }
}
