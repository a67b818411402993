package dev.redeliver.metrics;

import java.util.Locale;

/** What failed without changing an outcome; whatever has no name here is counted together. */
enum Step {
  /** Ending a session. */
  CLOSE,
  /** Telling a listener. */
  LISTENER,
  /** Handing a message over to an outbox. */
  OUTBOX,
  /** Telling a sender of a failure. */
  NOTIFICATION,
  /** Anything else. */
  OTHER;

  private final String token = name().toLowerCase(Locale.ROOT);

  String token() {
    return token;
  }

  static Step of(String what) {
    for (Step step : values()) {
      if (step.token.equals(what)) {
        return step;
      }
    }
    return OTHER;
  }
}
