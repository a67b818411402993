package dev.redeliver.delivery;

import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.reputation.ReputationAlertListener;
import java.util.List;
import java.util.function.Supplier;

/**
 * Is told what happens, in the thread that delivers. Implementations must be thread-safe if the
 * deliveries are concurrent, and quick. What they throw is logged and changes nothing, except for
 * an {@link Error}.
 */
public interface DeliveryListener extends ReputationAlertListener {
  /** A message was handed over, or is taken up again after {@link #deliverySuspended}. */
  default void deliveryStarted(Envelope envelope) {}

  /** A store has the message until its next try; another process may take it up. */
  default void deliverySuspended(Envelope envelope) {}

  /**
   * An attempt begins. The same thread will tell either {@link #attemptFinished} or {@link
   * #attemptWithdrawn}.
   */
  default void attemptStarted(Envelope envelope) {}

  /** An attempt that had begun was not made, because there was no relay for it. */
  default void attemptWithdrawn(Envelope envelope) {}

  /** A transaction ended; what follows for each recipient has been decided. */
  default void attemptFinished(Attempt attempt) {}

  /** The delivery pauses until its next attempt; not called where no wait is needed. */
  default void retryScheduled(RetryWait wait) {}

  /**
   * The delivery ended; every recipient is in the report. An outbox tells of a message's recipients
   * as they end: those that go on are in a later report.
   */
  default void deliveryFinished(DeliveryReport report) {}

  /** A connection could not be opened, or a relay not be used, outside of a delivery. */
  default void connectionFailed(ConnectionFailure failure) {}

  /** An asynchronous sender began to work. */
  default void senderOpened(Supplier<SenderStatus> status) {}

  /** An asynchronous sender ended; the argument is the same object as at its beginning. */
  default void senderClosed(Supplier<SenderStatus> status) {}

  /**
   * An outbox began to send.
   *
   * @param status how it stands, as it was seen last; asks no database
   */
  default void outboxOpened(Supplier<OutboxStatus> status) {}

  /** An outbox ended; the argument is the same object as at its beginning. */
  default void outboxClosed(Supplier<OutboxStatus> status) {}

  /**
   * A message was not accepted by an asynchronous sender; no delivery began.
   *
   * @param reason one of {@code full}, {@code closed}, {@code interrupted}, {@code invalid}
   */
  default void handoverRejected(String reason) {}

  /** A relay of an asynchronous sender is used, or not used, differently from now on. */
  default void relayChanged(RelayStatus relay) {}

  /** An asynchronous sender opened a connection. */
  default void connectionOpened(RelayStatus relay) {}

  /**
   * An asynchronous sender closed a connection.
   *
   * @param relay the relay that it was to
   * @param reason one of {@code messages} (its number is used up), {@code age}, {@code idle},
   *     {@code broken} (by the server, or out of step), {@code closed} (with the sender)
   */
  default void connectionClosed(RelayStatus relay, String reason) {}

  /**
   * A deliverer that guards its destinations was made; told once, before anything else.
   *
   * @param status gives the destinations that are in use or do not get all that they could, as
   *     {@link dev.redeliver.reputation.DestinationGuard#status()}; the deliverer keeps this object
   *     as long as it lives, so that a listener can hold it weakly
   */
  default void guardOpened(Supplier<List<DestinationStatus>> status) {}

  /** A destination pauses, is slowed down, or gets mail again; not told of every change of rate. */
  default void destinationChanged(DestinationStatus destination) {}

  /** A server began, went on, or ceased to blame the sender. */
  @Override
  default void reputationAlert(ReputationAlert alert) {}

  /**
   * Something failed that cannot change an outcome any more, such as QUIT or another listener.
   *
   * @param what the step that failed, from a small fixed set: {@code close}, {@code listener},
   *     {@code outbox} (which could not take over a message), {@code notification}
   * @param problem what it threw
   */
  default void housekeepingFailed(String what, Exception problem) {}
}
