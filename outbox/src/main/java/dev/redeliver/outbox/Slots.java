package dev.redeliver.outbox;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Which of its destination's queues a message goes to. To look after a queue costs as much as to
 * send some messages, so a few that come one after the other go to the same one; many are spread
 * over all of them, as each is sent by another connection. Thread-safe.
 */
final class Slots {
  /** Messages in a row that go to the same queue. */
  static final int TOGETHER = 16;

  /** After that time without a message, the next one goes to the next queue. */
  static final Duration PAUSE = Duration.ofMinutes(1);

  /** Destinations that are remembered. */
  static final int MOST = 10_000;

  private final int perDestination;
  private final RandomGenerator random;

  /** By destination and priority, those that got a message last at the end. */
  private final Map<String, Row> recent = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Makes one.
   *
   * @param random where a destination begins: not all processes may begin with the same queue
   */
  Slots(int perDestination, RandomGenerator random) {
    this.perDestination = perDestination;
    this.random = random;
  }

  /**
   * Where a destination is.
   *
   * @param place which of all messages that go around all queues came last, from 0
   * @param last when that was
   */
  private record Row(int place, Instant last) {}

  /**
   * {@return the queue's number for one more message, from 0}
   *
   * @param first the destination's first queue
   */
  synchronized int next(QueueName first, Instant now) {
    Row known = recent.get(first.id());
    int place = known == null ? random.nextInt(perDestination) * TOGETHER : place(known, now);
    recent.put(first.id(), new Row(place % (TOGETHER * perDestination), now));
    if (recent.size() > MOST) {
      recent.remove(recent.keySet().iterator().next());
    }
    return place / TOGETHER % perDestination;
  }

  private static int place(Row known, Instant now) {
    boolean inARow = !known.last.plus(PAUSE).isBefore(now);
    return inARow ? known.place + 1 : (known.place / TOGETHER + 1) * TOGETHER;
  }
}
