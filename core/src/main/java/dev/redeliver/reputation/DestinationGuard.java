package dev.redeliver.reputation;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.classify.Scope;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Is asked before every attempt whether its destination wants mail now, and told afterwards what
 * the answer was. Thread-safe; destinations share no lock.
 *
 * <p>What it does, and only for answers about the sender, the connection or the host, never for one
 * about a recipient or a message:
 *
 * <ul>
 *   <li>Too fast: the rate is halved and grows back to just below what was refused.
 *   <li>Too many connections: half as many, and one more for every {@value
 *       Gate#ACCEPTED_PER_CONNECTION} acceptances.
 *   <li>A reputation alert: mail pauses, or goes at a rate, for a stated time.
 *   <li>{@value #FAILURES} troubles in a row, or a limit for longer than a minute: mail pauses.
 * </ul>
 *
 * <p>After a pause one message finds out whether it is over; then the rate rises gently. An attempt
 * that was under way when something changed changes nothing again. What the guard itself puts off
 * is no attempt and no answer.
 *
 * <p>It remembers {@value #MAX_DESTINATIONS} destinations; beyond, those that are seldom used are
 * forgotten.
 */
public final class DestinationGuard {
  /** The most destinations that are remembered. */
  public static final int MAX_DESTINATIONS = 10_000;

  /** So many troubles in a row pause a destination. */
  static final int FAILURES = 5;

  private static final Duration SHORT = Duration.ofMinutes(1);

  private final RetryPolicy policy;
  private final GuardSettings settings;
  private final SteadyTime time;
  private final RandomGenerator random;
  private final CircuitBreakerConfig config;
  private final Cache<Destination, Gate> gates;

  /**
   * Makes a guard that knows of no trouble.
   *
   * @param policy its {@link RetryPolicy#guard()} and the schedules of its lanes
   * @param clock tells the time
   * @param random draws the jitter of pauses; thread-safe
   */
  public DestinationGuard(RetryPolicy policy, InstantSource clock, RandomGenerator random) {
    this.policy = policy;
    time = new SteadyTime(Objects.requireNonNull(clock, "clock"));
    this.random = Objects.requireNonNull(random, "random");
    settings = policy.guard();
    config =
        CircuitBreakerConfig.custom()
            .clock(time.withZone(ZoneOffset.UTC))
            .slidingWindow(1, 1, CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
            .permittedNumberOfCallsInHalfOpenState(1)
            .writableStackTraceEnabled(false)
            .build();
    gates = Caffeine.newBuilder().maximumSize(MAX_DESTINATIONS).executor(Runnable::run).build();
  }

  /** {@return whether it does anything} */
  public boolean isEnabled() {
    return settings.enabled();
  }

  /**
   * {@return leave for one attempt, or when to ask again}
   *
   * @param destination where to
   */
  public Leave ask(Destination destination) {
    return gate(destination).ask(time.millis());
  }

  /**
   * {@return when {@link #ask} would give leave; not in the future if at once} Changes nothing.
   *
   * @param destination where to
   */
  public Instant opensAt(Destination destination) {
    Gate known = settings.enabled() ? gates.getIfPresent(destination) : null;
    return known == null ? Instant.MIN : time.at(known.opensAt(time.millis()));
  }

  /**
   * {@return whether a failure says something about all mail to where it came from}
   *
   * @param failure the failure
   * @param meaning what it means
   */
  public boolean concerns(SmtpFailure failure, Classification meaning) {
    if (!(failure instanceof SmtpFailure.Refused) || isNarrow(meaning.scope())) {
      return false;
    }
    return meaning.reputationSignal() || isTrouble(meaning);
  }

  private static boolean isTrouble(Classification meaning) {
    boolean passes =
        meaning.severity() == Severity.TRANSIENT || meaning.cause() == Cause.RATE_LIMITED;
    return passes && meaning.handling() == Handling.RETRY && !isAboutOneConnection(meaning);
  }

  private static boolean isNarrow(Scope scope) {
    return switch (scope) {
      case RECIPIENT, MESSAGE, CONFIGURATION -> true;
      case SENDER, CONNECTION, HOST -> false;
    };
  }

  /** So many messages over one connection, for example: a fresh one will do. */
  private static boolean isAboutOneConnection(Classification meaning) {
    return meaning.scope() == Scope.CONNECTION && meaning.lane() != Lane.RATE_LIMIT;
  }

  /**
   * Takes back a permit after an attempt that told nothing against the destination.
   *
   * @param permit the permit
   * @param delivered whether a recipient there was accepted
   * @return how the destination stands, if that has changed
   */
  public Optional<DestinationStatus> answered(Permit permit, boolean delivered) {
    long now = time.millis();
    return status(permit, permit.gate().answered(permit, delivered, now), now);
  }

  /**
   * Takes back a permit after an attempt that met a failure which {@link #concerns} the
   * destination.
   *
   * @param permit the permit
   * @param failure the failure
   * @param meaning what it means
   * @return how the destination stands, if that has changed
   */
  public Optional<DestinationStatus> refused(
      Permit permit, SmtpFailure failure, Classification meaning) {
    long now = time.millis();
    return status(permit, note(permit, failure.describe(), meaning, now), now);
  }

  private boolean note(Permit permit, String said, Classification meaning, long now) {
    Gate gate = permit.gate();
    if (meaning.reputationSignal()) {
      return gate.blamed(permit, now, said);
    }
    if (meaning.cause() != Cause.RATE_LIMITED) {
      return gate.failed(permit, now, said, failures -> pauseAfter(failures, meaning));
    }
    if (meaning.lane() == Lane.SLOW || isLong(meaning)) {
      return gate.failed(permit, now, said, failures -> pause(failures, meaning));
    }
    return meaning.scope() == Scope.CONNECTION
        ? gate.tooMany(permit, now, said)
        : gate.tooFast(permit, now, said);
  }

  private boolean isLong(Classification meaning) {
    return meaning
        .delayHint()
        .flatMap(hint -> hint.from(time.at(time.millis())))
        .filter(delay -> delay.compareTo(SHORT) > 0)
        .isPresent();
  }

  private Duration pauseAfter(int failures, Classification meaning) {
    return failures < FAILURES ? Duration.ZERO : pause(failures - FAILURES + 1, meaning);
  }

  private Duration pause(int failures, Classification meaning) {
    return policy.pause(meaning, failures, time.at(time.millis()), random.nextDouble());
  }

  /**
   * Takes back a permit whose attempt was not made, or did not get as far as the destination.
   *
   * @param permit the permit
   */
  public void abandon(Permit permit) {
    permit.gate().abandon(permit);
  }

  /**
   * Does what an alert asks for.
   *
   * @param alert an alert that has changed
   * @return how the destination stands, if that has changed
   */
  public Optional<DestinationStatus> alerted(ReputationAlert alert) {
    Gate gate = ofAlert(alert.destination());
    if (gate == null) {
      return Optional.empty();
    }
    if (alert.state() == ReputationAlert.State.RESOLVED) {
      gate.resolved(alert);
      return Optional.empty();
    }
    long now = time.millis();
    return gate.raised(alert, now) ? gate.status(now) : Optional.empty();
  }

  /** A relay that nobody asks about here is looked after by its sender. */
  private @Nullable Gate ofAlert(Destination destination) {
    return destination.kind() == Destination.Kind.RELAY
        ? gates.getIfPresent(destination)
        : gate(destination);
  }

  /** {@return the destinations that are in use or do not get all that they could} */
  public List<DestinationStatus> status() {
    long now = time.millis();
    return gates.asMap().values().stream()
        .map(gate -> gate.status(now))
        .flatMap(Optional::stream)
        .toList();
  }

  /** {@return how many destinations are remembered} */
  long size() {
    gates.cleanUp();
    return gates.estimatedSize();
  }

  private static Optional<DestinationStatus> status(Permit permit, boolean changed, long now) {
    return changed ? Optional.of(permit.gate().current(now)) : Optional.empty();
  }

  private Gate gate(Destination destination) {
    return gates.get(destination, key -> new Gate(key, settings, config, time));
  }
}
