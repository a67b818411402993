package dev.redeliver.jakartamail;

import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.RelayStatus.State;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpStage;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether a relay can be used, and how many connections it may have. Reads no clock. Not
 * thread-safe: guarded by the dispatcher's lock.
 *
 * <p>A relay that cannot be used is left alone for a time that grows with each failure; then one
 * probe finds out, however many messages wait. After an outage it gets one connection, and another
 * one for every {@value #ANSWERS_PER_CONNECTION} messages that it has answered.
 */
final class RelayHealth {
  static final int ANSWERS_PER_CONNECTION = 10;

  private final int most;
  private State state = State.UP;
  private int limit;
  private int failures;
  private int answers;
  private boolean probing;
  private Instant until = Instant.MIN;
  private @Nullable ConnectionFailure obstacle;

  RelayHealth(int most) {
    this.most = most;
    limit = most;
  }

  State state() {
    return state;
  }

  boolean isUsable() {
    return state.isUsable();
  }

  /**
   * {@return whether one more connection may be busy}
   *
   * @param busy how many are
   * @param open how many are open; as long as none is, one at a time is tried, so that a wrong
   *     password is not tried on all
   */
  boolean hasRoom(int busy, int open) {
    return isUsable() && busy < (open == 0 ? 1 : limit);
  }

  boolean isProbing() {
    return probing;
  }

  boolean isProbeDue(Instant now) {
    return !isUsable() && !probing && !now.isBefore(until);
  }

  /** {@return how many times in a row it could not be used, if it failed now} */
  int nextFailure() {
    return failures + 1;
  }

  Optional<ConnectionFailure> obstacle() {
    return Optional.ofNullable(obstacle);
  }

  /** {@return when it is asked again; empty if it is in use} */
  Optional<Instant> nextProbe() {
    return isUsable() ? Optional.empty() : Optional.of(until);
  }

  void probe() {
    probing = true;
  }

  /** Ends a probe that found out nothing. Changes nothing if there is none. */
  void endProbe() {
    probing = false;
  }

  /**
   * {@return what a message ends with that would have to wait for it}
   *
   * @param reason why the message does not wait
   */
  Decision end(Decision.Reason reason) {
    Decision decision = obstacle().orElseThrow().decision();
    return decision instanceof Decision.Retry retry
        ? new Decision.GiveUp(reason, retry.lane(), nextProbe(), retry.why())
        : decision;
  }

  /**
   * Stops its use. What fails while it is not used, other than the probe, began before and says
   * nothing new.
   *
   * @return whether that was news
   */
  boolean fail(ConnectionFailure why, Instant nextProbe, boolean byProbe) {
    if (!isUsable() && !byProbe) {
      return false;
    }
    failures++;
    reduce(1, why, nextProbe);
    state = stateAfter(why);
    return true;
  }

  private static State stateAfter(ConnectionFailure why) {
    if (why.decision() instanceof Decision.Hold) {
      return State.HELD;
    }
    SmtpStage stage = why.failure().stage();
    return stage.compareTo(SmtpStage.MAIL) < 0 ? State.DOWN : State.SUSPENDED;
  }

  /**
   * Makes do with the connections there are: it takes no more, but serves those.
   *
   * @return whether that was news
   */
  boolean throttle(int open, ConnectionFailure why, Instant notMoreBefore) {
    if (!isUsable()) {
      return false;
    }
    reduce(Math.min(limit, Math.max(1, open)), why, notMoreBefore);
    boolean news = state == State.UP;
    state = State.RECOVERING;
    return news;
  }

  private void reduce(int newLimit, ConnectionFailure why, Instant newUntil) {
    limit = newLimit;
    obstacle = why;
    until = newUntil;
    answers = 0;
    probing = false;
  }

  /** Begins its use again, gently: the probe could connect. */
  void reached() {
    probing = false;
    answers = 0;
    limit = 1;
    state = State.RECOVERING;
  }

  /**
   * Notes a transaction that got past MAIL.
   *
   * @return whether the relay may have all its connections again
   */
  boolean answered(Instant now) {
    failures = 0;
    if (state != State.RECOVERING || now.isBefore(until)) {
      return false;
    }
    answers++;
    if (answers >= ANSWERS_PER_CONNECTION) {
      answers = 0;
      limit++;
    }
    if (limit < most) {
      return false;
    }
    limit = most;
    state = State.UP;
    obstacle = null;
    return true;
  }
}
