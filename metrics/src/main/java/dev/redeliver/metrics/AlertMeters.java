package dev.redeliver.metrics;

import dev.redeliver.classify.Cause;
import dev.redeliver.reputation.ReputationAlert;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The meters of the reputation alerts of one mailer in one registry. Thread-safe. */
final class AlertMeters {
  private static final String PROVIDER = "provider";
  private static final String CAUSE = "cause";

  /** The causes that alert unless a user's rule makes a signal of another one. */
  private static final Set<Cause> USUAL =
      EnumSet.of(Cause.REPUTATION, Cause.AUTHENTICATION, Cause.SENDER_SUSPENDED);

  private final MeterRegistry registry;
  private final Tags mailer;
  private final Providers providers;
  private final AlertBoard board;
  private final Object source = new Object();
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private final MeterProvider<Counter> alerts;

  AlertMeters(MeterRegistry registry, String mailer, Providers providers) {
    this.registry = registry;
    this.mailer = Tags.of("mailer", mailer);
    this.providers = providers;
    board = AlertBoard.of(registry, mailer);
    alerts =
        Counter.builder("redeliver.reputation.alerts")
            .description("Reputation alerts raised, or made critical, from SMTP replies.")
            .tags(this.mailer)
            .withRegistry(registry);
  }

  /** Registers the meters of a provider that has mail, before it can have alerts. */
  void seen(String provider) {
    if (seen.add(provider)) {
      USUAL.forEach(cause -> register(provider, cause));
    }
  }

  void changed(ReputationAlert alert) {
    String provider = providers.of(alert.destination());
    seen(provider);
    if (!USUAL.contains(alert.cause())) {
      register(provider, alert.cause());
    }
    board.note(source, provider, alert);
    if (alert.state() != ReputationAlert.State.RESOLVED) {
      count(provider, alert.cause(), alert.level()).increment();
    }
  }

  /** A server blames the sender, once. */
  void signal(String server, Cause cause) {
    board.signal(source, server, cause);
  }

  private Counter count(String provider, Cause cause, ReputationAlert.Level level) {
    return alerts.withTags(PROVIDER, provider, CAUSE, cause.token(), "severity", level.token());
  }

  private void register(String provider, Cause cause) {
    for (ReputationAlert.Level level : ReputationAlert.Level.values()) {
      count(provider, cause, level);
    }
    Tags tags = mailer.and(PROVIDER, provider, CAUSE, cause.token());
    if (isNew("redeliver.reputation.alert.active", tags)) {
      Gauge.builder("redeliver.reputation.alert.active", () -> board.active(provider, cause))
          .description("Destinations whose reputation alert is raised and not resolved.")
          .tags(tags)
          .register(registry);
      TimeGauge.builder(
              "redeliver.reputation.last.alert",
              () -> board.lastRaised(provider, cause),
              TimeUnit.MILLISECONDS)
          .description("When the last reputation alert was raised, since 1970; 0 if never.")
          .tags(tags)
          .register(registry);
    }
    registerBlocked(provider);
  }

  private void registerBlocked(String provider) {
    Tags tags = mailer.and(PROVIDER, provider);
    if (isNew("redeliver.provider.blocked", tags)) {
      Gauge.builder("redeliver.provider.blocked", () -> board.isActive(provider) ? 1 : 0)
          .description("1 while a reputation alert for the provider is raised, else 0.")
          .tags(tags)
          .register(registry);
    }
  }

  /** Micrometer warns about a gauge that is registered again, although it is the same. */
  private boolean isNew(String gauge, Tags tags) {
    return registry.find(gauge).tags(tags).meters().isEmpty();
  }
}
