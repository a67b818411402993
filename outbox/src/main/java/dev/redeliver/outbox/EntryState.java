package dev.redeliver.outbox;

import dev.redeliver.delivery.Outcome;
import java.util.Locale;

/** Where one recipient of a message in the outbox stands. */
public enum EntryState {
  /** To be sent at once: never tried, or asked for by an operator. */
  NEW,
  /** To be tried again at a known time. */
  DEFERRED,
  /** Our own set-up is at fault; tried again once that is found to be mended. */
  HELD,
  /**
   * A process is sending it. If that process is no more, the outcome of that attempt is unknown.
   */
  TRANSMITTING,
  /** The server took responsibility. Final. */
  ACCEPTED,
  /** The server refused for good. Final. */
  REFUSED,
  /** The server may have it, and it is not sent again. Final. */
  UNKNOWN,
  /** Given up: the deadline or the attempts are spent. Final. */
  EXPIRED,
  /** Cancelled by an operator. Final. */
  CANCELLED;

  private final String token = name().toLowerCase(Locale.ROOT);

  /** {@return the name in lower case, as in metrics and on the command line} */
  public String token() {
    return token;
  }

  /** {@return whether nothing is going to be sent any more} */
  public boolean isFinal() {
    return compareTo(TRANSMITTING) > 0;
  }

  static EntryState of(Outcome outcome) {
    return switch (outcome) {
      case ACCEPTED -> ACCEPTED;
      case REFUSED -> REFUSED;
      case UNKNOWN -> UNKNOWN;
      case PENDING -> DEFERRED;
    };
  }

  Outcome outcome() {
    return switch (this) {
      case ACCEPTED -> Outcome.ACCEPTED;
      case REFUSED -> Outcome.REFUSED;
      case UNKNOWN -> Outcome.UNKNOWN;
      case NEW, DEFERRED, HELD, TRANSMITTING, EXPIRED, CANCELLED -> Outcome.PENDING;
    };
  }
}
