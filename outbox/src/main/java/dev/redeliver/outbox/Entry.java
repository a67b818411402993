package dev.redeliver.outbox;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One message of the outbox as it stood when it was asked for. Immutable and thread-safe.
 *
 * @param id its id
 * @param messageId its Message-ID
 * @param idempotencyKey the key that it was submitted with
 * @param priority how urgent it is
 * @param size its octets on the wire
 * @param submittedAt when it was handed over
 * @param deadline the last moment at which an attempt may start
 * @param finishedAt when its last recipient got a final outcome; empty if one has none yet
 * @param recipients all its recipients, in the order of the envelope
 */
public record Entry(
    String id,
    String messageId,
    Optional<String> idempotencyKey,
    Priority priority,
    long size,
    Instant submittedAt,
    Instant deadline,
    Optional<Instant> finishedAt,
    List<Recipient> recipients) {
  /** Refuses nulls. */
  public Entry {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(messageId, "messageId");
    Objects.requireNonNull(idempotencyKey, "idempotencyKey");
    Objects.requireNonNull(priority, "priority");
    Objects.requireNonNull(submittedAt, "submittedAt");
    Objects.requireNonNull(deadline, "deadline");
    Objects.requireNonNull(finishedAt, "finishedAt");
    recipients = List.copyOf(recipients);
  }

  /**
   * One recipient. Immutable and thread-safe.
   *
   * @param address the mailbox
   * @param state where it stands
   * @param attempts counted attempts so far
   * @param unknownAttempts how many attempts ended without the answer to the content, or with the
   *     end of the process that made them
   * @param nextTry when the next attempt is due; empty if there is none
   * @param changedAt when something happened last
   * @param cause what the last failure was about, as a token; empty if there was none
   * @param rule the rule that told it
   * @param reply what the server said last, or what came instead; from outside, so not to be
   *     trusted
   * @param decision what followed, for people
   */
  public record Recipient(
      String address,
      EntryState state,
      int attempts,
      int unknownAttempts,
      Optional<Instant> nextTry,
      Instant changedAt,
      String cause,
      String rule,
      String reply,
      String decision) {
    /** Refuses nulls. */
    public Recipient {
      Objects.requireNonNull(address, "address");
      Objects.requireNonNull(state, "state");
      Objects.requireNonNull(nextTry, "nextTry");
      Objects.requireNonNull(changedAt, "changedAt");
      Objects.requireNonNull(cause, "cause");
      Objects.requireNonNull(rule, "rule");
      Objects.requireNonNull(reply, "reply");
      Objects.requireNonNull(decision, "decision");
    }
  }
}
