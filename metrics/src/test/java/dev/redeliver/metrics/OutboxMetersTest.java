package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class OutboxMetersTest {
  private final MockClock clock = new MockClock();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
  private final RetryPolicy policy =
      RetryPolicy.builder(Profile.RFC5321).name("newsletter").build();
  private final RedeliverMetrics metrics = RedeliverMetrics.boundTo(registry, policy);
  private OutboxStatus status = new OutboxStatus(Map.of(), Optional.empty(), Optional.empty());
  private final Supplier<OutboxStatus> outbox =
      new Supplier<>() {
        @Override
        public OutboxStatus get() {
          return status;
        }
      };

  private double gauge(String name, String... tags) {
    return registry.get(name).tag("mailer", "newsletter").tags(tags).gauge().value();
  }

  @Test
  void noOutbox_noMeters() {
    assertThat(registry.find("redeliver.outbox.recipients").meters()).isEmpty();
  }

  @Test
  void empty_isZero() {
    metrics.outboxOpened(outbox);
    assertThat(gauge("redeliver.outbox.recipients", "state", "held")).isZero();
    assertThat(gauge("redeliver.outbox.oldest.age")).isZero();
    assertThat(gauge("redeliver.outbox.lag")).isZero();
  }

  @Test
  void gauges_showWhatWasSeenLast() {
    metrics.outboxOpened(outbox);
    Instant now = Instant.ofEpochMilli(clock.wallTime());
    status =
        new OutboxStatus(
            Map.of("new", 7L, "deferred", 3L),
            Optional.of(now.minus(Duration.ofHours(1))),
            Optional.of(now.minus(Duration.ofSeconds(90))));

    assertThat(gauge("redeliver.outbox.recipients", "state", "new")).isEqualTo(7);
    assertThat(gauge("redeliver.outbox.recipients", "state", "deferred")).isEqualTo(3);
    assertThat(gauge("redeliver.outbox.recipients", "state", "transmitting")).isZero();
    assertThat(registry.get("redeliver.outbox.oldest.age").timeGauge().value(TimeUnit.MINUTES))
        .isEqualTo(60);
    assertThat(registry.get("redeliver.outbox.lag").timeGauge().value(TimeUnit.SECONDS))
        .isEqualTo(90);

    metrics.outboxClosed(outbox);
    assertThat(gauge("redeliver.outbox.recipients", "state", "new")).isZero();
  }

  @Test
  void boundLater_outboxIsThere() {
    metrics.outboxOpened(outbox);
    SimpleMeterRegistry later = new SimpleMeterRegistry();
    metrics.bindTo(later);
    assertThat(later.find("redeliver.outbox.recipients").meters()).hasSize(4);
  }
}
