package dev.redeliver.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.reputation.Destination;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SlotsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final QueueName MAIL = queue(Priority.NORMAL, "example.org");

  private final Slots slots = new Slots(4, () -> 0);

  private static QueueName queue(Priority priority, String domain) {
    return QueueName.first(priority, Destination.ofDomain(domain));
  }

  private List<Integer> next(QueueName queue, int messages) {
    return IntStream.range(0, messages).mapToObj(i -> slots.next(queue, NOW)).distinct().toList();
  }

  @Test
  void few_goToOneQueue() {
    assertThat(next(MAIL, Slots.TOGETHER)).containsExactly(0);
  }

  @Test
  void many_areSpreadOverAll() {
    assertThat(next(MAIL, 4 * Slots.TOGETHER)).containsExactly(0, 1, 2, 3);
    assertThat(next(MAIL, 1)).containsExactly(0);
  }

  @Test
  void destinationsAndPriorities_areCountedByThemselves() {
    next(MAIL, Slots.TOGETHER);
    assertThat(slots.next(queue(Priority.URGENT, "example.org"), NOW)).isZero();
    assertThat(slots.next(queue(Priority.NORMAL, "example.net"), NOW)).isZero();
    assertThat(slots.next(MAIL, NOW)).isEqualTo(1);
  }

  @Test
  void afterAPause_nextQueue() {
    assertThat(slots.next(MAIL, NOW)).isZero();
    assertThat(slots.next(MAIL, NOW.plus(Slots.PAUSE))).isZero();
    assertThat(slots.next(MAIL, NOW.plus(Slots.PAUSE.multipliedBy(2)).plusMillis(1))).isEqualTo(1);
    assertThat(slots.next(MAIL, NOW.plus(Slots.PAUSE.multipliedBy(4)))).isEqualTo(2);
  }

  /** Many processes with one message each must not all choose the same. */
  @Test
  void beginning_isByChance() {
    Random random = new Random(1);
    assertThat(
            IntStream.range(0, 100)
                .mapToObj(process -> new Slots(4, random).next(MAIL, NOW))
                .distinct())
        .containsExactlyInAnyOrder(0, 1, 2, 3);
  }

  @Test
  void manyDestinations_thoseOfLongAgoAreForgotten() {
    next(MAIL, Slots.TOGETHER);
    QueueName later = queue(Priority.NORMAL, "later.example");
    next(later, Slots.TOGETHER);
    for (int i = 1; i < Slots.MOST; i++) {
      assertThat(slots.next(queue(Priority.NORMAL, i + ".example"), NOW)).isZero();
    }
    assertThat(slots.next(later, NOW)).isEqualTo(1);
    assertThat(slots.next(MAIL, NOW)).isZero();
  }

  @Test
  void oneQueue_isAlwaysTheSame() {
    Slots one = new Slots(1, () -> 0);
    assertThat(IntStream.range(0, 100).map(i -> one.next(MAIL, NOW)).distinct().toArray())
        .containsExactly(0);
  }
}
