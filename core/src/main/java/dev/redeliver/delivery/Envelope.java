package dev.redeliver.delivery;

import dev.redeliver.policy.UnknownOutcome;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Whom one message is for. Immutable and thread-safe.
 *
 * @param messageId the Message-ID, the same over all attempts; for people and logs
 * @param recipients all recipients, each at its index, at least one
 * @param unknownOutcome what to do for this message when the reply to the content never came; empty
 *     for what the policy says
 */
public record Envelope(
    String messageId, List<Recipient> recipients, Optional<UnknownOutcome> unknownOutcome) {
  /**
   * Checks that the recipients stand at their index.
   *
   * @throws IllegalArgumentException if there is no recipient, or one is out of place
   */
  public Envelope {
    Objects.requireNonNull(messageId, "messageId");
    Objects.requireNonNull(unknownOutcome, "unknownOutcome");
    recipients = List.copyOf(recipients);
    if (recipients.isEmpty()) {
      throw new IllegalArgumentException("recipients must not be empty");
    }
    for (int i = 0; i < recipients.size(); i++) {
      if (recipients.get(i).index() != i) {
        throw new IllegalArgumentException(
            "recipient " + i + " has index " + recipients.get(i).index());
      }
    }
  }

  /**
   * An envelope that leaves unknown outcomes to the policy.
   *
   * @param messageId the Message-ID
   * @param recipients all recipients, each at its index, at least one
   */
  public Envelope(String messageId, List<Recipient> recipients) {
    this(messageId, recipients, Optional.empty());
  }

  /**
   * {@return an envelope for addresses in this order}
   *
   * @param messageId the Message-ID
   * @param addresses the mailboxes, at least one
   */
  public static Envelope of(String messageId, List<String> addresses) {
    return new Envelope(
        messageId,
        IntStream.range(0, addresses.size())
            .mapToObj(i -> new Recipient(i, addresses.get(i)))
            .toList());
  }
}
