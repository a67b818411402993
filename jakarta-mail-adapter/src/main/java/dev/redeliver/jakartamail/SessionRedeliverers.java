package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.RetryPolicy;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * One deliverer per mail session, made from the session's properties when they are first needed:
 * Jakarta Mail makes a new transport for almost every message, but reputation signals and metrics
 * have to outlive it. Thread-safe.
 */
final class SessionRedeliverers {
  private static final Map<Session, Redeliverer> BY_SESSION = new WeakHashMap<>();

  private SessionRedeliverers() {}

  /**
   * {@return the session's deliverer}
   *
   * @throws MessagingException if the {@code redeliver.*} properties are bad; it names all of them
   */
  static Redeliverer of(Session session) throws MessagingException {
    synchronized (BY_SESSION) {
      Redeliverer known = BY_SESSION.get(session);
      if (known != null) {
        return known;
      }
      try {
        RetryPolicy policy = RetryPolicy.fromProperties(session.getProperties());
        Redeliverer made = Redeliverer.builder(policy).build();
        BY_SESSION.put(session, made);
        return made;
      } catch (IllegalArgumentException e) {
        throw new MessagingException(
            "The redeliver.* session properties are bad: " + e.getMessage(), e);
      }
    }
  }

  /** Gives a session a deliverer of its own, before its first use. */
  static void set(Session session, Redeliverer redeliverer) {
    synchronized (BY_SESSION) {
      BY_SESSION.put(session, redeliverer);
    }
  }
}
