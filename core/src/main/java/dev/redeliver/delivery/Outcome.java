package dev.redeliver.delivery;

/** Where a recipient stands. All but {@link #PENDING} are final. */
public enum Outcome {
  /** The server took responsibility for delivering to the recipient. */
  ACCEPTED,
  /** The server refused for good. */
  REFUSED,
  /** The server may or may not have the message: the answer to the content never came. */
  UNKNOWN,
  /** Certainly not delivered, and not refused for good: deferred or held. */
  PENDING
}
