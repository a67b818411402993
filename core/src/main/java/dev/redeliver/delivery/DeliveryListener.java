package dev.redeliver.delivery;

import dev.redeliver.reputation.ReputationAlert;

/**
 * Is told what happens, in the thread that delivers. Implementations must be thread-safe if the
 * deliveries are concurrent, and quick. What they throw is logged and changes nothing, except for
 * an {@link Error}.
 */
public interface DeliveryListener {
  /** A message was handed over. */
  default void deliveryStarted(Envelope envelope) {}

  /** A transaction ended; what follows for each recipient has been decided. */
  default void attemptFinished(Attempt attempt) {}

  /** The delivery pauses until its next attempt; not called where no wait is needed. */
  default void retryScheduled(RetryWait wait) {}

  /** The delivery ended; every recipient is in the report. */
  default void deliveryFinished(DeliveryReport report) {}

  /** A connection could not be opened outside of a delivery. */
  default void connectionFailed(ConnectionFailure failure) {}

  /** A server began, or ceased, to blame the sender. */
  default void reputationAlert(ReputationAlert alert) {}

  /**
   * Something failed that cannot change an outcome any more, such as QUIT or another listener.
   *
   * @param what the step that failed, from a small fixed set: {@code close}, {@code listener}
   * @param problem what it threw
   */
  default void housekeepingFailed(String what, Exception problem) {}
}
