package dev.redeliver.metrics;

import dev.redeliver.delivery.OutboxStatus;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The meters of the outboxes of one mailer in one registry, there once an outbox is. Thread-safe.
 */
final class OutboxMeters {
  private static final List<String> STATES = List.of("new", "deferred", "held", "transmitting");

  /** As with senders: the registry keeps the gauge that came first, which must see all outboxes. */
  private static final Map<MeterRegistry, Map<String, Set<Supplier<OutboxStatus>>>> OUTBOXES =
      new WeakHashMap<>();

  private final MeterRegistry registry;
  private final Tags mailer;
  private final Clock clock;
  private final Set<Supplier<OutboxStatus>> outboxes;

  OutboxMeters(MeterRegistry registry, String mailer) {
    this.registry = registry;
    this.mailer = Tags.of("mailer", mailer);
    clock = registry.config().clock();
    synchronized (OUTBOXES) {
      outboxes =
          OUTBOXES
              .computeIfAbsent(registry, unused -> new HashMap<>())
              .computeIfAbsent(mailer, unused -> ConcurrentHashMap.newKeySet());
    }
  }

  void opened(Supplier<OutboxStatus> outbox) {
    outboxes.add(outbox);
    STATES.forEach(this::recipients);
    age(
        "redeliver.outbox.oldest.age",
        "How long ago the oldest message without an end in the outbox was handed over.",
        OutboxStatus::oldest);
    age(
        "redeliver.outbox.lag",
        "How long the queue of the outbox that is due longest has waited for a process.",
        OutboxStatus::overdueSince);
  }

  void closed(Supplier<OutboxStatus> outbox) {
    outboxes.remove(outbox);
  }

  private void recipients(String state) {
    String name = "redeliver.outbox.recipients";
    Tags tags = mailer.and("state", state);
    if (isNew(name, tags)) {
      Gauge.builder(
              name, outboxes, all -> all.stream().mapToLong(each -> count(each.get(), state)).sum())
          .description("Recipients in the outbox without a final outcome.")
          .tags(tags)
          .strongReference(true)
          .register(registry);
    }
  }

  private static long count(OutboxStatus status, String state) {
    return status.recipients().getOrDefault(state, 0L);
  }

  private void age(
      String name, String description, Function<OutboxStatus, Optional<Instant>> since) {
    if (isNew(name, mailer)) {
      TimeGauge.builder(name, () -> millisSince(since), TimeUnit.MILLISECONDS)
          .description(description)
          .tags(mailer)
          .register(registry);
    }
  }

  /** {@return 0 if nothing waits} */
  private long millisSince(Function<OutboxStatus, Optional<Instant>> since) {
    Instant now = Instant.ofEpochMilli(clock.wallTime());
    return outboxes.stream()
        .map(outbox -> since.apply(outbox.get()))
        .flatMap(Optional::stream)
        .min(Comparator.naturalOrder())
        .map(time -> Meters.bounded(Duration.between(time, now)).toMillis())
        .orElse(0L);
  }

  /** Micrometer warns about a gauge that is registered again, although it is the same. */
  private boolean isNew(String gauge, Tags tags) {
    return registry.find(gauge).tags(tags).meters().isEmpty();
  }
}
