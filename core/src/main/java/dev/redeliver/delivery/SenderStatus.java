package dev.redeliver.delivery;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What an asynchronous sender was busy with at one moment. Immutable and thread-safe.
 *
 * @param ready messages that could be sent if there were a connection for them
 * @param sending messages in an attempt
 * @param waiting messages that wait for the time of their next try, or until their destination
 *     wants mail
 * @param oldest when the first of all these messages was handed over; empty if there is none
 * @param relays the relays, in the sender's order
 */
public record SenderStatus(
    int ready, int sending, int waiting, Optional<Instant> oldest, List<RelayStatus> relays) {
  /** Refuses nulls. */
  public SenderStatus {
    Objects.requireNonNull(oldest, "oldest");
    relays = List.copyOf(relays);
  }

  /** {@return messages that were handed over and have not ended} */
  public int inFlight() {
    return ready + sending + waiting;
  }
}
