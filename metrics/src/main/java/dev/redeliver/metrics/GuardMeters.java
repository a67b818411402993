package dev.redeliver.metrics;

import dev.redeliver.reputation.DestinationStatus;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The meters of the guards of one mailer in one registry: how many destinations get less mail than
 * there is. They are there once a guard is. Thread-safe.
 */
final class GuardMeters {
  private static final String PROVIDER = "provider";
  private static final String STATE = "state";

  /** Who gets all that he could is not counted: the guard forgets him as soon as he is idle. */
  private static final Set<DestinationStatus.State> COUNTED =
      EnumSet.complementOf(EnumSet.of(DestinationStatus.State.FREE));

  private final MeterRegistry registry;
  private final Tags mailer;
  private final Providers providers;
  private final GuardBoard board;
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private final MeterProvider<Counter> changes;
  private boolean open;

  GuardMeters(MeterRegistry registry, String mailer, Providers providers) {
    this.registry = registry;
    this.mailer = Tags.of("mailer", mailer);
    this.providers = providers;
    board = GuardBoard.of(registry, mailer);
    changes =
        Counter.builder("redeliver.guard.changes")
            .description("How often destinations paused, were slowed down, or got mail again.")
            .tags(this.mailer)
            .withRegistry(registry);
  }

  synchronized void opened(Supplier<List<DestinationStatus>> guard) {
    board.add(guard, providers);
    if (!open) {
      open = true;
      seen.forEach(this::register);
    }
  }

  /** Registers the meters of a provider that has mail, before its destinations can change. */
  void seen(String provider) {
    if (!seen.contains(provider)) {
      add(provider);
    }
  }

  private synchronized void add(String provider) {
    if (seen.add(provider) && open) {
      register(provider);
    }
  }

  void changed(DestinationStatus status) {
    String provider = providers.of(status.destination());
    seen(provider);
    changes.withTags(PROVIDER, provider, STATE, status.state().token()).increment();
  }

  private void register(String provider) {
    for (DestinationStatus.State state : DestinationStatus.State.values()) {
      changes.withTags(PROVIDER, provider, STATE, state.token());
    }
    COUNTED.forEach(state -> register(provider, state));
  }

  private void register(String provider, DestinationStatus.State state) {
    Tags tags = mailer.and(PROVIDER, provider, STATE, state.token());
    // Micrometer warns about a gauge that is registered again, although it is the same.
    if (registry.find("redeliver.destinations").tags(tags).meters().isEmpty()) {
      Gauge.builder("redeliver.destinations", () -> board.count(provider, state))
          .description("Destinations that get mail more slowly, or later, than there is some.")
          .tags(tags)
          .register(registry);
    }
  }
}
