package dev.redeliver.jakartamail;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Handling;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus.State;
import dev.redeliver.policy.SenderSettings;
import jakarta.mail.Session;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * All relays of a sender, and which of them takes the next message. Not thread-safe: guarded by the
 * lock of the sender or courier.
 *
 * <p>In an ordered list a relay helps out while none before it has all its connections; with
 * weights each one that has a connection left gets its share.
 */
final class RelayChoice {
  private static final Target ANYWHERE = new Target(null, -1, null, null);

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

  /**
   * Makes all relays of the settings.
   *
   * @param session the mail session; it is copied. Its host is the relay if the settings name none
   * @param others further relays, each with a mail session of its own, to be copied
   * @param lock the lock that guards them
   */
  static RelayChoice of(
      Session session,
      List<Session> others,
      SenderSettings settings,
      Redeliverer redeliverer,
      Lock lock) {
    List<Relay> relays = new ArrayList<>();
    Session own = SenderSession.copyOf(session, redeliverer);
    boolean weighted = settings.isWeighted();
    for (SenderSettings.Relay relay : settings.relays()) {
      Target target = new Target(relay.host(), relay.port(), null, null);
      int weight = weighted ? Math.max(1, relay.weight()) : 0;
      relays.add(new Relay(relays.size() + 1, weight, own, target, settings, redeliverer, lock));
    }
    if (relays.isEmpty()) {
      relays.add(new Relay(1, 0, own, ANYWHERE, settings, redeliverer, lock));
    }
    for (Session other : others) {
      Session copy = SenderSession.copyOf(other, redeliverer);
      relays.add(new Relay(relays.size() + 1, 0, copy, ANYWHERE, settings, redeliverer, lock));
    }
    return new RelayChoice(relays, weighted, settings.connections(), lock);
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

  /** {@return the relay for a message that may be pinned; null if none has a connection left} */
  @Nullable Relay chooseFor(Shipment shipment) {
    Relay pin = shipment.pin;
    if (pin == null) {
      return choose();
    }
    return pin.hasRoom() ? pin : null;
  }

  /** {@return the relay of that name or, if there is none, the first one of that host} */
  @Nullable Relay named(String name) {
    return relays.stream()
        .filter(relay -> relay.name().equals(name))
        .findFirst()
        .or(() -> relays.stream().filter(relay -> relay.server().equals(name)).findFirst())
        .orElse(null);
  }

  /**
   * {@return whether a message that found no room may find some as soon as somebody is done} That
   * is so unless all relays that may take it are left alone.
   */
  boolean isWorthWaiting(Shipment shipment, Instant now) {
    return obstructing(shipment) == null
        || relaysFor(shipment).stream()
            .anyMatch(
                relay ->
                    relay.health.isProbing()
                        || (relay.health.isProbeDue(now) && relay.busy >= connections));
  }

  /** {@return of the relays that may take a message, all of them unusable, the one asked first} */
  Relay askedNext(Shipment shipment) {
    return relaysFor(shipment).stream()
        .min(Comparator.comparing(relay -> relay.health.nextProbe().orElse(Instant.MAX)))
        .orElseThrow();
  }

  private List<Relay> relaysFor(Shipment shipment) {
    return shipment.pin == null ? relays : List.of(shipment.pin);
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
