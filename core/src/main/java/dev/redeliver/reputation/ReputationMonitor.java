package dev.redeliver.reputation;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Reaction;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Counts reputation signals per server, destination and cause, and turns them into alerts: raised
 * once when the threshold is reached within the window; escalated once when the blame goes on;
 * resolved when mail could go, and a whole window passed without a signal. While a destination is
 * paused for its blame there are no signals, which says nothing: the pause is added to the window.
 * Thread-safe; destinations share no lock.
 *
 * <p>It reads no clock: the caller says when. At most {@value #MAX_DESTINATIONS} triples are
 * watched at a time; beyond, one that is seldom seen is forgotten, and resolved if it was raised,
 * so that nobody waits for the end of an alert for ever.
 */
public final class ReputationMonitor {
  /** The most triples of server, destination and cause that are watched at a time. */
  public static final int MAX_DESTINATIONS = 10_000;

  /** A threshold's worth of signals so many times over, within the window, is critical. */
  static final int CRITICAL_TIMES = 5;

  private static final int MANY = 100;
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Reaction usual;
  private final boolean byProvider;
  private final Cache<Key, Watch> watches;
  private final Map<Key, Watch> raised = new ConcurrentHashMap<>();
  private final Queue<Map.Entry<Key, Watch>> forgotten = new ConcurrentLinkedQueue<>();
  private final AtomicLong nextQuiet = new AtomicLong(Long.MAX_VALUE);

  /**
   * Makes a monitor without history, for which no destination is ever paused.
   *
   * @param threshold how many signals within the window raise an alert; at least 1
   * @param window how long a signal counts; positive
   */
  public ReputationMonitor(int threshold, Duration window) {
    this(new Reaction(threshold, window, Duration.ZERO, 0), false);
  }

  /**
   * Makes a monitor without history.
   *
   * @param usual threshold, window and pause, where nothing else is known
   * @param byProvider whether what a provider is known to want goes before that
   */
  public ReputationMonitor(Reaction usual, boolean byProvider) {
    this.usual = Objects.requireNonNull(usual, "usual");
    this.byProvider = byProvider;
    watches =
        Caffeine.newBuilder()
            .maximumSize(MAX_DESTINATIONS)
            .executor(Runnable::run)
            .evictionListener(this::forget)
            .build();
  }

  private void forget(@Nullable Key key, @Nullable Watch watch, RemovalCause why) {
    if (key != null && watch != null) {
      forgotten.add(Map.entry(key, watch));
    }
  }

  /**
   * Notes one failure, and what time has resolved meanwhile.
   *
   * @param server the server that answered
   * @param destination whose word its answer is
   * @param failure its answer
   * @param classification what the answer means; ignored unless it is a reputation signal
   * @param now the time of the answer
   * @return the alerts that this changed, resolved ones first; usually none
   */
  public List<ReputationAlert> observe(
      String server,
      Destination destination,
      SmtpFailure failure,
      Classification classification,
      Instant now) {
    Objects.requireNonNull(failure, "failure");
    List<ReputationAlert> changes = resolveQuiet(now);
    if (!classification.reputationSignal()) {
      return changes;
    }
    List<ReputationAlert> all = new ArrayList<>(changes);
    Key key = new Key(server, destination, classification.cause());
    Signal signal = new Signal(failure, classification.ruleId(), reaction(failure, classification));
    watches
        .asMap()
        .compute(
            key,
            (unused, known) -> {
              Watch watch = known == null ? new Watch(key) : known;
              watch.add(signal, now).ifPresent(all::add);
              follow(key, watch);
              return watch;
            });
    resolveForgotten(all);
    return all;
  }

  private void follow(Key key, Watch watch) {
    if (watch.isRaised()) {
      raised.put(key, watch);
      nextQuiet.accumulateAndGet(watch.quietAt().toEpochMilli(), Math::min);
    }
  }

  /** Where nothing ever pauses, a known pause is none either. */
  private Reaction inForce(Reaction known) {
    return usual.pause().isZero()
        ? new Reaction(known.threshold(), known.window(), Duration.ZERO, 0)
        : known;
  }

  private Reaction reaction(SmtpFailure failure, Classification classification) {
    return byProvider
        ? Reaction.known(failure, classification.ruleId()).map(this::inForce).orElse(usual)
        : usual;
  }

  /**
   * Resolves the alerts that have been quiet.
   *
   * @param now the time of asking
   * @return the alerts that this resolved
   */
  public List<ReputationAlert> resolveQuiet(Instant now) {
    if (now.toEpochMilli() < nextQuiet.get() && forgotten.isEmpty()) {
      return List.of();
    }
    List<ReputationAlert> resolved = new ArrayList<>();
    nextQuiet.set(Long.MAX_VALUE);
    raised.forEach((key, watch) -> resolve(key, watch, now).ifPresent(resolved::add));
    if (raised.size() > MANY) {
      // To go through all of them for each would cost more than a second's patience.
      long soonest = now.plus(PATIENCE).toEpochMilli();
      nextQuiet.updateAndGet(next -> Math.max(next, soonest));
    }
    resolveForgotten(resolved);
    return resolved;
  }

  private Optional<ReputationAlert> resolve(Key key, Watch seen, Instant now) {
    Instant quiet = seen.quietAt();
    if (now.isBefore(quiet)) {
      nextQuiet.accumulateAndGet(quiet.toEpochMilli(), Math::min);
      return Optional.empty();
    }
    List<ReputationAlert> end = new ArrayList<>(1);
    watches
        .asMap()
        .computeIfPresent(
            key,
            (unused, watch) -> {
              watch.resolve(now).ifPresent(end::add);
              if (end.isEmpty()) {
                follow(key, watch);
                return watch;
              }
              raised.remove(key);
              return null;
            });
    return end.stream().findFirst();
  }

  /** {@return when an alert may be resolved next; empty if none is raised} */
  public Optional<Instant> nextQuiet() {
    long millis = nextQuiet.get();
    return millis == Long.MAX_VALUE ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
  }

  /** {@return the alerts that are raised and not resolved} */
  public List<ReputationAlert> active() {
    return raised.values().stream().map(Watch::current).flatMap(Optional::stream).toList();
  }

  private void resolveForgotten(List<ReputationAlert> changes) {
    for (Map.Entry<Key, Watch> gone = forgotten.poll(); gone != null; gone = forgotten.poll()) {
      raised.remove(gone.getKey(), gone.getValue());
      gone.getValue().resolve(Instant.MAX).ifPresent(changes::add);
    }
  }

  private record Key(String server, Destination destination, Cause cause) {
    Key {
      Objects.requireNonNull(server, "server");
      Objects.requireNonNull(destination, "destination");
    }
  }

  private record Signal(SmtpFailure failure, String ruleId, Reaction reaction) {}

  /** The signals of one triple. Thread-safe. Only as many times are kept as may decide. */
  private static final class Watch {
    private final Key key;
    private final Deque<Instant> times = new ArrayDeque<>();
    private int count;
    private ReputationAlert.@Nullable Level level;
    private Instant raisedAt = Instant.MAX;
    private Instant firstSeen = Instant.MIN;
    private Instant lastSeen = Instant.MIN;
    private @Nullable Signal latest;

    Watch(Key key) {
      this.key = key;
    }

    synchronized boolean isRaised() {
      return level != null;
    }

    synchronized Optional<ReputationAlert> add(Signal signal, Instant now) {
      forgetOld(signal.reaction(), now);
      latest = signal;
      if (count == 0) {
        firstSeen = now;
      }
      count++;
      times.addLast(now);
      if (times.size() > signal.reaction().threshold() * CRITICAL_TIMES) {
        times.removeFirst();
      }
      // Threads may bring their signals in late: time does not go back.
      lastSeen = now.isAfter(lastSeen) ? now : lastSeen;
      return change(now);
    }

    /** A watch that was never raised is quiet after a window: what comes then is a new story. */
    private void forgetOld(Reaction reaction, Instant now) {
      Instant horizon = now.minus(reaction.window());
      while (!times.isEmpty() && !times.peekFirst().isAfter(horizon)) {
        times.removeFirst();
      }
      if (times.isEmpty() && level == null) {
        count = 0;
      }
    }

    private Optional<ReputationAlert> change(Instant now) {
      Reaction reaction = reaction();
      if (level == null) {
        if (times.size() < reaction.threshold()) {
          return Optional.empty();
        }
        raisedAt = now;
        level =
            key.cause() == Cause.SENDER_SUSPENDED
                ? ReputationAlert.Level.CRITICAL
                : ReputationAlert.Level.WARNING;
        return Optional.of(alert(ReputationAlert.State.RAISED));
      }
      if (level == ReputationAlert.Level.WARNING && goesOn(now)) {
        level = ReputationAlert.Level.CRITICAL;
        return Optional.of(alert(ReputationAlert.State.ESCALATED));
      }
      return Optional.empty();
    }

    /** Blame after a pause, or many times the threshold. */
    private boolean goesOn(Instant now) {
      Reaction reaction = reaction();
      boolean afterPause =
          !reaction.pause().isZero()
              && !reaction.isSlowDown()
              && !now.isBefore(raisedAt.plus(reaction.pause()));
      return afterPause
          || (reaction.threshold() > 1 && times.size() >= reaction.threshold() * CRITICAL_TIMES);
    }

    synchronized Instant quietAt() {
      Reaction reaction = reaction();
      return lastSeen
          .plus(reaction.isSlowDown() ? Duration.ZERO : reaction.pause())
          .plus(reaction.window());
    }

    synchronized Optional<ReputationAlert> resolve(Instant now) {
      if (level == null || now.isBefore(quietAt())) {
        return Optional.empty();
      }
      Optional<ReputationAlert> end = Optional.of(alert(ReputationAlert.State.RESOLVED));
      level = null;
      times.clear();
      count = 0;
      return end;
    }

    synchronized Optional<ReputationAlert> current() {
      if (level == null) {
        return Optional.empty();
      }
      return Optional.of(
          alert(
              level == ReputationAlert.Level.CRITICAL
                  ? ReputationAlert.State.ESCALATED
                  : ReputationAlert.State.RAISED));
    }

    private Reaction reaction() {
      return Objects.requireNonNull(latest, "latest").reaction();
    }

    private ReputationAlert alert(ReputationAlert.State state) {
      Signal signal = Objects.requireNonNull(latest, "latest");
      return new ReputationAlert(
          state,
          Objects.requireNonNull(level, "level"),
          key.server(),
          key.destination(),
          key.cause(),
          signal.failure(),
          signal.ruleId(),
          signal.reaction(),
          count,
          firstSeen,
          lastSeen);
    }
  }
}
