package dev.redeliver.delivery;

import dev.redeliver.classify.Lane;
import dev.redeliver.policy.Decision;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Where one recipient stands between two attempts: all that the next decision depends on. Immutable
 * and thread-safe.
 *
 * @param outcome where it stands
 * @param nextTry when the next attempt is due; empty if there is none
 * @param nextCounts whether the next attempt counts; a reconnect, or the rest of a split recipient
 *     list, does not
 * @param attempts counted attempts so far, not negative
 * @param failuresByLane how many of them failed in each lane; an absent lane is 0
 * @param reconnects tries on a fresh connection made within the present attempt, not negative
 * @param unknownOutcomes attempts that ended without the answer to the content, not negative
 */
public record RecipientState(
    Outcome outcome,
    Optional<Instant> nextTry,
    boolean nextCounts,
    int attempts,
    Map<Lane, Integer> failuresByLane,
    int reconnects,
    int unknownOutcomes) {
  /**
   * Refuses nulls, negative counts, and a next try where there is nothing left to try.
   *
   * @throws IllegalArgumentException if a count is negative, or an outcome is final and a next try
   *     is planned
   */
  public RecipientState {
    Objects.requireNonNull(outcome, "outcome");
    Objects.requireNonNull(nextTry, "nextTry");
    failuresByLane = Map.copyOf(failuresByLane);
    requireNotNegative("attempts", attempts);
    requireNotNegative("reconnects", reconnects);
    requireNotNegative("unknownOutcomes", unknownOutcomes);
    if (outcome != Outcome.PENDING && nextTry.isPresent()) {
      throw new IllegalArgumentException(
          "a recipient whose outcome is " + outcome + " has no next try, but is given one");
    }
  }

  private static void requireNotNegative(String name, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " must not be negative, but is " + value);
    }
  }

  /**
   * {@return the state before the first attempt}
   *
   * @param due when that is to be made
   */
  public static RecipientState first(Instant due) {
    return new RecipientState(Outcome.PENDING, Optional.of(due), true, 0, Map.of(), 0, 0);
  }

  /** The attempt after which it was given up has failed in its lane, as all before. */
  static RecipientState leftBy(RecipientReport report) {
    Map<Lane, Integer> failures = new EnumMap<>(Lane.class);
    for (RecipientAttempt attempt : report.history()) {
      Decision decision = attempt.decision().orElse(null);
      if (decision instanceof Decision.Retry retry && retry.counted()) {
        failures.merge(retry.lane(), 1, Integer::sum);
      } else if (decision instanceof Decision.GiveUp end && attempt.attempt() > 0) {
        failures.merge(end.lane(), 1, Integer::sum);
      }
    }
    return new RecipientState(
        Outcome.PENDING,
        report.laterTry(),
        true,
        report.attempts(),
        failures,
        0,
        report.unknownAttempts());
  }
}
