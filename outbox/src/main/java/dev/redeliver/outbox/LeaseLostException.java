package dev.redeliver.outbox;

import java.io.Serial;

/** Somebody else looks after a queue now: nothing may be written about it any more. */
final class LeaseLostException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  LeaseLostException(QueueName queue) {
    super("another process looks after " + queue.id() + " now", null, false, false);
  }
}
