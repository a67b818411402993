package dev.redeliver.policy;

import dev.redeliver.classify.Lane;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * What one recipient of one message has been through, the attempt just ended included. Immutable
 * and thread-safe.
 *
 * @param startedAt when the message was handed over; the deadline counts from here
 * @param attempts counted attempts so far, at least 1
 * @param failuresByLane how many counted attempts failed in each lane before this one; an absent
 *     lane is 0
 * @param staleConnection whether this attempt found a reused connection dead before any reply of
 *     its transaction
 * @param progress whether the server accepted another recipient in this attempt
 * @param reconnects tries on a fresh connection made so far because the session was desynchronised
 *     or stale
 * @param outcomeUnknown whether this attempt ended without the reply to the final dot
 * @param unknownOutcomes earlier attempts that ended like that
 */
public record AttemptHistory(
    Instant startedAt,
    int attempts,
    Map<Lane, Integer> failuresByLane,
    boolean staleConnection,
    boolean progress,
    int reconnects,
    boolean outcomeUnknown,
    int unknownOutcomes) {
  /**
   * Refuses nulls and counts below their bounds.
   *
   * @throws IllegalArgumentException if a count is below its bound
   */
  public AttemptHistory {
    Objects.requireNonNull(startedAt, "startedAt");
    failuresByLane = Map.copyOf(failuresByLane);
    requireAtLeast(1, "attempts", attempts);
    requireAtLeast(0, "reconnects", reconnects);
    requireAtLeast(0, "unknownOutcomes", unknownOutcomes);
  }

  /**
   * {@return the history of a first attempt that was refused}
   *
   * @param startedAt when the message was handed over
   */
  public static AttemptHistory first(Instant startedAt) {
    return new AttemptHistory(startedAt, 1, Map.of(), false, false, 0, false, 0);
  }

  /**
   * {@return the history of the attempt that a decision leads to, should it fail too}
   *
   * @param retry the decision that followed this history
   */
  public AttemptHistory after(Decision.Retry retry) {
    int unknown = unknownOutcomes + (outcomeUnknown ? 1 : 0);
    if (!retry.counted()) {
      return new AttemptHistory(
          startedAt, attempts, failuresByLane, false, false, reconnects + 1, false, unknown);
    }
    Map<Lane, Integer> failures = new EnumMap<>(Lane.class);
    failures.putAll(failuresByLane);
    failures.merge(retry.lane(), 1, Integer::sum);
    return new AttemptHistory(startedAt, attempts + 1, failures, false, false, 0, false, unknown);
  }

  private static void requireAtLeast(int least, String name, int value) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", but is " + value);
    }
  }

  int failuresIn(Lane lane) {
    return failuresByLane.getOrDefault(lane, 0);
  }
}
