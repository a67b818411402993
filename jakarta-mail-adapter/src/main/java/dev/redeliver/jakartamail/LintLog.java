package dev.redeliver.jakartamail;

import java.util.HashSet;
import java.util.Set;

/**
 * Logs what is found about sessions, each finding once: many programs make a new session for every
 * message. Thread-safe.
 */
final class LintLog {
  private static final System.Logger LOGGER = System.getLogger("dev.redeliver.jakartamail");

  /** So that settings made up anew for each session do not fill the memory. */
  private static final int MOST_FINDINGS = 1000;

  private final Set<SessionLint.Finding> told = new HashSet<>();

  void tell(SessionLint lint) {
    lint.warnings().forEach(finding -> tell(System.Logger.Level.WARNING, finding));
    lint.defaults().forEach(finding -> tell(System.Logger.Level.INFO, finding));
  }

  private synchronized void tell(System.Logger.Level level, SessionLint.Finding finding) {
    if (told.size() < MOST_FINDINGS && told.add(finding)) {
      LOGGER.log(level, finding.toString());
    }
  }
}
