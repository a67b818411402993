package dev.redeliver.outbox;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which of its destination's queues a message goes to. To look after a queue costs as much as to
 * send some messages, so a few that come one after the other go to the same one; many are spread
 * over all of them, as each is sent by another connection. Thread-safe.
 */
final class Slots {
  /** Messages in a row that go to the same queue. */
  static final int TOGETHER = 16;

  /** After that time without a message, a destination begins with its first queue again. */
  static final Duration PAUSE = Duration.ofMinutes(1);

  /** Destinations that are remembered. */
  static final int MOST = 10_000;

  private final int perDestination;

  /** By destination and priority, those that got a message last at the end. */
  private final Map<String, Row> recent = new LinkedHashMap<>(16, 0.75f, true);

  Slots(int perDestination) {
    this.perDestination = perDestination;
  }

  /**
   * Messages in a row.
   *
   * @param before how many there were before the last
   * @param last when it came
   */
  private record Row(int before, Instant last) {}

  /**
   * {@return the queue's number for one more message, from 0}
   *
   * @param first the destination's first queue
   */
  synchronized int next(QueueName first, Instant now) {
    Row row =
        recent.compute(
            first.id(),
            (name, known) ->
                known == null || known.last.plus(PAUSE).isBefore(now)
                    ? new Row(0, now)
                    : new Row((known.before + 1) % (TOGETHER * perDestination), now));
    if (recent.size() > MOST) {
      recent.remove(recent.keySet().iterator().next());
    }
    return row.before / TOGETHER;
  }
}
