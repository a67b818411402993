package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.delivery.SenderStatus;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SenderMetersTest {
  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final RetryPolicy policy =
      RetryPolicy.builder(Profile.BACKGROUND).name("newsletter").build();
  private final RedeliverMetrics metrics = RedeliverMetrics.boundTo(registry, policy);
  private SenderStatus status =
      new SenderStatus(
          3,
          2,
          1,
          Optional.empty(),
          List.of(relay(1, RelayStatus.State.UP), relay(2, RelayStatus.State.DOWN)));
  private final Supplier<SenderStatus> sender =
      new Supplier<>() {
        @Override
        public SenderStatus get() {
          return status;
        }
      };

  private static RelayStatus relay(int place, RelayStatus.State state) {
    return new RelayStatus(
        place, "mx.example.org", state, 2 * place, place, Optional.empty(), Optional.empty());
  }

  private double gauge(String name, String... tags) {
    return registry.get(name).tag("mailer", "newsletter").tags(tags).gauge().value();
  }

  private double count(String name, String... tags) {
    return registry.get(name).tag("mailer", "newsletter").tags(tags).counter().count();
  }

  @Test
  void noSender_noMeters() {
    assertThat(registry.find("redeliver.backlog.messages").meters()).isEmpty();
    assertThat(registry.find("redeliver.connections.opened").meters()).isEmpty();
    assertThat(registry.find("redeliver.handover.rejections").meters()).isEmpty();
  }

  @Test
  void gauges_showTheStatusOfTheMoment() {
    metrics.senderOpened(sender);

    assertThat(gauge("redeliver.backlog.messages", "state", "ready")).isEqualTo(3);
    assertThat(gauge("redeliver.backlog.messages", "state", "sending")).isEqualTo(2);
    assertThat(gauge("redeliver.backlog.messages", "state", "waiting")).isEqualTo(1);
    assertThat(gauge("redeliver.connections", "relay", "2", "state", "busy")).isEqualTo(4);
    assertThat(gauge("redeliver.connections", "relay", "2", "state", "idle")).isEqualTo(2);
    assertThat(gauge("redeliver.relay.state", "relay", "1", "state", "up")).isEqualTo(1);
    assertThat(gauge("redeliver.relay.state", "relay", "1", "state", "down")).isZero();
    assertThat(gauge("redeliver.relay.state", "relay", "2", "state", "down")).isEqualTo(1);

    status = new SenderStatus(0, 0, 0, Optional.empty(), List.of(relay(1, RelayStatus.State.HELD)));
    assertThat(gauge("redeliver.backlog.messages", "state", "ready")).isZero();
    assertThat(gauge("redeliver.relay.state", "relay", "1", "state", "held")).isEqualTo(1);
  }

  @Test
  void senders_ofOneName_addUpUntilTheyClose() {
    metrics.senderOpened(sender);
    RedeliverMetrics other = RedeliverMetrics.boundTo(registry, policy);
    Supplier<SenderStatus> second = () -> new SenderStatus(10, 0, 0, Optional.empty(), List.of());
    other.senderOpened(second);
    assertThat(gauge("redeliver.backlog.messages", "state", "ready")).isEqualTo(13);

    metrics.senderClosed(sender);
    assertThat(gauge("redeliver.backlog.messages", "state", "ready")).isEqualTo(10);
    other.senderClosed(second);
    assertThat(gauge("redeliver.backlog.messages", "state", "ready")).isZero();
  }

  @Test
  void oldestAge_isThatOfTheOldestMessageOfAllSenders() {
    MockClock clock = new MockClock();
    MeterRegistry timed = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
    RedeliverMetrics other = RedeliverMetrics.boundTo(timed, policy);
    Instant now = Instant.ofEpochMilli(clock.wallTime());
    List<Supplier<SenderStatus>> all =
        List.of(waiting(Optional.of(now)), waiting(Optional.of(now.minusSeconds(60))));
    other.senderOpened(waiting(Optional.empty()));
    assertThat(oldestAge(timed)).isZero();

    all.forEach(other::senderOpened);
    clock.add(Duration.ofMinutes(4));
    assertThat(oldestAge(timed)).isEqualTo(300);

    other.senderClosed(all.get(1));
    assertThat(oldestAge(timed)).isEqualTo(240);
  }

  @Test
  void oldestAge_ofAClockThatWasSet_isNotNegative() {
    MeterRegistry timed = new SimpleMeterRegistry(SimpleConfig.DEFAULT, new MockClock());
    RedeliverMetrics.boundTo(timed, policy).senderOpened(waiting(Optional.of(Instant.MAX)));

    assertThat(oldestAge(timed)).isZero();
  }

  private static Supplier<SenderStatus> waiting(Optional<Instant> oldest) {
    return () -> new SenderStatus(0, 0, 1, oldest, List.of());
  }

  private static double oldestAge(MeterRegistry registry) {
    return registry.get("redeliver.backlog.oldest.age").timeGauge().value(TimeUnit.SECONDS);
  }

  @Test
  void boundLater_showsTheSenderToo() {
    RedeliverMetrics unbound = new RedeliverMetrics(policy);
    unbound.senderOpened(sender);
    unbound.bindTo(registry);

    assertThat(gauge("redeliver.backlog.messages", "state", "ready")).isEqualTo(3);
  }

  @Test
  void counters_areThereAtZeroAndCount() {
    metrics.senderOpened(sender);
    assertThat(count("redeliver.connections.opened", "relay", "1")).isZero();
    assertThat(count("redeliver.connections.closed", "relay", "2", "reason", "broken")).isZero();
    assertThat(count("redeliver.handover.rejections", "reason", "full")).isZero();

    metrics.connectionOpened(status.relays().get(0));
    metrics.connectionClosed(status.relays().get(1), "broken");
    metrics.handoverRejected("full");

    assertThat(count("redeliver.connections.opened", "relay", "1")).isEqualTo(1);
    assertThat(count("redeliver.connections.closed", "relay", "2", "reason", "broken"))
        .isEqualTo(1);
    assertThat(count("redeliver.handover.rejections", "reason", "full")).isEqualTo(1);
  }

  @Test
  void reasons_nobodyKnows_areOneTag() {
    metrics.senderOpened(sender);
    metrics.handoverRejected("mx.example.org said so");
    metrics.connectionClosed(status.relays().get(0), "bob@example.org");

    assertThat(count("redeliver.handover.rejections", "reason", "other")).isEqualTo(1);
    assertThat(
            registry.getMeters().stream()
                .map(Meter::getId)
                .map(String::valueOf)
                .collect(Collectors.joining()))
        .doesNotContain("example.org");
  }
}
