package dev.redeliver.outbox;

import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.Resumption;
import dev.redeliver.policy.UnknownOutcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One message of a queue: those of its recipients there that are due together. Not thread-safe: the
 * arrays are not copied.
 *
 * @param id the message's id
 * @param bodyId the name of its octets
 * @param size how many there are
 * @param messageId its Message-ID
 * @param parameters of its envelope, as they are stored
 * @param unknownOutcome what it wants itself when the reply to the content never came
 * @param submittedAt when it was handed over
 * @param deadline the last moment at which an attempt may start
 * @param rows its recipients
 */
@SuppressWarnings("ArrayRecordComponent") // a name of octets, never compared as part of this
record Parcel(
    String id,
    byte[] bodyId,
    long size,
    String messageId,
    String parameters,
    Optional<UnknownOutcome> unknownOutcome,
    Instant submittedAt,
    Instant deadline,
    List<LedgerRow> rows) {
  Parcel with(List<LedgerRow> others) {
    return new Parcel(
        id, bodyId, size, messageId, parameters, unknownOutcome, submittedAt, deadline, others);
  }

  /**
   * {@return the same, all of it due when the first is} What was sent together was due by the clock
   * of who sent it, and may not be by ours.
   */
  Parcel dueTogether() {
    Optional<Instant> first =
        rows.stream().flatMap(row -> row.recipient().nextTry().stream()).min(Instant::compareTo);
    return with(rows.stream().map(row -> row.at(row.state(), first, row.last())).toList());
  }

  /** {@return the delivery as it was left, for the recipients that are here} */
  Resumption resumption() {
    List<Recipient> recipients = new ArrayList<>(rows.size());
    for (LedgerRow row : rows) {
      recipients.add(new Recipient(recipients.size(), row.address()));
    }
    return new Resumption(
        new Envelope(messageId, recipients, unknownOutcome),
        submittedAt,
        deadline,
        rows.stream().mapToInt(LedgerRow::transactions).max().orElse(0),
        rows.stream().map(LedgerRow::recipient).toList());
  }

  /** {@return the relay that may have the message already; empty if none may} */
  Optional<String> relay() {
    return rows.stream().map(LedgerRow::relay).filter(name -> !name.isEmpty()).findFirst();
  }
}
