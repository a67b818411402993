package dev.redeliver.classify;

/** What a rule asks the policy to do. The policy adds when, and how often. */
public enum Handling {
  /** Nothing: the step succeeded. */
  PROCEED,
  /** Try again later in the rule's lane: every 4yz, and the 5yz of the explicit allow-list. */
  RETRY,
  /**
   * Send the recipients that were not taken again at once, if at least one was (RFC 5321 section
   * 4.5.3.1.10); otherwise like {@link #RETRY}.
   */
  RESUME,
  /** Try once more at once on a fresh connection; refused again, it is {@link #FAIL}. */
  RECONNECT,
  /** Final for the recipient. */
  FAIL,
  /** Keep the message and fix the set-up: the message has nothing to do with it. */
  HOLD
}
