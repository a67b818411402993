package dev.redeliver.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FakeTimeTest {
  private final FakeClock clock = new FakeClock();
  private final RecordingWaiter waiter = new RecordingWaiter(clock);

  @Test
  void clock_standsStill_untilAdvancedOrSet() {
    assertThat(clock.instant()).isEqualTo("2026-01-01T00:00:00Z");
    clock.advance(Duration.ofMinutes(5));
    assertThat(clock.instant()).isEqualTo("2026-01-01T00:05:00Z");
    assertThat(clock.elapsed()).isEqualTo(Duration.ofMinutes(5));
    clock.set(Instant.EPOCH);
    assertThat(clock.millis()).isZero();
    assertThat(clock.getZone()).isEqualTo(ZoneOffset.UTC);
  }

  @Test
  void clock_inAnotherZone_sharesTheTime() {
    Clock tokyo = clock.withZone(ZoneId.of("Asia/Tokyo"));
    clock.advance(Duration.ofHours(1));
    assertThat(tokyo.instant()).isEqualTo(clock.instant());
    assertThat(tokyo.getZone()).isEqualTo(ZoneId.of("Asia/Tokyo"));
  }

  @Test
  void advance_negative_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> clock.advance(Duration.ofSeconds(-1)))
        .withMessage("advance must not be negative, was PT-1S");
  }

  @Test
  void await_recordsAndMovesTheClock() throws InterruptedException {
    List<Instant> seen = new ArrayList<>();
    waiter.runAt(2, () -> seen.add(clock.instant()));
    waiter.await(Duration.ofSeconds(1));
    waiter.await(Duration.ofSeconds(2));
    assertThat(waiter.waits()).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
    assertThat(waiter.total()).isEqualTo(Duration.ofSeconds(3)).isEqualTo(clock.elapsed());
    assertThat(seen).containsExactly(Instant.parse("2026-01-01T00:00:03Z"));
  }

  @Test
  void interruptAt_interruptsThatWait() throws InterruptedException {
    waiter.interruptAt(2);
    waiter.await(Duration.ofSeconds(1));
    assertThatExceptionOfType(InterruptedException.class)
        .isThrownBy(() -> waiter.await(Duration.ofSeconds(2)))
        .withMessage("wait 2 was interrupted as told");
    waiter.await(Duration.ofSeconds(4));
    assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(5));
    assertThat(waiter.waits()).hasSize(3);
  }

  @Test
  void misuse_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> waiter.await(Duration.ofMillis(-1)))
        .withMessage("wait must not be negative, was PT-0.001S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> waiter.interruptAt(0))
        .withMessage("interruptAt must be at least 1, was 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> waiter.runAt(0, () -> {}))
        .withMessage("runAt must be at least 1, was 0");
    assertThat(waiter.waits()).isEmpty();
  }
}
