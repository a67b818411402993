package dev.redeliver.outbox;

import dev.redeliver.delivery.RecipientState;
import java.time.Instant;
import java.util.Optional;

/**
 * What the database has about one recipient of one message. Immutable and thread-safe.
 *
 * @param position the place in the message's envelope, from 0
 * @param address the mailbox
 * @param state where it stands
 * @param recipient what the next decision depends on
 * @param transactions SMTP transactions made
 * @param relay the relay that may have the message already; empty if none may
 * @param last what happened last
 */
record LedgerRow(
    int position,
    String address,
    EntryState state,
    RecipientState recipient,
    int transactions,
    String relay,
    Event last) {
  /**
   * What happened to a recipient, for people.
   *
   * @param cause the cause's token; empty if nothing happened yet
   * @param rule the rule that told it
   * @param reply what the server said, or what came instead
   * @param decision what followed
   */
  record Event(String cause, String rule, String reply, String decision) {
    private static final int LONGEST = 512;

    static final Event NONE = new Event("", "", "", "");

    Event {
      reply = bounded(reply);
      decision = bounded(decision);
    }

    private static String bounded(String text) {
      String clean = text.replaceAll("\\p{Cntrl}", " ");
      return clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST - 1) + '…';
    }
  }

  /** {@return the same, at another time} */
  LedgerRow at(EntryState newState, Optional<Instant> nextTry, Event event) {
    RecipientState changed =
        new RecipientState(
            newState.outcome(),
            nextTry,
            recipient.nextCounts(),
            recipient.attempts(),
            recipient.failuresByLane(),
            recipient.reconnects(),
            recipient.unknownOutcomes());
    return new LedgerRow(position, address, newState, changed, transactions, relay, event);
  }
}
