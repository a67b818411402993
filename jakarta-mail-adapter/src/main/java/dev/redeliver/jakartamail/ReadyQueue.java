package dev.redeliver.jakartamail;

import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationGuard;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The messages that could be sent now, in a queue per destination; the destinations take turns, but
 * for those that want no mail yet: they sleep. Not thread-safe: guarded by the dispatcher's lock.
 *
 * <p>A destination may have as many messages in attempts as its share says: one at first, one more
 * after each attempt that went smoothly, one again after a stall; but never all connections, so
 * that one that stalls does not stop the others.
 */
final class ReadyQueue {
  /** Who sleeps for longer than that may have messages whose time is over before it wakes. */
  private static final Duration SHORT = Duration.ofSeconds(5);

  private final int most;
  private final DestinationGuard guard;
  private final Map<Destination, Line> lines = new HashMap<>();
  private final Set<Line> turns = new LinkedHashSet<>();
  private final TreeSet<Line> sleepers =
      new TreeSet<>(
          Comparator.<Line, Instant>comparing(line -> line.until)
              .thenComparing(line -> line.number));
  private final Set<Line> put = new LinkedHashSet<>();
  private int size;
  private long numbers;

  /** A message that cannot wait until its destination wants mail. */
  record Late(Shipment shipment, Destination destination, Instant until) {}

  /** The messages for one destination. */
  private static final class Line {
    private final Destination destination;
    private final Set<Shipment> ready = new LinkedHashSet<>();
    private int busy;
    private final long number;
    private int share = 1;
    private boolean asleep;

    /** When to look again whether the destination wants mail, if it sleeps. */
    private Instant until = Instant.MIN;

    Line(Destination destination, long number) {
      this.destination = destination;
      this.number = number;
    }

    boolean hasTurn() {
      return !ready.isEmpty() && busy < share && !asleep;
    }

    boolean isIdle() {
      return ready.isEmpty() && busy == 0;
    }
  }

  /**
   * Makes an empty queue.
   *
   * @param connections how many attempts there can be at a time, for all destinations
   * @param guard knows which destinations want mail
   */
  ReadyQueue(int connections, DestinationGuard guard) {
    most = Math.max(1, connections - 1);
    this.guard = guard;
  }

  int size() {
    return size;
  }

  void add(Destination destination, Shipment shipment) {
    Line line = lines.computeIfAbsent(destination, unused -> new Line(destination, numbers++));
    if (line.ready.add(shipment)) {
      size++;
    }
    update(line);
  }

  void remove(Destination destination, Shipment shipment) {
    Line line = lines.get(destination);
    if (line != null && line.ready.remove(shipment)) {
      size--;
      update(line);
    }
  }

  /** {@return whether {@link #poll} would give a message} Puts to sleep who wants none yet. */
  boolean hasTurn(Instant now) {
    wake(now);
    while (!turns.isEmpty()) {
      Line next = turns.iterator().next();
      Instant opens = guard.opensAt(next.destination);
      if (!opens.isAfter(now)) {
        return true;
      }
      turns.remove(next);
      next.until = opens;
      next.asleep = true;
      sleepers.add(next);
      if (opens.isAfter(now.plus(SHORT))) {
        put.add(next);
      }
    }
    return false;
  }

  private void wake(Instant now) {
    while (!sleepers.isEmpty() && !sleepers.first().until.isAfter(now)) {
      rouse(sleepers.first());
    }
  }

  /** What it sleeps until may be over earlier: the guard is asked again at its next turn. */
  private void rouse(Line line) {
    endSleep(line);
    update(line);
  }

  private void endSleep(Line line) {
    if (line.asleep) {
      sleepers.remove(line);
      put.remove(line);
      line.asleep = false;
    }
  }

  /** {@return when the next destination wakes; empty if none sleeps} */
  Optional<Instant> nextWaking() {
    return sleepers.isEmpty() ? Optional.empty() : Optional.of(sleepers.first().until);
  }

  /** {@return when a destination wakes; empty if it does not sleep} */
  Optional<Instant> asleepUntil(Destination destination) {
    Line line = lines.get(destination);
    return line != null && line.asleep ? Optional.of(line.until) : Optional.empty();
  }

  /** {@return how many messages are for destinations that sleep} */
  int asleep() {
    return lines.values().stream()
        .filter(line -> line.asleep)
        .mapToInt(line -> line.ready.size())
        .sum();
  }

  /**
   * {@return whether a destination was put to sleep for long since the last {@link #lateSleepers}}
   */
  boolean hasNewSleepers() {
    return !put.isEmpty();
  }

  /**
   * {@return the messages that cannot wait for their destination, just put to sleep: their time is
   * over before it wakes, or they are for others, too}
   */
  List<Late> lateSleepers() {
    List<Late> late = new ArrayList<>();
    for (Line line : put) {
      line.ready.stream()
          .filter(
              shipment ->
                  line.until.isAfter(shipment.delivery.deadline()) || shipment.isForSeveral())
          .forEach(shipment -> late.add(new Late(shipment, line.destination, line.until)));
    }
    put.clear();
    return late;
  }

  /** {@return the next message, which now counts as in an attempt; null if none may go} */
  @Nullable Shipment poll() {
    Iterator<Line> next = turns.iterator();
    if (!next.hasNext()) {
      return null;
    }
    Line line = next.next();
    next.remove();
    Iterator<Shipment> first = line.ready.iterator();
    Shipment shipment = first.next();
    first.remove();
    size--;
    line.busy++;
    if (line.hasTurn()) {
      turns.add(line);
    }
    return shipment;
  }

  /** Notes the end of an attempt for a message that was polled. */
  void release(Destination destination, boolean smooth) {
    Line line = lines.get(destination);
    if (line != null) {
      line.busy--;
      line.share = smooth ? Math.min(most, line.share + 1) : 1;
      rouse(line);
    }
  }

  private void update(Line line) {
    if (line.hasTurn()) {
      turns.add(line);
    } else {
      turns.remove(line);
    }
    if (line.isIdle()) {
      endSleep(line);
      lines.remove(line.destination, line);
    }
  }
}
