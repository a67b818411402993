package dev.redeliver.delivery;

import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpFailure;
import java.util.List;

/** Logs unknown outcomes: each may be a message that somebody gets twice, or not at all. */
final class UnknownLog {
  private static final System.Logger LOGGER = System.getLogger("dev.redeliver.delivery");

  private UnknownLog() {}

  /** Tells of one attempt, if there is something to tell; addresses are left out. */
  static void tell(Attempt attempt) {
    List<RecipientAttempt> unknown =
        attempt.recipients().stream()
            .filter(recipient -> recipient.result() instanceof RecipientResult.Unknown)
            .toList();
    if (!unknown.isEmpty()) {
      RecipientAttempt first = unknown.get(0);
      LOGGER.log(
          System.Logger.Level.WARNING,
          "outcome unknown for {0} of {1} recipients of {2} at {3}: {4} ({5})",
          unknown.size(),
          attempt.recipients().size(),
          attempt.envelope().messageId().replaceAll("\\p{Cntrl}", " "),
          attempt.server(),
          first.failure().map(SmtpFailure::describe).orElse(""),
          first.decision().map(Decision::why).orElse(""));
    }
  }
}
