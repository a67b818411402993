package dev.redeliver.reputation;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Reaction;
import dev.redeliver.policy.GuardSettings;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What one destination lets through at present. Thread-safe; its lock is its own.
 *
 * <p>A circuit breaker remembers a pause and lets one probe through after it. It is made with the
 * first pause: most destinations never need one.
 */
final class Gate {
  /** How long whoever comes during a probe is put off; the end of the probe is no stated time. */
  static final Duration PROBE_WAIT = Duration.ofSeconds(30);

  /** How long whoever comes while all connections are in use is put off. */
  static final Duration BUSY_WAIT = Duration.ofSeconds(1);

  /** So many acceptances allow one connection more. */
  static final int ACCEPTED_PER_CONNECTION = 20;

  private static final int MANY = 100;

  private final Destination destination;
  private final GuardSettings settings;
  private final CircuitBreakerConfig config;
  private final SteadyTime time;
  private final Pace pace;
  private @Nullable CircuitBreaker breaker;
  private Map<Blame, Reaction> blames = Map.of();
  private long pausedUntil = Long.MIN_VALUE;
  private long changedAt = Long.MIN_VALUE;
  private @Nullable Permit probe;
  private int busy;
  private int connections;
  private int accepted;
  private int failures;
  private String why = "";

  /** Which alert it is: a destination may blame us for several things, over several servers. */
  private record Blame(String server, Cause cause) {
    static Blame of(ReputationAlert alert) {
      return new Blame(alert.server(), alert.cause());
    }
  }

  Gate(
      Destination destination,
      GuardSettings settings,
      CircuitBreakerConfig config,
      SteadyTime time) {
    this.destination = destination;
    this.settings = settings;
    this.config = config;
    this.time = time;
    pace = new Pace(settings.maxRate());
    connections = settings.maxConnections();
  }

  Destination destination() {
    return destination;
  }

  synchronized Leave ask(long now) {
    long at = opensAt(now);
    boolean shut = isShut();
    if (at > now || (shut && !breaker().tryAcquirePermission())) {
      boolean estimate = probe != null || (now >= pausedUntil && busy >= connections);
      return new Leave.Postponed(time.at(Math.max(at, now + 1)), estimate, reason(now));
    }
    busy++;
    Permit permit = new Permit(this, now, pace.take(now));
    probe = shut ? permit : null;
    return new Leave.Granted(permit);
  }

  /** In our own words: it ends up in reports and log lines, where no server's text belongs. */
  private String reason(long now) {
    return switch (state(now)) {
      case PAUSED -> "mail to " + destination + " pauses";
      case PROBING -> "mail to " + destination + " pauses while one message finds out";
      case PACED, FREE -> destination + " gets no more mail at a time";
    };
  }

  /** {@return when to ask; not after now if it would be granted} Changes nothing. */
  synchronized long opensAt(long now) {
    if (probe != null) {
      return now + PROBE_WAIT.toMillis();
    }
    if (now < pausedUntil) {
      return pausedUntil;
    }
    if (busy >= connections) {
      return Math.max(now + BUSY_WAIT.toMillis(), pace.nextAt());
    }
    return pace.nextAt();
  }

  /** Takes back a permit whose attempt was not made, or told nothing about the destination. */
  synchronized void abandon(Permit permit) {
    busy--;
    pace.giveBack(permit.turn());
    if (permit == probe) {
      probe = null;
      breaker().releasePermission();
    }
  }

  /** Notes that the destination did its work. {@return whether that changed its state} */
  synchronized boolean answered(Permit permit, boolean delivered, long now) {
    busy--;
    failures = 0;
    boolean reopened = endProbe(permit, now);
    if (delivered) {
      pace.accepted(permit.begun(), now);
    }
    if (connections < settings.maxConnections() && ++accepted >= ACCEPTED_PER_CONNECTION) {
      accepted = 0;
      connections = more(connections);
    }
    return reopened;
  }

  /** Without a ceiling nothing tells how many are enough: many are as good as no limit. */
  private int more(int current) {
    return current >= MANY ? settings.maxConnections() : current + 1;
  }

  /** Lets mail go again, gently, if the probe did not meet what the pause was for. */
  private boolean endProbe(Permit permit, long now) {
    if (permit != probe) {
      return false;
    }
    open();
    pace.rise(now);
    connections = 1;
    accepted = 0;
    return true;
  }

  private void open() {
    probe = null;
    pausedUntil = Long.MIN_VALUE;
    if (isShut()) {
      breaker().transitionToClosedState();
    }
  }

  /** Notes that it was too fast. {@return whether that changed its state} */
  synchronized boolean tooFast(Permit permit, long now, String said) {
    busy--;
    boolean news = endProbe(permit, now);
    if (pace.tooFast(permit.begun(), now)) {
      why = said;
      news = true;
    }
    return news;
  }

  /** Notes that it were too many connections. {@return whether that changed its state} */
  synchronized boolean tooMany(Permit permit, long now, String said) {
    int inUse = busy;
    busy--;
    boolean news = endProbe(permit, now);
    if (isOld(permit)) {
      return news;
    }
    changedAt = now;
    connections = Math.max(1, Math.min(connections, inUse) / 2);
    accepted = 0;
    why = said;
    return true;
  }

  /**
   * Notes trouble that says nothing about the message.
   *
   * @param pauseAfter how long to pause after so many failures in a row; zero for not yet
   * @return whether that changed its state
   */
  synchronized boolean failed(
      Permit permit, long now, String said, IntFunction<Duration> pauseAfter) {
    busy--;
    if (isOld(permit)) {
      return false;
    }
    failures++;
    Duration pause = pauseAfter.apply(failures);
    if (pause.isZero()) {
      return endProbe(permit, now);
    }
    pause(pause, now, said);
    return true;
  }

  /** Notes blame, which pauses if there is an alert. {@return whether that changed its state} */
  synchronized boolean blamed(Permit permit, long now, String said) {
    busy--;
    if (isOld(permit)) {
      return false;
    }
    Reaction reaction =
        blames.values().stream().max(Comparator.comparing(Reaction::pause)).orElse(null);
    if (reaction == null) {
      return endProbe(permit, now);
    }
    if (reaction.isSlowDown()) {
      boolean unused = endProbe(permit, now);
    }
    react(reaction, now, said);
    return true;
  }

  /** Whether the attempt was under way when the last change came: it tells nothing new. */
  private boolean isOld(Permit permit) {
    return permit != probe && permit.begun() <= changedAt;
  }

  /** An alert was raised, or goes on. {@return whether that changed its state} */
  synchronized boolean raised(ReputationAlert alert, long now) {
    Map<Blame, Reaction> known = new HashMap<>(blames);
    boolean news = known.put(Blame.of(alert), alert.reaction()) == null;
    blames = known;
    if (news) {
      react(alert.reaction(), now, alert.failure().describe());
    }
    return news;
  }

  /** An alert was resolved. */
  synchronized void resolved(ReputationAlert alert) {
    Map<Blame, Reaction> known = new HashMap<>(blames);
    known.remove(Blame.of(alert));
    blames = Map.copyOf(known);
  }

  private void react(Reaction reaction, long now, String said) {
    if (reaction.isSlowDown()) {
      changedAt = now;
      why = said;
      pace.cap(reaction.ratePerMinute(), now + reaction.pause().toMillis());
    } else if (!reaction.pause().isZero()) {
      pause(reaction.pause(), now, said);
    }
  }

  private void pause(Duration length, long now, String said) {
    // The breaker lets the probe through after the time, not at it.
    breaker().transitionToOpenStateFor(length.minusNanos(1));
    probe = null;
    changedAt = now;
    pausedUntil = now + length.toMillis();
    why = said;
  }

  private CircuitBreaker breaker() {
    CircuitBreaker known = breaker;
    if (known == null) {
      known = CircuitBreaker.of(destination.name(), config);
      breaker = known;
    }
    return known;
  }

  private boolean isShut() {
    return breaker != null && breaker.getState() != CircuitBreaker.State.CLOSED;
  }

  /** {@return how it stands; empty if there is nothing to tell} */
  synchronized Optional<DestinationStatus> status(long now) {
    DestinationStatus status = current(now);
    return status.state() == DestinationStatus.State.FREE && busy == 0
        ? Optional.empty()
        : Optional.of(status);
  }

  /** {@return how it stands} */
  synchronized DestinationStatus current(long now) {
    DestinationStatus.State state = state(now);
    long at = opensAt(now);
    return new DestinationStatus(
        destination,
        state,
        at > now && probe == null ? Optional.of(time.at(at)) : Optional.empty(),
        pace.rate(now),
        busy,
        connections,
        state == DestinationStatus.State.FREE ? "" : why);
  }

  private DestinationStatus.State state(long now) {
    if (probe != null) {
      return DestinationStatus.State.PROBING;
    }
    if (now < pausedUntil) {
      return DestinationStatus.State.PAUSED;
    }
    // After a pause nobody may have come yet to find out.
    boolean paced = isShut() || !pace.isFree(now) || connections < settings.maxConnections();
    return paced ? DestinationStatus.State.PACED : DestinationStatus.State.FREE;
  }
}
