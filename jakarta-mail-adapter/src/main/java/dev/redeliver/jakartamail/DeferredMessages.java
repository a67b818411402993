package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Resumption;
import java.time.Duration;

/**
 * Where messages go that cannot be delivered now: it keeps them, and delivers them later.
 * Thread-safe.
 */
public interface DeferredMessages {
  /**
   * Takes over a message. Once this returns, the message is kept whatever happens to the process.
   *
   * @param message the message, as all attempts so far sent it
   * @param left the recipients that are left, and how far each has got
   * @return what it is called there
   * @throws RuntimeException if it is not taken over
   */
  String keep(FrozenMessage message, Resumption left);

  /** {@return how long after the hand-over to the application an attempt may start} */
  Duration deadline();
}
