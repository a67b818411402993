package dev.redeliver.classify;

/** What a failure says something about. Only the last four may slow or stop other messages. */
public enum Scope {
  /** This recipient. */
  RECIPIENT,
  /** This message, whoever receives it. */
  MESSAGE,
  /** The sending account, domain or address. */
  SENDER,
  /** This connection. */
  CONNECTION,
  /** This relay host. */
  HOST,
  /** Our own set-up. */
  CONFIGURATION
}
