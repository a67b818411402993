package dev.redeliver.jakartamail;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages that could be sent now, in a queue per destination; the destinations take turns. Not
 * thread-safe: guarded by the dispatcher's lock.
 *
 * <p>A destination may have as many messages in attempts as its share says: one at first, one more
 * after each attempt that went smoothly, one again after a stall; but never all connections, so
 * that one that stalls does not stop the others.
 */
final class ReadyQueue {
  private final int most;
  private final Map<String, Destination> destinations = new HashMap<>();
  private final Set<Destination> turns = new LinkedHashSet<>();
  private int size;

  /** One recipient domain. */
  private static final class Destination {
    private final Set<Shipment> ready = new LinkedHashSet<>();
    private int busy;
    private int share = 1;

    boolean hasTurn() {
      return !ready.isEmpty() && busy < share;
    }

    boolean isIdle() {
      return ready.isEmpty() && busy == 0;
    }
  }

  /**
   * Makes an empty queue.
   *
   * @param connections how many attempts there can be at a time, for all destinations
   */
  ReadyQueue(int connections) {
    most = Math.max(1, connections - 1);
  }

  int size() {
    return size;
  }

  void add(String name, Shipment shipment) {
    Destination destination = destinations.computeIfAbsent(name, unused -> new Destination());
    if (destination.ready.add(shipment)) {
      size++;
    }
    update(name, destination);
  }

  void remove(String name, Shipment shipment) {
    Destination destination = destinations.get(name);
    if (destination != null && destination.ready.remove(shipment)) {
      size--;
      update(name, destination);
    }
  }

  /** {@return whether {@link #poll} would give a message} */
  boolean hasTurn() {
    return !turns.isEmpty();
  }

  /** {@return the next message, which now counts as in an attempt; null if none may go} */
  @Nullable Shipment poll() {
    Iterator<Destination> next = turns.iterator();
    if (!next.hasNext()) {
      return null;
    }
    Destination destination = next.next();
    next.remove();
    Iterator<Shipment> first = destination.ready.iterator();
    Shipment shipment = first.next();
    first.remove();
    size--;
    destination.busy++;
    if (destination.hasTurn()) {
      turns.add(destination);
    }
    return shipment;
  }

  /** Notes the end of an attempt for a message that was polled. */
  void release(String name, boolean smooth) {
    Destination destination = destinations.get(name);
    if (destination != null) {
      destination.busy--;
      destination.share = smooth ? Math.min(most, destination.share + 1) : 1;
      update(name, destination);
    }
  }

  private void update(String name, Destination destination) {
    if (!destination.hasTurn()) {
      turns.remove(destination);
    } else {
      turns.add(destination);
    }
    if (destination.isIdle()) {
      destinations.remove(name);
    }
  }
}
