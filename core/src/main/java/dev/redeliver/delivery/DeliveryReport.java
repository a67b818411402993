package dev.redeliver.delivery;

import dev.redeliver.policy.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What became of a message: every recipient of the envelope, each with its outcome and the reason.
 * Immutable and thread-safe.
 *
 * @param envelope the message
 * @param startedAt when it was handed over
 * @param finishedAt when the delivery ended
 * @param transactions SMTP transactions made, uncounted ones too
 * @param recipients one report per recipient, in the order of the envelope
 */
public record DeliveryReport(
    Envelope envelope,
    Instant startedAt,
    Instant finishedAt,
    int transactions,
    List<RecipientReport> recipients) {
  /** Refuses nulls. */
  public DeliveryReport {
    Objects.requireNonNull(envelope, "envelope");
    Objects.requireNonNull(startedAt, "startedAt");
    Objects.requireNonNull(finishedAt, "finishedAt");
    recipients = List.copyOf(recipients);
  }

  /** {@return the recipients with this outcome, in the order of the envelope} */
  public List<RecipientReport> with(Outcome outcome) {
    return recipients.stream().filter(recipient -> recipient.outcome() == outcome).toList();
  }

  /** {@return whether the server accepted every recipient} */
  public boolean isComplete() {
    return with(Outcome.ACCEPTED).size() == recipients.size();
  }

  /** {@return how long the delivery took} */
  public Duration elapsed() {
    return Duration.between(startedAt, finishedAt);
  }

  /** {@return the earliest time at which a later try would be right; empty if none would} */
  public Optional<Instant> laterTry() {
    return recipients.stream()
        .flatMap(recipient -> recipient.laterTry().stream())
        .min(Instant::compareTo);
  }

  /** {@return whether our own set-up kept the message back} */
  public boolean isHeld() {
    return recipients.stream()
        .anyMatch(recipient -> recipient.decision().orElse(null) instanceof Decision.Hold);
  }

  /** {@return the recipients that an outbox has now; to the sender they are as good as accepted} */
  public List<RecipientReport> handedOver() {
    return recipients.stream().filter(RecipientReport::isHandedOver).toList();
  }

  /**
   * {@return this report, in which an outbox has whoever could be tried later}
   *
   * @param id what the outbox calls the message
   */
  public DeliveryReport handedOver(String id) {
    return new DeliveryReport(
        envelope,
        startedAt,
        finishedAt,
        transactions,
        recipients.stream().map(recipient -> recipient.handedOver(id)).toList());
  }

  /** {@return the counts on one line, without addresses} */
  public String summary() {
    return "accepted "
        + with(Outcome.ACCEPTED).size()
        + ", refused "
        + with(Outcome.REFUSED).size()
        + ", unknown "
        + with(Outcome.UNKNOWN).size()
        + ", pending "
        + with(Outcome.PENDING).size()
        + " of "
        + recipients.size()
        + " after "
        + transactions
        + (transactions == 1 ? " transaction" : " transactions");
  }

  /** {@return the summary and a line per recipient, with addresses and server text} */
  public String describe() {
    return recipients.stream()
        .map(RecipientReport::describe)
        .collect(Collectors.joining("\n  ", summary() + "\n  ", ""));
  }
}
