package dev.redeliver.examples;

import dev.redeliver.classify.Classification;
import dev.redeliver.policy.AttemptHistory;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.RetryPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a policy does about a failure that keeps coming back, from the hand-over to the end. Delays
 * are without jitter, so they are the longest ones.
 *
 * @param tries the further tries, in order
 * @param end the decision that ends the delivery
 * @param endsAt when that is, from the hand-over
 * @param laterTry when a try after the end would be right, from the hand-over
 * @param complete whether all tries are listed
 */
record Outlook(
    List<Try> tries, Decision end, Duration endsAt, Optional<Duration> laterTry, boolean complete) {
  /** More than anybody reads; a policy may well allow a try each second for a month. */
  static final int MOST_TRIES = 1000;

  /**
   * One further try.
   *
   * @param number the number of the attempt it is, the first being 1
   * @param delay the pause before it
   * @param elapsed when it is, from the hand-over
   */
  record Try(int number, Duration delay, Duration elapsed) {}

  static Outlook of(RetryPolicy policy, Classification failure) {
    return of(policy, failure, Instant.EPOCH);
  }

  /**
   * {@return the outlook of a failure}
   *
   * @param start when the message is handed over; a time of day that a server names needs it
   */
  static Outlook of(RetryPolicy policy, Classification failure, Instant start) {
    List<Try> tries = new ArrayList<>();
    Instant now = start;
    AttemptHistory history = AttemptHistory.first(start);
    Decision decision = policy.decide(failure, history, now, 0);
    while (decision instanceof Decision.Retry retry && tries.size() < MOST_TRIES) {
      now = now.plus(retry.delay());
      history = history.after(retry);
      tries.add(new Try(history.attempts(), retry.delay(), Duration.between(start, now)));
      decision = policy.decide(failure, history, now, 0);
    }
    boolean complete = !(decision instanceof Decision.Retry);
    Optional<Duration> later =
        decision instanceof Decision.GiveUp giveUp
            ? giveUp.laterTry().map(at -> Duration.between(start, at))
            : Optional.empty();
    return new Outlook(List.copyOf(tries), decision, Duration.between(start, now), later, complete);
  }
}
