package dev.redeliver.jakartamail;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The attempts that one message gets in a row, on one connection: a worker's work. Not thread-safe.
 */
final class Attempts {
  /** An attempt that takes longer holds up its destination. */
  private static final Duration STALL = Duration.ofSeconds(10);

  private final Redeliverer redeliverer;
  private final RelayChoice relays;
  private final Shipment shipment;
  private final Delivery delivery;
  private final Relay relay;
  private final Runnable opened;
  private final Instant began;
  private Optional<Duration> delay = Optional.empty();
  private @Nullable SmtpFailure obstacle;
  private boolean counted;
  private boolean again;
  private boolean smooth = true;
  private boolean answered;
  private @Nullable Throwable thrown;

  /**
   * Begins.
   *
   * @param opened is run when a connection was opened: the relay is there
   */
  Attempts(
      Redeliverer redeliverer,
      RelayChoice relays,
      Shipment shipment,
      Relay relay,
      Runnable opened) {
    this.redeliverer = redeliverer;
    this.relays = relays;
    this.shipment = shipment;
    this.relay = relay;
    this.opened = opened;
    delivery = shipment.delivery;
    began = redeliverer.clock().instant();
  }

  Shipment shipment() {
    return shipment;
  }

  Relay relay() {
    return relay;
  }

  /** {@return how long the message has to wait now; zero if only for a relay; empty if it ended} */
  Optional<Duration> delay() {
    return delay;
  }

  /** {@return why the relay cannot be used; empty if it can} */
  Optional<SmtpFailure> obstacle() {
    return Optional.ofNullable(obstacle);
  }

  /** {@return whether the obstacle was met in an attempt that counts for the message} */
  boolean isCounted() {
    return counted;
  }

  /** {@return whether nothing speaks against more connections for this destination} */
  boolean isSmooth() {
    return smooth;
  }

  /** {@return whether the relay did what a relay does, whatever it said about the message} */
  boolean isAnswered() {
    return answered;
  }

  /** {@return what was thrown that nobody should have to catch} */
  Optional<Error> error() {
    return thrown instanceof Error error ? Optional.of(error) : Optional.empty();
  }

  /** Makes them. Never throws: what does not go as it should ends the delivery, with a report. */
  void run() {
    try {
      converse();
    } catch (RuntimeException | Error e) {
      // What is certain stays so; for everybody else there is no further attempt.
      thrown = e;
      obstacle = null;
      delay = Optional.empty();
      delivery.stop(Decision.Reason.INTERRUPTED, "broken off by " + e);
      withdraw(e);
    }
    Duration took = Duration.between(began, redeliverer.clock().instant());
    smooth &= took.compareTo(STALL) < 0;
  }

  private void withdraw(Throwable before) {
    try {
      delivery.withdraw();
    } catch (Error again) {
      if (again != before) {
        before.addSuppressed(again);
      }
    }
  }

  private void converse() {
    PooledConnection connection = relay.connections().take();
    try {
      do {
        again = false;
        attempt(connection);
      } while (again);
    } finally {
      relay.connections().giveBack(connection);
    }
  }

  private void attempt(PooledConnection connection) {
    if (isOver() || !isOpen(connection)) {
      return;
    }
    List<Recipient> due = delivery.begin();
    if (due.isEmpty()) {
      // More at a time would only be put off, too.
      smooth = false;
      delay = delivery.untilNext();
      return;
    }
    AttemptResult result = attempt(connection, due);
    note(result);
    if (obstacle != null && isSpared(obstacle)) {
      delivery.withdraw();
      delay = Optional.of(Duration.ZERO);
      return;
    }
    counted = true;
    delay = delivery.end(result);
    again = obstacle == null && thrown == null && delay.filter(Duration::isZero).isPresent();
  }

  private boolean isOver() {
    String reason = shipment.stopReason;
    if (reason != null) {
      delivery.stop(Decision.Reason.INTERRUPTED, reason);
    } else if (redeliverer.clock().instant().isAfter(delivery.deadline())) {
      delivery.stop(Decision.Reason.DEADLINE, "no connection was free before the deadline");
    } else {
      return false;
    }
    delay = Optional.empty();
    return true;
  }

  private boolean isOpen(PooledConnection connection) {
    if (connection.isOpen()) {
      return true;
    }
    obstacle = relay.open(connection).orElse(null);
    counted = false;
    delay = Optional.of(Duration.ZERO);
    if (obstacle == null) {
      opened.run();
    }
    return obstacle == null;
  }

  private AttemptResult attempt(PooledConnection connection, List<Recipient> due) {
    try {
      return connection.attempt(shipment.handover, due);
    } catch (RuntimeException | Error e) {
      thrown = e;
      return AttemptResult.unknown(relay.server(), due, e);
    }
  }

  private void note(AttemptResult result) {
    Optional<SmtpFailure> early = result.failureBeforeRecipients();
    answered |= early.isEmpty() && thrown == null;
    obstacle = early.filter(failure -> !result.isStale()).filter(this::isRelays).orElse(null);
    smooth &= result.results().values().stream().noneMatch(Attempts::isLost);
  }

  private static boolean isLost(RecipientResult result) {
    return result instanceof RecipientResult.Unknown
        || (result instanceof RecipientResult.Failed failed
            && failed.failure() instanceof SmtpFailure.Disconnected);
  }

  /** Whether it is about the relay or us, not about this message. */
  private boolean isRelays(SmtpFailure failure) {
    return RelayChoice.concernsAll(redeliverer.judge(relay.server(), 1, failure).classification());
  }

  /**
   * A message must not suffer for our set-up, nor for a relay that another one can stand in for.
   */
  private boolean isSpared(SmtpFailure failure) {
    boolean held =
        redeliverer.judge(relay.server(), 1, failure).decision() instanceof Decision.Hold;
    return held || (!delivery.isOutcomeUnknown() && relays.isUsableBut(relay));
  }
}
