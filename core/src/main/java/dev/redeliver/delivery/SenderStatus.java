package dev.redeliver.delivery;

import java.util.List;

/**
 * What an asynchronous sender was busy with at one moment. Immutable and thread-safe.
 *
 * @param ready messages that could be sent if there were a connection for them
 * @param sending messages in an attempt
 * @param waiting messages that wait for the time of their next try
 * @param relays the relays, in the sender's order
 */
public record SenderStatus(int ready, int sending, int waiting, List<RelayStatus> relays) {
  /** Refuses nulls. */
  public SenderStatus {
    relays = List.copyOf(relays);
  }

  /** {@return messages that were handed over and have not ended} */
  public int inFlight() {
    return ready + sending + waiting;
  }
}
