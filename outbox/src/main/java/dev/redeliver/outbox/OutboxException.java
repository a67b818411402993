package dev.redeliver.outbox;

import java.io.Serial;

/** The database cannot be used, or has something that cannot be read. */
public final class OutboxException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  OutboxException(String message) {
    super(message);
  }

  OutboxException(String message, Throwable cause) {
    super(message, cause);
  }
}
