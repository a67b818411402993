package dev.redeliver.policy;

import dev.redeliver.classify.Lane;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * What to do with a recipient after an attempt that did not deliver. Immutable and thread-safe.
 *
 * <p>{@link #why()} is a sentence for people and not meant to be parsed.
 */
public sealed interface Decision {
  /** {@return the reason, for people} */
  String why();

  /**
   * Try again.
   *
   * @param lane the schedule that gave the delay
   * @param delay how long to wait, from the end of the failed attempt; not negative
   * @param counted whether the next try counts as an attempt; a reconnect or the rest of a split
   *     recipient list does not
   * @param why the reason
   */
  record Retry(Lane lane, Duration delay, boolean counted, String why) implements Decision {
    /** Refuses nulls and negative delays. */
    public Retry {
      Objects.requireNonNull(lane, "lane");
      Objects.requireNonNull(why, "why");
      if (delay.isNegative()) {
        throw new IllegalArgumentException("delay must not be negative, but is " + delay);
      }
    }
  }

  /**
   * The refusal is permanent; never send it again unchanged.
   *
   * @param why the reason
   */
  record Fail(String why) implements Decision {
    /** Refuses nulls. */
    public Fail {
      Objects.requireNonNull(why, "why");
    }
  }

  /**
   * This delivery stops here, although the refusal was not permanent.
   *
   * @param reason what is spent
   * @param lane the schedule that a later try would follow
   * @param laterTry when a later try would be right; empty if the recipient must not be sent to
   *     again without a person's decision
   * @param why the reason
   */
  record GiveUp(Reason reason, Lane lane, Optional<Instant> laterTry, String why)
      implements Decision {
    /** Refuses nulls. */
    public GiveUp {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(lane, "lane");
      Objects.requireNonNull(laterTry, "laterTry");
      Objects.requireNonNull(why, "why");
    }
  }

  /**
   * Our own set-up is at fault. The message is kept and says nothing about its recipients.
   *
   * @param why what to fix
   */
  record Hold(String why) implements Decision {
    /** Refuses nulls. */
    public Hold {
      Objects.requireNonNull(why, "why");
    }
  }

  /** Why a delivery stopped without a permanent refusal. */
  enum Reason {
    /** All attempts are used up. */
    ATTEMPTS,
    /** The next try would come after the deadline. */
    DEADLINE,
    /** The lane's delay is too long to wait for in process. */
    DEFERRED,
    /** The outcome is unknown and may not be tried again. */
    UNKNOWN_OUTCOME,
    /** The waiting thread was interrupted, or the sender was closed. */
    INTERRUPTED,
    /** An outbox has the message now, and goes on. */
    HANDED_OVER
  }
}
