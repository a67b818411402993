package dev.redeliver.metrics;

import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.delivery.SenderStatus;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter.MeterProvider;
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
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/**
 * The meters of the asynchronous senders of one mailer in one registry, there once a sender is.
 * Thread-safe.
 *
 * <p>A relay is named by its place in the sender's list: hosts are no tags.
 */
final class SenderMeters {
  private static final String RELAY = "relay";
  private static final String STATE = "state";
  private static final String REASON = "reason";
  private static final List<String> END_REASONS =
      List.of("messages", "age", "idle", "broken", "closed");
  private static final List<String> REJECTIONS =
      List.of("full", "closed", "interrupted", "invalid");
  private static final String OTHER = "other";

  /** As with alerts: the registry keeps the gauge that came first, which must see all senders. */
  private static final Map<MeterRegistry, Map<String, Set<Supplier<SenderStatus>>>> SENDERS =
      new WeakHashMap<>();

  private final MeterRegistry registry;
  private final Tags mailer;
  private final Clock clock;
  private final Set<Supplier<SenderStatus>> senders;
  private final MeterProvider<Counter> opened;
  private final MeterProvider<Counter> closed;
  private final MeterProvider<Counter> rejections;

  SenderMeters(MeterRegistry registry, String mailer) {
    this.registry = registry;
    this.mailer = Tags.of("mailer", mailer);
    clock = registry.config().clock();
    synchronized (SENDERS) {
      senders =
          SENDERS
              .computeIfAbsent(registry, unused -> new HashMap<>())
              .computeIfAbsent(mailer, unused -> ConcurrentHashMap.newKeySet());
    }
    opened = counter("connections.opened", "Connections opened by senders.");
    closed = counter("connections.closed", "Connections of senders that were closed, by reason.");
    rejections = counter("handover.rejections", "Messages that a sender did not accept.");
  }

  private MeterProvider<Counter> counter(String name, String description) {
    return Counter.builder("redeliver." + name)
        .description(description)
        .tags(mailer)
        .withRegistry(registry);
  }

  void opened(Supplier<SenderStatus> sender) {
    senders.add(sender);
    for (String reason : REJECTIONS) {
      rejections.withTags(REASON, reason);
    }
    backlog("ready", SenderStatus::ready);
    backlog("sending", SenderStatus::sending);
    backlog("waiting", SenderStatus::waiting);
    oldest();
    sender.get().relays().forEach(relay -> register(place(relay)));
  }

  void closed(Supplier<SenderStatus> sender) {
    senders.remove(sender);
  }

  private void backlog(String state, ToIntFunction<SenderStatus> count) {
    gauge(
        "redeliver.backlog.messages",
        "Messages in the hands of senders: ready to be sent, in an attempt, waiting for a retry.",
        mailer.and(STATE, state),
        count);
  }

  private void oldest() {
    String name = "redeliver.backlog.oldest.age";
    if (isNew(name, mailer)) {
      TimeGauge.builder(name, this::oldestAge, TimeUnit.MILLISECONDS)
          .description("How long ago the oldest message in the hands of senders was handed over.")
          .tags(mailer)
          .register(registry);
    }
  }

  /** {@return the age in ms; 0 if there is no message} */
  private long oldestAge() {
    Instant now = Instant.ofEpochMilli(clock.wallTime());
    return senders.stream()
        .map(sender -> sender.get().oldest())
        .flatMap(Optional::stream)
        .min(Comparator.naturalOrder())
        .map(oldest -> Meters.bounded(Duration.between(now, oldest).negated()).toMillis())
        .orElse(0L);
  }

  private void register(String place) {
    opened.withTags(RELAY, place);
    END_REASONS.forEach(reason -> closed.withTags(RELAY, place, REASON, reason));
    connections(place, "busy", RelayStatus::busy);
    connections(place, "idle", RelayStatus::idle);
    for (RelayStatus.State state : RelayStatus.State.values()) {
      gauge(
          "redeliver.relay.state",
          "1 for the state that the relay is in, else 0; the number of senders if there are more.",
          mailer.and(RELAY, place, STATE, state.token()),
          sum(place, relay -> relay.state() == state ? 1 : 0));
    }
  }

  private void connections(String place, String state, ToIntFunction<RelayStatus> count) {
    gauge(
        "redeliver.connections",
        "Connections of senders: in use or being opened, and idle.",
        mailer.and(RELAY, place, STATE, state),
        sum(place, count));
  }

  private static ToIntFunction<SenderStatus> sum(String place, ToIntFunction<RelayStatus> count) {
    return status ->
        status.relays().stream().filter(relay -> place(relay).equals(place)).mapToInt(count).sum();
  }

  /** Micrometer warns about a gauge that is registered again, although it is the same. */
  private boolean isNew(String gauge, Tags tags) {
    return registry.find(gauge).tags(tags).meters().isEmpty();
  }

  private void gauge(
      String name, String description, Tags tags, ToIntFunction<SenderStatus> count) {
    if (isNew(name, tags)) {
      Gauge.builder(
              name, senders, all -> all.stream().mapToInt(s -> count.applyAsInt(s.get())).sum())
          .description(description)
          .tags(tags)
          .strongReference(true)
          .register(registry);
    }
  }

  void connectionOpened(RelayStatus relay) {
    opened.withTags(RELAY, place(relay)).increment();
  }

  void connectionClosed(RelayStatus relay, String reason) {
    closed
        .withTags(RELAY, place(relay), REASON, END_REASONS.contains(reason) ? reason : OTHER)
        .increment();
  }

  void rejected(String reason) {
    rejections.withTags(REASON, REJECTIONS.contains(reason) ? reason : OTHER).increment();
  }

  private static String place(RelayStatus relay) {
    return Integer.toString(relay.place());
  }
}
