package dev.redeliver.classify;

import java.util.Locale;

/** A family of backoff with a schedule of its own. */
public enum Lane {
  /** The server's passing trouble. */
  TRANSIENT,
  /** Greylisting: wait minutes, keep the sender. */
  GREYLIST,
  /** A limit was reached: slow down. */
  RATE_LIMIT,
  /** Somebody must act first: a full or locked mailbox, a missing DKIM record. */
  SLOW,
  /** The sender is blamed: wait long, look into it. */
  REPUTATION,
  /** The connection failed. */
  CONNECTION,
  /** No wait at all. */
  IMMEDIATE;

  private final String token = name().toLowerCase(Locale.ROOT).replace('_', '-');

  /** {@return the name in lower case with hyphens, as in the rule table, keys and output} */
  public String token() {
    return token;
  }
}
