package dev.redeliver.jakartamail;

import jakarta.mail.Session;

/**
 * Makes what {@code redeliver.outbox} asks for. Found with {@link java.util.ServiceLoader}; called
 * with the same configuration it gives the same object.
 */
public interface DeferredMessagesFactory {
  /**
   * {@return where the session's messages go that cannot be delivered now}
   *
   * @param session the mail session, in which {@code redeliver.outbox} is set
   * @throws RuntimeException if it cannot be used
   */
  DeferredMessages open(Session session);
}
