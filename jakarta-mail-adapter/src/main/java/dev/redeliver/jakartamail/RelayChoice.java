package dev.redeliver.jakartamail;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Handling;
import dev.redeliver.delivery.RelayStatus.State;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * All relays of a sender, and which of them takes the next message. Not thread-safe: guarded by the
 * dispatcher's lock.
 *
 * <p>In an ordered list a relay helps out while none before it has all its connections; with
 * weights each one that has a connection left gets its share.
 */
final class RelayChoice {
  private final List<Relay> relays;
  private final boolean weighted;
  private final int connections;

  private final Lock lock;

  /**
   * Makes a choice.
   *
   * @param weighted whether the relays share the messages
   * @param connections how many each may have
   */
  RelayChoice(List<Relay> relays, boolean weighted, int connections, Lock lock) {
    this.relays = List.copyOf(relays);
    this.weighted = weighted;
    this.connections = connections;
    this.lock = lock;
  }

  List<Relay> all() {
    return relays;
  }

  /** {@return how many relays are normally in use} */
  int inUseAtOnce() {
    return weighted ? relays.size() : 1;
  }

  /** {@return whether a failure says something about all messages over that relay} */
  static boolean concernsAll(Classification failure) {
    boolean wide =
        switch (failure.scope()) {
          case SENDER, CONNECTION, HOST, CONFIGURATION -> true;
          case RECIPIENT, MESSAGE -> false;
        };
    return wide && (failure.handling() == Handling.HOLD || failure.handling() == Handling.RETRY);
  }

  private boolean anyUsable() {
    return relays.stream().anyMatch(relay -> relay.health.isUsable());
  }

  boolean allUsable() {
    return relays.stream().allMatch(relay -> relay.health.isUsable());
  }

  /** {@return whether another relay could stand in} Takes the lock by itself. */
  boolean isUsableBut(Relay other) {
    lock.lock();
    try {
      return relays.stream().anyMatch(relay -> relay != other && relay.health.isUsable());
    } finally {
      lock.unlock();
    }
  }

  boolean anyProbing() {
    return relays.stream().anyMatch(relay -> relay.health.isProbing());
  }

  /** {@return a relay that is to be asked whether it is back} */
  Optional<Relay> probeDue(InstantSource clock) {
    if (allUsable()) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    return relays.stream()
        .filter(relay -> relay.health.isProbeDue(now) && relay.busy < connections)
        .findFirst();
  }

  /** {@return a relay with a connection left and a message that only it may have} */
  @Nullable Relay withPinned() {
    for (Relay relay : relays) {
      if (!relay.pinned.isEmpty() && relay.hasRoom()) {
        return relay;
      }
    }
    return null;
  }

  /** {@return the relay for the next message; null if none has a connection left} */
  @Nullable Relay choose() {
    return weighted ? byWeight() : byOrder();
  }

  private @Nullable Relay byOrder() {
    for (Relay relay : relays) {
      if (relay.hasRoom()) {
        return relay;
      }
      if (relay.health.state() == State.UP) {
        return null;
      }
    }
    return null;
  }

  /** Smooth weighted round robin: each gains its weight, the one ahead pays for all. */
  private @Nullable Relay byWeight() {
    Relay best = null;
    int total = 0;
    for (Relay relay : relays) {
      if (relay.hasRoom()) {
        relay.credit += relay.weight;
        total += relay.weight;
        best = best == null || relay.credit > best.credit ? relay : best;
      }
    }
    if (best != null) {
      best.credit -= total;
    }
    return best;
  }

  /** {@return the relay whose failure keeps a message back; null if nothing does} */
  @Nullable Relay obstructing(Shipment shipment) {
    Relay pin = shipment.pin;
    if (pin != null) {
      return pin.health.isUsable() ? null : pin;
    }
    if (anyUsable()) {
      return null;
    }
    return relays.stream()
        .filter(relay -> relay.health.state() == State.HELD)
        .findFirst()
        .orElse(relays.get(0));
  }
}
