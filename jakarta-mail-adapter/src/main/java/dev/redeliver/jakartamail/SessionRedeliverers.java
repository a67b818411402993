package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.RetryPolicy;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.lang.ref.SoftReference;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.WeakHashMap;

/**
 * One deliverer for all mail sessions that are configured alike: Jakarta Mail makes a new transport
 * for almost every message, and many programs a new session, but reputation signals and meters have
 * to outlive both. Thread-safe.
 */
final class SessionRedeliverers {
  private static final Map<Session, Redeliverer> BY_SESSION = new WeakHashMap<>();
  private static final Map<Map<String, String>, SoftReference<Redeliverer>> BY_CONFIGURATION =
      new HashMap<>();

  private static final String PREFIX = "redeliver.";

  private SessionRedeliverers() {}

  /**
   * {@return the session's deliverer, made from its properties when it is first asked for}
   *
   * @throws MessagingException if the {@code redeliver.*} properties are bad; it names all of them
   */
  static Redeliverer of(Session session) throws MessagingException {
    synchronized (BY_SESSION) {
      Redeliverer redeliverer = BY_SESSION.get(session);
      if (redeliverer == null) {
        redeliverer = configured(session.getProperties());
        BY_SESSION.put(session, redeliverer);
      }
      return redeliverer;
    }
  }

  private static Redeliverer configured(Properties properties) throws MessagingException {
    Map<String, String> configuration = configuration(properties);
    SoftReference<Redeliverer> known = BY_CONFIGURATION.get(configuration);
    Redeliverer redeliverer = known == null ? null : known.get();
    if (redeliverer == null) {
      redeliverer = make(properties);
      BY_CONFIGURATION.values().removeIf(reference -> reference.get() == null);
      BY_CONFIGURATION.put(configuration, new SoftReference<>(redeliverer));
    }
    return redeliverer;
  }

  private static Map<String, String> configuration(Properties properties) {
    Map<String, String> configuration = new HashMap<>();
    properties.stringPropertyNames().stream()
        .filter(name -> name.startsWith(PREFIX))
        .forEach(name -> configuration.put(name, properties.getProperty(name)));
    properties.forEach(
        (name, value) -> {
          if (name instanceof String key && key.startsWith(PREFIX)) {
            configuration.put(key, String.valueOf(value));
          }
        });
    return Map.copyOf(configuration);
  }

  private static Redeliverer make(Properties properties) throws MessagingException {
    try {
      return Redeliverer.builder(RetryPolicy.fromProperties(properties)).build();
    } catch (IllegalArgumentException e) {
      throw new MessagingException(
          "The redeliver.* session properties are bad: " + e.getMessage(), e);
    }
  }

  /** Gives a session a deliverer of its own, before its first use. */
  static void set(Session session, Redeliverer redeliverer) {
    synchronized (BY_SESSION) {
      BY_SESSION.put(session, redeliverer);
    }
  }
}
