package dev.redeliver.delivery;

import dev.redeliver.policy.Decision;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What became of one recipient. Immutable and thread-safe.
 *
 * @param recipient the recipient
 * @param outcome where it stands
 * @param attempts counted attempts
 * @param history every attempt in order, uncounted ones too; the last entry decided, and may say
 *     why no further attempt was made
 */
public record RecipientReport(
    Recipient recipient, Outcome outcome, int attempts, List<RecipientAttempt> history) {
  /** Refuses nulls. */
  public RecipientReport {
    Objects.requireNonNull(recipient, "recipient");
    Objects.requireNonNull(outcome, "outcome");
    history = List.copyOf(history);
  }

  /** {@return the last decision; empty if the recipient was accepted} */
  public Optional<Decision> decision() {
    return history.isEmpty() ? Optional.empty() : history.get(history.size() - 1).decision();
  }

  /** {@return whether an outbox has the message for this recipient now} */
  public boolean isHandedOver() {
    return decision().orElse(null) instanceof Decision.GiveUp giveUp
        && giveUp.reason() == Decision.Reason.HANDED_OVER;
  }

  /** {@return whether it was given up for now, and can be tried later} */
  boolean isLeft() {
    return outcome == Outcome.PENDING && laterTry().isPresent();
  }

  RecipientReport handedOver(String id) {
    if (!isLeft() || !(decision().orElse(null) instanceof Decision.GiveUp left)) {
      return this;
    }
    RecipientAttempt last = history.get(history.size() - 1);
    Decision.GiveUp decision =
        new Decision.GiveUp(
            Decision.Reason.HANDED_OVER,
            left.lane(),
            left.laterTry(),
            "the outbox has it as " + id);
    List<RecipientAttempt> changed = new ArrayList<>(history);
    changed.set(
        history.size() - 1,
        new RecipientAttempt(
            last.recipient(),
            last.attempt(),
            last.at(),
            last.result(),
            last.classification(),
            Optional.of(decision)));
    return new RecipientReport(recipient, outcome, attempts, changed);
  }

  /** {@return when a later try would be right; empty unless the recipient was deferred} */
  public Optional<Instant> laterTry() {
    return decision()
        .filter(Decision.GiveUp.class::isInstance)
        .flatMap(decision -> ((Decision.GiveUp) decision).laterTry());
  }

  /**
   * {@return how many attempts ended without the answer to the content} Each may have given the
   * recipient one copy more than the report says.
   */
  public int unknownAttempts() {
    return (int)
        history.stream()
            .filter(attempt -> attempt.result() instanceof RecipientResult.Unknown)
            .count();
  }

  /** {@return one line for people: address, outcome, attempts, last answer, what follows} */
  public String describe() {
    StringBuilder line = new StringBuilder();
    line.append(recipient).append(": ").append(outcome).append(", attempts ").append(attempts);
    if (!history.isEmpty()) {
      RecipientAttempt last = history.get(history.size() - 1);
      last.failure().ifPresent(failure -> line.append(", ").append(failure.describe()));
      last.decision().ifPresent(decision -> line.append(" (").append(decision.why()).append(')'));
    }
    laterTry().ifPresent(at -> line.append(", a later try would be right at ").append(at));
    return line.toString();
  }
}
