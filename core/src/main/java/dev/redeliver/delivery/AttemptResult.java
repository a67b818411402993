package dev.redeliver.delivery;

import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The facts of one attempt: no judgement, no decision. Immutable and thread-safe.
 *
 * @param server the host that answered, as the application named it; it names alerts
 * @param connectionReused whether the connection had been open before the attempt
 * @param results one result for each recipient that was asked for
 */
public record AttemptResult(
    String server, boolean connectionReused, Map<Recipient, RecipientResult> results) {
  /** Refuses nulls. */
  public AttemptResult {
    Objects.requireNonNull(server, "server");
    results = Map.copyOf(results);
  }

  /**
   * {@return the result of an attempt that was broken off by an exception: the server may have the
   * message}
   *
   * @param server the host
   * @param pending whom the attempt was for
   * @param problem what was thrown
   */
  public static AttemptResult unknown(String server, List<Recipient> pending, Throwable problem) {
    SmtpFailure failure =
        new SmtpFailure.Local(SmtpStage.END_OF_DATA, SmtpFailure.Problem.OTHER, problem.toString());
    Map<Recipient, RecipientResult> results = new HashMap<>();
    pending.forEach(recipient -> results.put(recipient, new RecipientResult.Unknown(failure)));
    return new AttemptResult(server, false, results);
  }

  /**
   * {@return why the attempt ended before a recipient was named, at MAIL or earlier; empty if it
   * went on} It is about the relay, the sender or our set-up, unless it is about the message's own
   * sender or size.
   */
  public Optional<SmtpFailure> failureBeforeRecipients() {
    SmtpFailure found = null;
    for (RecipientResult result : results.values()) {
      if (!(result instanceof RecipientResult.Failed failed)
          || failed.failure().stage().compareTo(SmtpStage.MAIL) > 0) {
        return Optional.empty();
      }
      found = failed.failure();
    }
    return Optional.ofNullable(found);
  }

  /**
   * {@return whether a reused connection turned out to be closed} The server says so, or nothing,
   * where MAIL's reply belongs.
   */
  public boolean isStale() {
    return failureBeforeRecipients().filter(this::isStale).isPresent();
  }

  boolean isStale(SmtpFailure failure) {
    if (!connectionReused || failure.stage() != SmtpStage.MAIL) {
      return false;
    }
    if (failure instanceof SmtpFailure.Refused refused) {
      return refused.reply().code() == 421
          || refused
              .reply()
              .agreeingStatus()
              .filter(status -> status.toString().equals("4.4.2"))
              .isPresent();
    }
    return failure instanceof SmtpFailure.Disconnected;
  }
}
