package dev.redeliver.metrics;

import dev.redeliver.reputation.DestinationStatus;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * How the destinations of one mailer stand, as the gauges of one registry show them. Thread-safe.
 *
 * <p>As with alerts, one board serves every {@link RedeliverMetrics} of the same mailer in a
 * registry. It holds guards weakly: a deliverer that nobody uses any more is not kept by a gauge.
 *
 * <p>A scrape reads many gauges, and a guard may know thousands of destinations: it is asked once a
 * second at most, by the registry's clock.
 */
final class GuardBoard {
  /** Weak in the registry, which holds the board through its gauges: both go together. */
  private static final Map<MeterRegistry, Map<String, GuardBoard>> BOARDS = new WeakHashMap<>();

  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Clock clock;
  private final List<Guard> guards = new ArrayList<>();
  private Map<Key, Integer> counts = Map.of();
  private long countedAt;
  private boolean stale = true;

  private record Guard(
      WeakReference<Supplier<List<DestinationStatus>>> status, Providers providers) {}

  private record Key(String provider, DestinationStatus.State state) {}

  private GuardBoard(Clock clock) {
    this.clock = clock;
  }

  static GuardBoard of(MeterRegistry registry, String mailer) {
    synchronized (BOARDS) {
      return BOARDS
          .computeIfAbsent(registry, unused -> new HashMap<>())
          .computeIfAbsent(mailer, unused -> new GuardBoard(registry.config().clock()));
    }
  }

  synchronized void add(Supplier<List<DestinationStatus>> status, Providers providers) {
    guards.removeIf(guard -> guard.status().refersTo(null));
    guards.add(new Guard(new WeakReference<>(status), providers));
    stale = true;
  }

  /** {@return how many destinations of a provider are in a state} */
  synchronized int count(String provider, DestinationStatus.State state) {
    long now = clock.monotonicTime();
    if (stale || now - countedAt >= FRESH_NANOS) {
      counts = count();
      countedAt = now;
      stale = false;
    }
    return counts.getOrDefault(new Key(provider, state), 0);
  }

  private Map<Key, Integer> count() {
    Map<Key, Integer> fresh = new HashMap<>();
    for (Guard guard : guards) {
      Supplier<List<DestinationStatus>> status = guard.status().get();
      List<DestinationStatus> all = status == null ? List.of() : status.get();
      for (DestinationStatus each : all) {
        Key key = new Key(guard.providers().of(each.destination()), each.state());
        fresh.merge(key, 1, Integer::sum);
      }
    }
    return fresh;
  }
}
