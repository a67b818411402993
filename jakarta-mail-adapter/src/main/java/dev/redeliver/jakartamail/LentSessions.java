package dev.redeliver.jakartamail;

import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.WeakHashMap;
import java.util.stream.Collectors;

/**
 * The sessions that Angus works with while a connection is being opened: copies of the
 * application's, with our socket factories and with timeouts where it set none. One for each, as
 * long as its properties stay as they are. Thread-safe.
 */
final class LentSessions {
  private static final LintLog LOG = new LintLog();
  private static final Map<Session, Map<String, Lent>> BY_SESSION = new WeakHashMap<>();

  /** A copy, and what it is a copy of. */
  private record Lent(Properties original, Session session) {}

  private LentSessions() {}

  /**
   * {@return the session to lend} What is odd about its settings is logged, once.
   *
   * @param hasUser whether the connection being opened has a user, from wherever
   * @throws MessagingException if settings cannot be read as they are; it names all of them
   */
  static Session of(Session original, String protocol, boolean hasUser) throws MessagingException {
    synchronized (BY_SESSION) {
      Map<String, Lent> known = BY_SESSION.computeIfAbsent(original, session -> new HashMap<>());
      Lent lent = known.get(protocol);
      if (lent == null || !lent.original().equals(original.getProperties())) {
        SessionLint lint = SessionLint.of(original.getProperties(), protocol, hasUser);
        refuse(lint);
        LOG.tell(lint);
        lent = new Lent(copy(original), NoDelaySockets.sessionFor(original, protocol, lint));
        known.put(protocol, lent);
      }
      return lent.session();
    }
  }

  private static Properties copy(Session original) {
    Properties copy = new Properties();
    copy.putAll(original.getProperties());
    return copy;
  }

  private static void refuse(SessionLint lint) throws MessagingException {
    if (!lint.errors().isEmpty()) {
      throw new MessagingException(
          "The session properties are bad: "
              + lint.errors().stream()
                  .map(SessionLint.Finding::toString)
                  .collect(Collectors.joining(" ")));
    }
  }
}
