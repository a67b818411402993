package dev.redeliver.delivery;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A message as a store has it between two attempts. Immutable and thread-safe.
 *
 * @param envelope whom it is for
 * @param startedAt when it was handed over
 * @param deadline the last moment at which an attempt may start, after {@code startedAt}
 * @param transactions SMTP transactions made so far, not negative
 * @param recipients where each recipient stands, in the order of the envelope
 */
public record Resumption(
    Envelope envelope,
    Instant startedAt,
    Instant deadline,
    int transactions,
    List<RecipientState> recipients) {
  /**
   * Checks that there is one state for each recipient.
   *
   * @throws IllegalArgumentException if there is not, if {@code transactions} is negative, or if
   *     the deadline is not after the start
   */
  public Resumption {
    Objects.requireNonNull(envelope, "envelope");
    recipients = List.copyOf(recipients);
    if (recipients.size() != envelope.recipients().size()) {
      throw new IllegalArgumentException(
          "there must be one state for each of "
              + envelope.recipients().size()
              + " recipients, but there are "
              + recipients.size());
    }
    if (!deadline.isAfter(startedAt)) {
      throw new IllegalArgumentException(
          "the deadline must be after the start " + startedAt + ", but is " + deadline);
    }
    if (transactions < 0) {
      throw new IllegalArgumentException(
          "transactions must not be negative, but is " + transactions);
    }
  }

  /**
   * {@return a message before its first attempt}
   *
   * @param envelope whom it is for
   * @param startedAt when it was handed over; the first attempt is due at once
   * @param deadline the last moment at which an attempt may start
   */
  public static Resumption first(Envelope envelope, Instant startedAt, Instant deadline) {
    return new Resumption(
        envelope,
        startedAt,
        deadline,
        0,
        Collections.nCopies(envelope.recipients().size(), RecipientState.first(startedAt)));
  }

  /**
   * {@return what is left of a delivery that has ended: the recipients that were given up for now;
   * empty if there is none}
   *
   * @param report how it ended
   * @param deadline the last moment at which an attempt may start from now on
   */
  public static Optional<Resumption> leftBy(DeliveryReport report, Instant deadline) {
    List<RecipientReport> left =
        report.recipients().stream().filter(RecipientReport::isLeft).toList();
    if (left.isEmpty() || !deadline.isAfter(report.startedAt())) {
      return Optional.empty();
    }
    List<Recipient> recipients = new ArrayList<>(left.size());
    for (RecipientReport each : left) {
      recipients.add(new Recipient(recipients.size(), each.recipient().address()));
    }
    Envelope envelope = report.envelope();
    return Optional.of(
        new Resumption(
            new Envelope(envelope.messageId(), recipients, envelope.unknownOutcome()),
            report.startedAt(),
            deadline,
            report.transactions(),
            left.stream().map(RecipientState::leftBy).toList()));
  }
}
