package dev.redeliver.delivery;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.MailboxProvider;
import dev.redeliver.classify.Reaction;
import dev.redeliver.policy.AttemptHistory;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationGuard;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.reputation.ReputationAlertListener;
import dev.redeliver.reputation.ReputationMonitor;
import dev.redeliver.smtp.SmtpFailure;
import io.github.resilience4j.retry.RetryRegistry;
import java.lang.ref.SoftReference;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Delivers messages: attempts, reads the answers, asks the policy, waits, and attempts again for
 * those recipients that still need it, until each one has an outcome or has to be left.
 * Thread-safe; one instance serves all messages of a sender and remembers what servers say about
 * it.
 *
 * <p>It knows no mail API: a {@link Submitter} makes the attempts.
 */
public final class Redeliverer {
  private static final Map<RetryPolicy, SoftReference<Redeliverer>> BY_POLICY = new WeakHashMap<>();

  private final RetryPolicy policy;
  private final RetryPolicy otherwise;
  private final InstantSource clock;
  private final Waiter waiter;
  private final RandomGenerator random;
  private final Listeners listeners;
  private final ReputationMonitor monitor;
  private final DestinationGuard guard;

  /** Listeners may hold it weakly: it has to live as long as this. */
  private final Supplier<List<DestinationStatus>> destinations;

  private final RetryEngine engine;

  private volatile @Nullable Meaning latest;

  /** A failure that was classified. */
  private record Meaning(String server, SmtpFailure failure, Classification classification) {}

  private Redeliverer(Builder builder) {
    policy = builder.policy;
    otherwise = policy.toBuilder().unknownOutcome(other(policy.unknownOutcome())).build();
    clock = builder.clock;
    waiter = builder.waiter;
    random = builder.random;
    List<DeliveryListener> all = new ArrayList<>();
    all.add(new DeliveryLog(policy.logAddresses()));
    all.addAll(builder.listeners);
    all.addAll(ConfiguredListeners.of(policy));
    listeners = new Listeners(all);
    monitor = new ReputationMonitor(usualReaction(policy), policy.guard().byProvider());
    guard = new DestinationGuard(policy, clock, random);
    destinations = guard::status;
    engine = new RetryEngine(builder.registry, "redeliver-" + policy.name());
    if (guard.isEnabled()) {
      listeners.tell(listener -> listener.guardOpened(destinations));
    }
  }

  private static Reaction usualReaction(RetryPolicy policy) {
    GuardSettings guard = policy.guard();
    Duration pause = guard.enabled() ? guard.pause() : Duration.ZERO;
    return new Reaction(policy.alertThreshold(), policy.alertWindow(), pause, 0);
  }

  private static UnknownOutcome other(UnknownOutcome choice) {
    return choice == UnknownOutcome.RESEND ? UnknownOutcome.REPORT : UnknownOutcome.RESEND;
  }

  /** A message may have its own mind about an unknown outcome, and its own deadline. */
  RetryPolicy policyFor(Resumption message) {
    UnknownOutcome choice = message.envelope().unknownOutcome().orElse(policy.unknownOutcome());
    RetryPolicy chosen = choice == policy.unknownOutcome() ? policy : otherwise;
    Duration deadline = Duration.between(message.startedAt(), message.deadline());
    return deadline.equals(policy.deadline())
        ? chosen
        : chosen.toBuilder().deadline(deadline).build();
  }

  /**
   * {@return the deliverer of a policy, with the system's clock} The same one for the same policy
   * object, so that reputation signals of all its messages are counted together.
   */
  public static Redeliverer of(RetryPolicy policy) {
    synchronized (BY_POLICY) {
      SoftReference<Redeliverer> known = BY_POLICY.get(policy);
      Redeliverer redeliverer = known == null ? null : known.get();
      if (redeliverer == null) {
        redeliverer = builder(policy).build();
        BY_POLICY.put(policy, new SoftReference<>(redeliverer));
      }
      return redeliverer;
    }
  }

  /** {@return a builder for a deliverer with this policy} */
  public static Builder builder(RetryPolicy policy) {
    return new Builder(policy);
  }

  /** {@return the policy} */
  public RetryPolicy policy() {
    return policy;
  }

  /**
   * Delivers one message, in the calling thread, waits included. If the thread is interrupted while
   * it waits, the delivery ends with what it has, and the interrupt flag is set again.
   *
   * @param envelope whom the message is for
   * @param submitter makes the attempts
   * @return what became of every recipient
   */
  public DeliveryReport deliver(Envelope envelope, Submitter submitter) {
    Objects.requireNonNull(submitter, "submitter");
    return deliver(begin(envelope), submitter);
  }

  /**
   * Delivers one message over one relay, as {@link #deliver(Envelope, Submitter)} does, and leaves
   * the relay alone while it wants no mail.
   *
   * @param server the relay's host, as it shall name alerts
   * @param envelope whom the message is for
   * @param submitter makes the attempts
   * @return what became of every recipient
   */
  public DeliveryReport deliver(String server, Envelope envelope, Submitter submitter) {
    Objects.requireNonNull(submitter, "submitter");
    return deliver(begin(envelope, Optional.of(Destination.relay(server))), submitter);
  }

  private DeliveryReport deliver(Delivery delivery, Submitter submitter) {
    Optional<Duration> delay = attempt(delivery, submitter);
    while (delay.isPresent()) {
      if (!pause(delay.get())) {
        delivery.stop(Decision.Reason.INTERRUPTED, "the wait for the next attempt was interrupted");
        break;
      }
      delay = attempt(delivery, submitter);
    }
    return delivery.finish();
  }

  /** What a submitter throws says nothing about what the server has: the outcome is unknown. */
  private static Optional<Duration> attempt(Delivery delivery, Submitter submitter) {
    List<Recipient> due = delivery.begin();
    if (due.isEmpty()) {
      return delivery.untilNext();
    }
    AttemptResult result;
    try {
      result = submitter.attempt(due);
    } catch (RuntimeException problem) {
      result = AttemptResult.unknown("", due, problem);
    } catch (Error e) {
      // The caller gets it; what the attempt holds, such as leave from the guard, is given back.
      delivery.withdraw();
      throw e;
    }
    return delivery.end(result);
  }

  /**
   * Begins a delivery whose attempts and waits are the caller's business.
   *
   * @param envelope whom the message is for
   * @return the delivery, before its first attempt
   */
  public Delivery begin(Envelope envelope) {
    return begin(envelope, Optional.empty());
  }

  private Delivery begin(Envelope envelope, Optional<Destination> relay) {
    Instant now = clock.instant();
    return resume(Resumption.first(envelope, now, now.plus(policy.deadline())), relay);
  }

  /**
   * Takes up a delivery that a store has kept, as if it had never been interrupted.
   *
   * @param message the message, and where its recipients stand
   * @return the delivery, before its next attempt
   */
  public Delivery resume(Resumption message) {
    return resume(message, Optional.empty());
  }

  private Delivery resume(Resumption message, Optional<Destination> relay) {
    Delivery delivery = new Delivery(this, message, engine.start(), relay);
    listeners.tell(listener -> listener.deliveryStarted(message.envelope()));
    return delivery;
  }

  /**
   * Opens a connection, by the same policy: what may pass is tried again, what our own set-up
   * causes is not.
   *
   * @param server the host, as it shall name alerts
   * @param connector makes the tries
   * @return whether the connection is open, and if not, why
   */
  public ConnectReport connect(String server, Connector connector) {
    RetryEngine.Loop loop = engine.start();
    Connecting connecting = new Connecting(server, connector, clock.instant());
    Optional<Duration> delay = connecting.attempt();
    while (loop.goesOn(delay) && pause(delay.orElse(Duration.ZERO))) {
      delay = connecting.attempt();
    }
    ConnectReport report = connecting.report();
    loop.end(report.isConnected());
    return report;
  }

  /**
   * Some providers give registered codes meanings of their own, so it counts who answers. In an
   * outage all messages meet the same failure: it is read, and kept, once.
   */
  Classification classify(SmtpFailure failure, String server) {
    Meaning known = latest;
    if (known == null || !known.server().equals(server) || !known.failure().equals(failure)) {
      Classification meaning =
          policy.classifier().classify(failure, MailboxProvider.ofHost(server));
      known = new Meaning(server, failure, meaning);
      latest = known;
    }
    return known.classification();
  }

  /**
   * Judges why a server cannot be used at present, for callers that connect and wait by themselves.
   * Tells nobody.
   *
   * @param server the host, as it shall name alerts
   * @param failures how many times in a row, at least 1
   * @param failure why
   * @return what that means: a hold if our own set-up is at fault, else when to try again
   */
  public ConnectionFailure judge(String server, int failures, SmtpFailure failure) {
    Instant now = clock.instant();
    Classification meaning = classify(failure, server);
    Decision decision =
        switch (meaning.handling()) {
          case HOLD, FAIL -> new Decision.Hold(meaning.advice());
          case PROCEED, RETRY, RESUME, RECONNECT ->
              new Decision.Retry(
                  policy.laneOf(meaning),
                  policy.pause(meaning, failures, now, random.nextDouble()),
                  false,
                  meaning.meaning());
        };
    return new ConnectionFailure(server, failures, now, failure, meaning, decision);
  }

  /**
   * Tells the listeners that a server cannot be used, and counts it if it blames the sender.
   *
   * @param failure as {@link #judge} made it
   */
  public void serverFailed(ConnectionFailure failure) {
    listeners.tell(listener -> listener.connectionFailed(failure));
    observe(
        failure.server(),
        Destination.relay(failure.server()),
        failure.failure(),
        failure.classification());
  }

  /**
   * Tells the listeners of something that failed after the verdict; it changes no outcome.
   *
   * @param what the step, from a small fixed set such as {@code close}
   * @param problem what it threw
   */
  public void housekeepingFailed(String what, Exception problem) {
    listeners.tell(listener -> listener.housekeepingFailed(what, problem));
  }

  /**
   * Tells the listeners, for callers that have events of their own. What they throw changes
   * nothing, except for an {@link Error}.
   *
   * @param event calls one method of the listener
   */
  public void tell(Consumer<DeliveryListener> event) {
    listeners.tell(event);
  }

  /** {@return what tells the time} */
  public InstantSource clock() {
    return clock;
  }

  /** {@return what draws the jitter} */
  public RandomGenerator random() {
    return random;
  }

  /** {@return what is asked before attempts, and knows how every destination stands} */
  public DestinationGuard guard() {
    return guard;
  }

  /** {@return the reputation alerts that are raised and not resolved} */
  public List<ReputationAlert> alerts() {
    return monitor.active();
  }

  /** Resolves alerts that have been quiet. Without this the next attempt does. */
  public void resolveQuiet() {
    monitor.resolveQuiet(clock.instant()).forEach(this::alerted);
  }

  /**
   * {@return when {@link #resolveQuiet} may have something to resolve; empty if no alert is raised}
   */
  public Optional<Instant> nextQuiet() {
    return monitor.nextQuiet();
  }

  void observe(
      String server, Destination destination, SmtpFailure failure, Classification classification) {
    monitor
        .observe(server, destination, failure, classification, clock.instant())
        .forEach(this::alerted);
  }

  private void alerted(ReputationAlert alert) {
    Optional<DestinationStatus> changed =
        guard.isEnabled() ? guard.alerted(alert) : Optional.empty();
    listeners.tell(listener -> listener.reputationAlert(alert));
    changed.ifPresent(this::destinationChanged);
  }

  void destinationChanged(DestinationStatus status) {
    listeners.tell(listener -> listener.destinationChanged(status));
  }

  /** The tries to open one connection. */
  private final class Connecting {
    private final String server;
    private final Connector connector;
    private AttemptHistory history;
    private int attempts;
    private Optional<ConnectionFailure> last = Optional.empty();

    Connecting(String server, Connector connector, Instant startedAt) {
      this.server = server;
      this.connector = connector;
      history = AttemptHistory.first(startedAt);
    }

    Optional<Duration> attempt() {
      attempts++;
      Optional<SmtpFailure> failure = connector.connect();
      if (failure.isEmpty()) {
        last = Optional.empty();
        return Optional.empty();
      }
      return judge(failure.get(), clock.instant());
    }

    private Optional<Duration> judge(SmtpFailure failure, Instant now) {
      Classification classification = classify(failure, server);
      Decision decision = policy.decide(classification, history, now, random.nextDouble());
      ConnectionFailure event =
          new ConnectionFailure(server, attempts, now, failure, classification, decision);
      last = Optional.of(event);
      listeners.tell(listener -> listener.connectionFailed(event));
      observe(server, Destination.relay(server), failure, classification);
      if (!(decision instanceof Decision.Retry retry)) {
        return Optional.empty();
      }
      history = history.after(retry);
      return Optional.of(retry.delay());
    }

    ConnectReport report() {
      return new ConnectReport(attempts, last);
    }
  }

  private boolean pause(Duration delay) {
    if (delay.isZero()) {
      return true;
    }
    try {
      waiter.await(delay);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Builds deliverers. Not thread-safe. */
  public static final class Builder {
    private final RetryPolicy policy;
    private final List<DeliveryListener> listeners = new ArrayList<>();
    private InstantSource clock = InstantSource.system();
    private Waiter waiter = Waiter.SLEEP;
    private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
    private RetryRegistry registry = RetryRegistry.ofDefaults();

    private Builder(RetryPolicy policy) {
      this.policy = Objects.requireNonNull(policy, "policy");
    }

    /**
     * Sets what tells the time; the system's clock by default. A seam for tests.
     *
     * @param clock the clock
     * @return this builder
     */
    public Builder clock(InstantSource clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /**
     * Sets what waits between attempts; the calling thread sleeps by default. A seam for tests.
     *
     * @param waiter the waiter
     * @return this builder
     */
    public Builder waiter(Waiter waiter) {
      this.waiter = Objects.requireNonNull(waiter, "waiter");
      return this;
    }

    /**
     * Sets what draws the jitter; must be thread-safe if deliveries are concurrent. A seam for
     * tests.
     *
     * @param random the source
     * @return this builder
     */
    public Builder random(RandomGenerator random) {
      this.random = Objects.requireNonNull(random, "random");
      return this;
    }

    /**
     * Adds a listener.
     *
     * @param listener is told after those added before
     * @return this builder
     */
    public Builder listener(DeliveryListener listener) {
      listeners.add(Objects.requireNonNull(listener, "listener"));
      return this;
    }

    /**
     * Adds a listener for reputation alerts alone.
     *
     * @param listener is told after those added before
     * @return this builder
     */
    public Builder alertListener(ReputationAlertListener listener) {
      Objects.requireNonNull(listener, "listener");
      return listener(
          new DeliveryListener() {
            @Override
            public void reputationAlert(ReputationAlert alert) {
              listener.reputationAlert(alert);
            }
          });
    }

    /**
     * Sets where the Resilience4j {@code Retry} that drives the loop is registered, under the name
     * {@code redeliver-} and the policy's name; a registry of its own by default.
     *
     * @param registry the registry
     * @return this builder
     */
    public Builder retryRegistry(RetryRegistry registry) {
      this.registry = Objects.requireNonNull(registry, "registry");
      return this;
    }

    /**
     * {@return the deliverer}
     *
     * @throws IllegalArgumentException if the policy's configuration asks for a listener that
     *     cannot be made
     */
    public Redeliverer build() {
      return new Redeliverer(this);
    }
  }
}
