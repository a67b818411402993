package dev.redeliver.metrics;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.Severity;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * Where a recipient stands: after one attempt the {@code disposition} of a reply, after the
 * delivery its {@code outcome}.
 */
enum Disposition {
  /** The server took responsibility. */
  ACCEPTED,
  /** Not delivered, and a later try may succeed. */
  DEFERRED,
  /** Refused for good. */
  REFUSED,
  /** The answer to the content never came. */
  UNKNOWN,
  /** Our own set-up is at fault; the message is kept. */
  HELD;

  private final String token = name().toLowerCase(Locale.ROOT);

  String token() {
    return token;
  }

  static Disposition of(RecipientAttempt attempt) {
    if (attempt.result() instanceof RecipientResult.Accepted) {
      return ACCEPTED;
    }
    if (attempt.result() instanceof RecipientResult.Unknown) {
      return UNKNOWN;
    }
    return attempt.decision().map(Disposition::of).orElseGet(() -> bySeverity(attempt));
  }

  static Disposition of(RecipientReport report) {
    return switch (report.outcome()) {
      case ACCEPTED -> ACCEPTED;
      case REFUSED -> REFUSED;
      case UNKNOWN -> UNKNOWN;
      case PENDING -> isHeld(report) ? HELD : DEFERRED;
    };
  }

  /** The dispositions that the classifier and the policy give a cause in the normal run. */
  static Set<Disposition> usual(Cause cause) {
    return switch (cause) {
      case SUCCESS -> EnumSet.of(ACCEPTED);
      case CONNECTION -> EnumSet.of(DEFERRED, UNKNOWN);
      case CREDENTIALS, TLS -> EnumSet.of(DEFERRED, REFUSED, HELD);
      default -> EnumSet.of(DEFERRED, REFUSED);
    };
  }

  private static Disposition of(Decision decision) {
    if (decision instanceof Decision.Fail) {
      return REFUSED;
    }
    return decision instanceof Decision.Hold ? HELD : DEFERRED;
  }

  private static Disposition bySeverity(RecipientAttempt attempt) {
    return attempt
        .classification()
        .map(Classification::severity)
        .filter(Severity.PERMANENT::equals)
        .map(permanent -> REFUSED)
        .orElse(DEFERRED);
  }

  private static boolean isHeld(RecipientReport report) {
    return report.decision().orElse(null) instanceof Decision.Hold;
  }
}
