package dev.redeliver.jakartamail;

import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.PolicyException;
import dev.redeliver.policy.SenderSettings;
import jakarta.mail.Session;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The relays and connections of a {@link MailSender} without its queue, for callers that keep the
 * messages, wait and have threads themselves, such as a queue in a database. Each call makes the
 * attempts that one delivery can have now: it picks a relay that can be used, takes a connection,
 * and goes on as long as there is something to do at once. A relay that cannot be used is left
 * alone for a while, and then probed by the first caller that comes. Needs Eclipse Angus Mail.
 *
 * <p>Thread-safe; blocks. Make one for a mail session and close it at the end.
 */
public final class Courier implements AutoCloseable {
  private final Redeliverer redeliverer;
  private final RelayChoice relays;
  private final RelayKeeper keeper;
  private final ScheduledExecutorService timer;
  private final int capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean closed;

  /** Makes a courier; the timer is shut down by it. */
  Courier(
      Session session,
      SenderSettings settings,
      Redeliverer redeliverer,
      ScheduledExecutorService timer) {
    this.redeliverer = redeliverer;
    this.timer = timer;
    relays = RelayChoice.of(session, List.of(), settings, redeliverer, lock);
    keeper =
        new RelayKeeper(redeliverer, settings, new Timing(timer, timer), lock, this::wakeCallers);
    capacity = relays.inUseAtOnce() * settings.connections();
  }

  /**
   * {@return a courier with the session's settings: {@code mail.smtp.*} and {@code
   * redeliver.sender.*}}
   *
   * @param session the mail session; it is copied
   * @param redeliverer the deliverer that begins the deliveries, with its clock and listeners
   * @throws PolicyException if {@code redeliver.*} properties are bad; it names all of them
   * @throws IllegalStateException if Eclipse Angus Mail is not there
   */
  public static Courier of(Session session, Redeliverer redeliverer) {
    return of(session, redeliverer, SenderSettings.fromProperties(session.getProperties()));
  }

  /**
   * {@return a courier}
   *
   * @param session the mail session; it is copied
   * @param redeliverer the deliverer that begins the deliveries, with its clock and listeners
   * @param settings relays and connections; bounds for messages in flight are the caller's business
   * @throws IllegalStateException if Eclipse Angus Mail is not there
   */
  public static Courier of(Session session, Redeliverer redeliverer, SenderSettings settings) {
    Objects.requireNonNull(session, "session");
    Objects.requireNonNull(settings, "settings");
    if (!Angus.isPresent()) {
      throw new IllegalStateException("Courier needs Eclipse Angus Mail on the class path");
    }
    return new Courier(
        session, settings, redeliverer, Workers.timer(redeliverer.policy().name() + "-courier"));
  }

  /**
   * How a message stands after a call. Immutable and thread-safe.
   *
   * @param delay how long to wait before the next call for this message; empty if nobody waits for
   *     an attempt any more. Zero without an obstacle: the call was cut short, as a rule because
   *     the thread was interrupted or the courier closed
   * @param obstacle the relay that is asked next, if no relay can be used for this message now:
   *     whoever still waits has not got the attempt that was due, and nothing is counted for it.
   *     Then {@code delay} is how long that relay is left alone or, if that comes first, until the
   *     delivery's deadline
   * @param relay the relay that was tried last, as {@link #carry(FrozenMessage, Delivery, String)}
   *     takes it; where the outcome is unknown, the one that may have the message. Empty if none
   *     was tried, and none named
   */
  public record Trip(Optional<Duration> delay, Optional<RelayStatus> obstacle, String relay) {
    /**
     * Refuses nulls, and an obstacle to nothing.
     *
     * @throws IllegalArgumentException if there is an obstacle and no delay
     */
    public Trip {
      Objects.requireNonNull(delay, "delay");
      Objects.requireNonNull(obstacle, "obstacle");
      Objects.requireNonNull(relay, "relay");
      if (obstacle.isPresent() && delay.isEmpty()) {
        throw new IllegalArgumentException("nobody waits, and there is an obstacle");
      }
    }
  }

  /**
   * Makes the attempts that a delivery can have now, over whichever relay can be used. Not for a
   * message that a relay may have already: only its caller knows which.
   *
   * @param message the message; its own envelope is not looked at
   * @param delivery the delivery, begun by this courier's deliverer; whom it is for, and how far it
   *     has got
   * @return as {@link #carry(FrozenMessage, Delivery, String)}
   * @throws IllegalStateException if nobody waits for an attempt, or the courier is closed
   */
  public Trip carry(FrozenMessage message, Delivery delivery) {
    return carry(message, delivery, "");
  }

  /**
   * Makes the attempts that a delivery can have now. Whoever comes next is due: it is the caller
   * who waits for the time. What follows without a delay is done at once, such as the rest of the
   * recipients after "too many", a fresh connection for one that the server had closed, or another
   * relay for one that cannot be used.
   *
   * <p>If all connections are in use, waits until one is free. If no relay can be used, returns at
   * once; only while another caller finds out whether one is back, waits for that. If the thread is
   * interrupted while it waits, returns with what there is, and the interrupt flag is set again; an
   * attempt is not cut off by it.
   *
   * <p>A delivery whose deadline is over is stopped. What else is to be done with one that has
   * ended, such as {@link Delivery#finish()}, is the caller's business.
   *
   * @param message the message; its own envelope is not looked at
   * @param delivery the delivery, begun by this courier's deliverer; whom it is for, and how far it
   *     has got
   * @param relay the only relay that may get the message, because it may have it already: as {@link
   *     Trip#relay} named it, or its host. If no such relay is configured, any will do
   * @return how the message stands now
   * @throws IllegalStateException if nobody waits for an attempt, or the courier is closed; nothing
   *     was done
   * @throws Error as an attempt or a listener threw it; the delivery knows the facts, and of an
   *     attempt that was broken off, that its outcome is unknown
   */
  public Trip carry(FrozenMessage message, Delivery delivery, String relay) {
    if (delivery.nextDue().isEmpty()) {
      throw new IllegalStateException("nobody waits for an attempt");
    }
    Shipment shipment = new Shipment(message.handover(), delivery, null);
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the courier is closed");
      }
      shipment.pin = relay.isEmpty() ? null : relays.named(relay);
    } finally {
      lock.unlock();
    }
    return new Errand(shipment).run();
  }

  /** One call: goes from relay to relay as long as there is something to do. Not thread-safe. */
  private final class Errand {
    private final Shipment shipment;
    private final Delivery delivery;
    private @Nullable Relay last;

    Errand(Shipment shipment) {
      this.shipment = shipment;
      delivery = shipment.delivery;
      last = shipment.pin;
    }

    Trip run() {
      while (true) {
        Relay relay = board(shipment);
        if (relay == null) {
          return left();
        }
        Attempts attempts = attempt(relay);
        if (attempts.obstacle().isEmpty() || attempts.delay().filter(Duration::isZero).isEmpty()) {
          return trip(attempts.delay(), Optional.empty());
        }
      }
    }

    private Attempts attempt(Relay relay) {
      Attempts attempts =
          new Attempts(redeliverer, relays, shipment, relay, Courier.this::wakeCallers);
      try {
        attempts.run();
        keeper.note(attempts);
      } finally {
        leave(relay);
      }
      attempts
          .error()
          .ifPresent(
              error -> {
                throw error;
              });
      note(relay);
      return attempts;
    }

    private void note(Relay relay) {
      last = relay;
      if (shipment.pin == null && delivery.isOutcomeUnknown()) {
        shipment.pin = relay;
      }
    }

    /** No relay took it. */
    private Trip left() {
      Instant now = redeliverer.clock().instant();
      boolean overdue = !now.isBefore(delivery.deadline());
      Optional<RelayStatus> obstacle = Optional.empty();
      ConnectionFailure why = null;
      Decision decision = null;
      lock.lock();
      try {
        Relay obstructing = relays.obstructing(shipment);
        if (obstructing != null && overdue) {
          why = obstructing.health.obstacle().orElseThrow();
          decision = obstructing.health.end(Decision.Reason.DEADLINE);
        } else if (obstructing != null) {
          obstacle = Optional.of(relays.askedNext(shipment).status());
        }
      } finally {
        lock.unlock();
      }
      if (why != null && decision != null) {
        delivery.stop(why, decision);
      }
      return trip(
          obstacle
              .flatMap(RelayStatus::nextProbe)
              .map(at -> until(at, now))
              .or(delivery::untilNext),
          obstacle);
    }

    private Duration until(Instant nextProbe, Instant now) {
      Instant deadline = delivery.deadline();
      Duration delay = Duration.between(now, nextProbe.isBefore(deadline) ? nextProbe : deadline);
      return delay.isNegative() ? Duration.ZERO : delay;
    }

    private Trip trip(Optional<Duration> delay, Optional<RelayStatus> obstacle) {
      Relay relay = shipment.pin == null ? last : shipment.pin;
      return new Trip(delay, obstacle, relay == null ? "" : relay.name());
    }
  }

  /**
   * Waits for room, and finds out on the way which relays are back.
   *
   * @return the relay to go over, already counted as busy; null if none can be used for this
   *     message, the thread was interrupted, or the courier is closed
   */
  private @Nullable Relay board(Shipment shipment) {
    boolean worthIt = true;
    while (worthIt) {
      probeAllDue();
      lock.lock();
      try {
        Relay relay = closed ? null : relays.chooseFor(shipment);
        if (relay != null) {
          relay.busy++;
          return relay;
        }
        worthIt = !closed && relays.isWorthWaiting(shipment, redeliverer.clock().instant());
        if (worthIt) {
          changed.await();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        worthIt = false;
      } finally {
        lock.unlock();
      }
    }
    return null;
  }

  /** Each relay once at the most: a message is not to be held up by relays that stay away. */
  private void probeAllDue() {
    Relay due = nextProbe();
    for (int i = 1; due != null; i++) {
      probe(due);
      due = i < relays.all().size() ? nextProbe() : null;
    }
  }

  /** {@return a relay to be probed now, already counted as busy; null if there is none} */
  private @Nullable Relay nextProbe() {
    lock.lock();
    try {
      Relay due = closed ? null : relays.probeDue(redeliverer.clock()).orElse(null);
      if (due != null) {
        due.health.probe();
        due.busy++;
      }
      return due;
    } finally {
      lock.unlock();
    }
  }

  private void probe(Relay relay) {
    try {
      keeper.probe(relay);
    } finally {
      lock.lock();
      try {
        // Others wait for it, whatever a listener threw.
        relay.health.endProbe();
      } finally {
        lock.unlock();
      }
      leave(relay);
    }
  }

  private void leave(Relay relay) {
    lock.lock();
    try {
      relay.busy--;
      keeper.closeIdleLater(relay);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    cleanUp();
  }

  private void wakeCallers() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** {@return how its relays stand, in their order} */
  public List<RelayStatus> relays() {
    return relays.all().stream().map(Relay::status).toList();
  }

  /**
   * {@return how many calls can have a connection at the same time while all relays can be used}
   * More callers than that only wait.
   */
  public int capacity() {
    return capacity;
  }

  /**
   * Begins no further attempt: whoever waits for room returns, and further calls are refused.
   * Connections to a relay are closed as soon as none of them is in use; attempts that are being
   * made are not waited for.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    keeper.close();
    cleanUp();
  }

  /** Lets go of what nobody uses any more, once closed: an attempt must find its pool open. */
  private void cleanUp() {
    List<Relay> unused;
    lock.lock();
    try {
      if (!closed) {
        return;
      }
      unused = relays.all().stream().filter(relay -> relay.busy == 0).toList();
    } finally {
      lock.unlock();
    }
    unused.forEach(relay -> relay.connections().close());
    if (unused.size() == relays.all().size()) {
      timer.shutdownNow();
    }
  }
}
