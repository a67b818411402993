package dev.redeliver.metrics;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Reaction;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.reputation.ReputationMonitor;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * The reputation alerts that are raised, as the gauges of one registry and mailer show them.
 * Thread-safe.
 *
 * <p>One board serves every {@link RedeliverMetrics} of the same mailer in a registry, because the
 * registry keeps only the gauge that came first. Each of them signs its alerts with a source of its
 * own, so that one does not resolve what another still sees.
 *
 * <p>Time is the registry's: a gauge is read when no traffic says what time it is. An alert that
 * nobody resolved does not show any more once its window has passed without a further signal.
 */
final class AlertBoard {
  /** Weak in the registry, which holds the board through its gauges: both go together. */
  private static final Map<MeterRegistry, Map<String, AlertBoard>> BOARDS = new WeakHashMap<>();

  private final Clock clock;
  private final Map<Key, Mark> raised = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Blame, Long> latest = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Subject, Long> lastRaised = new HashMap<>();

  private AlertBoard(Clock clock) {
    this.clock = clock;
  }

  static AlertBoard of(MeterRegistry registry, String mailer) {
    synchronized (BOARDS) {
      return BOARDS
          .computeIfAbsent(registry, unused -> new HashMap<>())
          .computeIfAbsent(mailer, unused -> new AlertBoard(registry.config().clock()));
    }
  }

  /**
   * Notes an alert that was raised, escalated or resolved.
   *
   * @param provider whom its destination belongs to
   */
  synchronized void note(Object source, String provider, ReputationAlert alert) {
    Subject subject = new Subject(provider, alert.cause());
    Key key = new Key(source, alert.server(), alert.destination(), subject);
    if (alert.state() == ReputationAlert.State.RESOLVED) {
      raised.remove(key);
      return;
    }
    lastRaised.put(subject, clock.wallTime());
    raised.put(key, new Mark(clock.wallTime(), quiet(alert.reaction()).toMillis()));
    latest.put(new Blame(source, alert.server(), alert.cause()), clock.wallTime());
    forgetBeyondLimit(raised);
    forgetBeyondLimit(latest);
  }

  /** In a pause no signal can come: only what is quiet beyond it is over. */
  private static Duration quiet(Reaction reaction) {
    return reaction.isSlowDown() ? reaction.window() : reaction.window().plus(reaction.pause());
  }

  /** Keeps the alerts of a server up: it still blames. */
  synchronized void signal(Object source, String server, Cause cause) {
    latest.computeIfPresent(new Blame(source, server, cause), (unused, before) -> clock.wallTime());
  }

  private boolean isFresh(Map.Entry<Key, Mark> entry) {
    Key key = entry.getKey();
    Blame blame = new Blame(key.source(), key.server(), key.subject().cause());
    long last = Math.max(entry.getValue().raisedAt(), latest.getOrDefault(blame, 0L));
    return clock.wallTime() - last < entry.getValue().windowMillis();
  }

  /** {@return at how many destinations of a provider an alert of this cause is raised} */
  synchronized long active(String provider, Cause cause) {
    Subject subject = new Subject(provider, cause);
    return raised.entrySet().stream()
        .filter(entry -> entry.getKey().subject().equals(subject))
        .filter(this::isFresh)
        .map(entry -> entry.getKey().destination())
        .distinct()
        .count();
  }

  /** {@return whether any alert is raised at a destination of a provider} */
  synchronized boolean isActive(String provider) {
    return raised.entrySet().stream()
        .anyMatch(entry -> entry.getKey().subject().provider().equals(provider) && isFresh(entry));
  }

  /** {@return when the latest such alert was raised, in ms since 1970; 0 if never} */
  synchronized long lastRaised(String provider, Cause cause) {
    return lastRaised.getOrDefault(new Subject(provider, cause), 0L);
  }

  private static void forgetBeyondLimit(Map<?, ?> map) {
    Iterator<?> eldest = map.keySet().iterator();
    while (map.size() > ReputationMonitor.MAX_DESTINATIONS && eldest.hasNext()) {
      eldest.next();
      eldest.remove();
    }
  }

  /** Who blames, and for what. */
  private record Subject(String provider, Cause cause) {}

  private record Key(Object source, String server, Destination destination, Subject subject) {}

  private record Mark(long raisedAt, long windowMillis) {}

  /** What one signal says: not which destination's alert it is. */
  private record Blame(Object source, String server, Cause cause) {}
}
