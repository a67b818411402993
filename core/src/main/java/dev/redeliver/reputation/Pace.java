package dev.redeliver.reputation;

/**
 * How many messages a minute a destination gets, and when the next one may go. All times are in ms
 * since 1970; rates in messages a minute. Reads no clock. Not thread-safe: guarded by its gate.
 *
 * <p>At first there is no limit but the ceiling. When the destination says that it is too fast, the
 * rate is halved, and nothing goes for some seconds. The first time nobody knows how fast would be
 * right: the rate rises from half of what was accepted in the last minute and doubles every {@value
 * #DOUBLING} ms, until the next refusal. From then on it grows much as TCP's window does with CUBIC
 * (RFC 9438): within a minute back to just below what was refused, or to what passed if that was
 * far less; slowly on to what was refused; then beyond, ever less carefully. An hour without a
 * refusal ends the limit.
 */
final class Pace {
  static final double SLOWEST = 0.2;
  static final double RISE_FROM = 10;

  private static final long MINUTE = 60_000;
  private static final long DOUBLING = 15_000;

  /** After a pause there is no hurry: who has just blamed us looks closely. */
  private static final long GENTLE_DOUBLING = 60_000;

  private static final int MOST_DOUBLINGS = 12;
  private static final long COOL_DOWN = 5_000;
  private static final long LONGEST_COOL_DOWN = 300_000;
  private static final double BELOW = 0.97;

  /** A return to the old rate takes a minute, but at least the time of so many messages. */
  private static final double MESSAGES_TO_RETURN = 5;

  /** So many times as long as the return lasts until the refused rate is tried again. */
  private static final double CLIMB = 7;

  /** In minutes; what passed in less time tells nothing. */
  private static final double SHORTEST_COUNT = 0.5;

  private static final long FORGET = 60;

  private final double ceiling;
  private Mode mode = Mode.FREE;
  private double base = Double.POSITIVE_INFINITY;
  private double bound = Double.NaN;
  private double before = Double.NaN;
  private long since;
  private long doubling = DOUBLING;
  private long cutAt = Long.MIN_VALUE;
  private double nextAt = Long.MIN_VALUE;
  private int refusals;
  private long minute;
  private int thisMinute;
  private int lastMinute;
  private int sinceCut;
  private double capRate = Double.POSITIVE_INFINITY;
  private long capUntil = Long.MIN_VALUE;

  /** How the rate follows from the time since the last cut. */
  private enum Mode {
    FREE,
    RISING,
    RETURNING
  }

  Pace(double ceiling) {
    this.ceiling = ceiling;
  }

  /** {@return messages a minute; infinite if there is no limit} */
  double rate(long now) {
    double rate = Math.min(unbounded(now), ceiling);
    return now < capUntil ? Math.min(rate, capRate) : rate;
  }

  private double unbounded(long now) {
    return switch (mode) {
      case FREE -> Double.POSITIVE_INFINITY;
      case RISING -> rising(now);
      case RETURNING -> returning(now);
    };
  }

  private double rising(long now) {
    double doublings = Math.max(0, now - since) / (double) doubling;
    double rate = base * Math.pow(2, doublings);
    if (!Double.isNaN(bound)) {
      // Where the limit was before, the climb ends; the old curve goes on from there.
      return Math.min(rate, before);
    }
    return doublings > MOST_DOUBLINGS ? Double.POSITIVE_INFINITY : rate;
  }

  private double returning(long now) {
    double back = returnMillis();
    double time = Math.max(0, now - since);
    if (time < back) {
      return base * (0.5 + 0.5 * time / back);
    }
    double climb = (time - back) / (back * CLIMB);
    if (climb < 1) {
      return base + (bound - base) * climb;
    }
    double beyond = climb - 1;
    return time > back * FORGET ? Double.POSITIVE_INFINITY : bound * (1 + beyond * beyond * beyond);
  }

  /** Lets the curve go on to its next part, where time alone does not say which one it is. */
  private void settle(long now) {
    double rate = unbounded(now);
    if (mode != Mode.FREE && Double.isInfinite(rate)) {
      mode = Mode.FREE;
    } else if (mode == Mode.RISING && !Double.isNaN(bound) && rate >= before) {
      mode = Mode.RETURNING;
      base = before;
      since = now - returnMillis();
    }
  }

  /** {@return whether there is no limit but the ceiling} */
  boolean isFree(long now) {
    return now >= capUntil && Double.isInfinite(unbounded(now));
  }

  /** {@return when the next message may go; in the past if at once} */
  long nextAt() {
    return (long) nextAt;
  }

  /**
   * Notes that a message goes. What was not used in the last second may be made up for.
   *
   * @return what to {@linkplain #giveBack give back} if it does not go after all
   */
  Turn take(long now) {
    settle(now);
    double before = nextAt;
    double rate = rate(now);
    if (Double.isFinite(rate)) {
      double interval = interval(rate, now);
      nextAt = Math.max(nextAt, now - Math.max(0, 1000 - interval)) + interval;
    }
    return new Turn(before, nextAt);
  }

  /** One message's turn: when the next was before it, and after it. */
  record Turn(double before, double after) {}

  /** Undoes a turn, unless there was another one since. */
  void giveBack(Turn turn) {
    if (nextAt == turn.after()) {
      nextAt = turn.before();
    }
  }

  /**
   * {@return ms until one more message fits} While the rate doubles, that is sooner than it says.
   */
  private double interval(double rate, long now) {
    double steady = MINUTE / rate;
    if (mode != Mode.RISING || rate < unbounded(now)) {
      return steady;
    }
    double doublings = Math.log(1 + Math.log(2) * steady / doubling) / Math.log(2);
    return Math.max(doublings * doubling, MINUTE / ceiling);
  }

  /**
   * Notes that a message was accepted; only one that began after the last cut ends the refusals.
   */
  void accepted(long begun, long now) {
    if (begun > cutAt) {
      refusals = 0;
    }
    roll(now);
    thisMinute++;
    sinceCut++;
  }

  private void roll(long now) {
    long current = Math.floorDiv(now, MINUTE);
    if (current != minute) {
      lastMinute = current == minute + 1 ? thisMinute : 0;
      thisMinute = 0;
      minute = current;
    }
  }

  private double acceptedInAMinute(long now) {
    roll(now);
    double share = 1 - Math.floorMod(now, MINUTE) / (double) MINUTE;
    return thisMinute + share * lastMinute;
  }

  /**
   * Notes that it was too fast.
   *
   * @param begun when the refused attempt began: one that was under way at the last cut tells
   *     nothing new
   * @return whether that changed anything
   */
  boolean tooFast(long begun, long now) {
    if (begun <= cutAt) {
      return false;
    }
    settle(now);
    if (refusals == 0) {
      cut(now);
    }
    long coolDown = Math.min(LONGEST_COOL_DOWN, COOL_DOWN << Math.min(refusals, 10));
    refusals++;
    cutAt = now;
    nextAt = Math.max(nextAt, (double) (now + coolDown));
    // The way back begins when mail does.
    since = (long) nextAt;
    return true;
  }

  private void cut(long now) {
    double rate = rate(now);
    if (mode == Mode.FREE) {
      mode = Mode.RISING;
      doubling = DOUBLING;
      base = Math.max(SLOWEST, Math.min(rate, acceptedInAMinute(now)) / 2);
      bound = Double.NaN;
    } else {
      base = Math.max(SLOWEST, BELOW * (isBack(now) ? rate : passed(rate, now)));
      bound = Math.max(base, rate);
      mode = Mode.RETURNING;
    }
    sinceCut = 0;
  }

  /**
   * Whether the rate has been about the same for a while: before, a limit that counts over some
   * time lets more pass than it will.
   */
  private boolean isBack(long now) {
    return mode == Mode.RETURNING && now - since > 2 * returnMillis();
  }

  /** {@return what was accepted a minute since the last cut, within reason} */
  private double passed(double rate, long now) {
    double minutes = Math.max(SHORTEST_COUNT, (now - since) / (double) MINUTE);
    return Math.min(rate, Math.max(rate / 4, sinceCut / minutes));
  }

  private long returnMillis() {
    return Math.round(Math.max(1, MESSAGES_TO_RETURN / base) * MINUTE);
  }

  /** Begins gently after a pause. */
  void rise(long now) {
    settle(now);
    if (mode == Mode.RETURNING) {
      before = base;
    } else if (mode == Mode.FREE) {
      bound = Double.NaN;
    }
    boolean known = !Double.isNaN(bound);
    mode = Mode.RISING;
    doubling = GENTLE_DOUBLING;
    base = known ? Math.min(RISE_FROM, Math.max(SLOWEST, before / 2)) : RISE_FROM;
    since = now;
    sinceCut = 0;
    refusals = 0;
  }

  /** Holds the rate down for a time. */
  void cap(double rate, long until) {
    capRate = rate;
    capUntil = until;
  }
}
