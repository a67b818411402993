package dev.redeliver.examples;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.outbox.Entry;
import java.util.List;

/**
 * How a message has ended, by whoever sent it. Immutable and thread-safe.
 *
 * @param messageId its Message-ID
 * @param attempts how often it was tried to send it
 * @param recipients all its recipients
 */
record Ending(String messageId, int attempts, List<To> recipients) {
  Ending {
    recipients = List.copyOf(recipients);
  }

  /**
   * How it has ended for one recipient. Immutable and thread-safe.
   *
   * @param address the mailbox
   * @param outcome what became of it
   * @param unknownAttempts attempts whose reply to the content never came
   */
  record To(String address, Outcome outcome, int unknownAttempts) {}

  static Ending of(DeliveryReport report) {
    return new Ending(
        report.envelope().messageId(),
        report.transactions(),
        report.recipients().stream()
            .map(
                recipient ->
                    new To(
                        recipient.recipient().address(),
                        recipient.outcome(),
                        recipient.unknownAttempts()))
            .toList());
  }

  static Ending of(Entry entry) {
    return new Ending(
        entry.messageId(),
        entry.recipients().stream().mapToInt(Entry.Recipient::attempts).max().orElse(0),
        entry.recipients().stream()
            .map(
                recipient ->
                    new To(recipient.address(), outcome(recipient), recipient.unknownAttempts()))
            .toList());
  }

  private static Outcome outcome(Entry.Recipient recipient) {
    return switch (recipient.state()) {
      case ACCEPTED -> Outcome.ACCEPTED;
      case REFUSED -> Outcome.REFUSED;
      case UNKNOWN -> Outcome.UNKNOWN;
      case NEW, DEFERRED, HELD, TRANSMITTING, EXPIRED, CANCELLED -> Outcome.PENDING;
    };
  }

  /** {@return how many recipients have ended so} */
  int count(Outcome outcome) {
    return (int) recipients.stream().filter(recipient -> recipient.outcome() == outcome).count();
  }
}
