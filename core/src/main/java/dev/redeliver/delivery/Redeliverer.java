package dev.redeliver.delivery;

import dev.redeliver.classify.Classification;
import dev.redeliver.policy.AttemptHistory;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.reputation.ReputationMonitor;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import io.github.resilience4j.retry.RetryRegistry;
import java.lang.ref.SoftReference;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

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
  private final RetryEngine engine;

  private Redeliverer(Builder builder) {
    policy = builder.policy;
    otherwise = policy.toBuilder().unknownOutcome(other(policy.unknownOutcome())).build();
    clock = builder.clock;
    waiter = builder.waiter;
    random = builder.random;
    List<DeliveryListener> all = new ArrayList<>(builder.listeners);
    all.addAll(ConfiguredListeners.of(policy));
    listeners = new Listeners(all);
    monitor = new ReputationMonitor(policy.alertThreshold(), policy.alertWindow());
    engine = new RetryEngine(builder.registry, "redeliver-" + policy.name());
  }

  private static UnknownOutcome other(UnknownOutcome choice) {
    return choice == UnknownOutcome.RESEND ? UnknownOutcome.REPORT : UnknownOutcome.RESEND;
  }

  /** A message may have its own mind about an unknown outcome. */
  private RetryPolicy policyFor(Envelope envelope) {
    return envelope.unknownOutcome().orElse(policy.unknownOutcome()) == policy.unknownOutcome()
        ? policy
        : otherwise;
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

  /** {@return what time it is by the deliverer's clock} */
  public Instant now() {
    return clock.instant();
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
    Ledger ledger = new Ledger(envelope, clock.instant());
    listeners.tell(listener -> listener.deliveryStarted(envelope));
    engine.run(new DeliveryWork(ledger, submitter));
    DeliveryReport report = ledger.report(clock.instant());
    listeners.tell(listener -> listener.deliveryFinished(report));
    return report;
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
    ConnectWork work = new ConnectWork(server, connector, clock.instant());
    engine.run(work);
    return work.report();
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

  private void observe(String server, SmtpFailure failure, Classification classification) {
    List<ReputationAlert> changes =
        monitor.observe(server, failure, classification, clock.instant());
    changes.forEach(alert -> listeners.tell(listener -> listener.reputationAlert(alert)));
  }

  /** One delivery in the hands of the engine. */
  private final class DeliveryWork implements RetryEngine.Work {
    private final Ledger ledger;
    private final Submitter submitter;

    DeliveryWork(Ledger ledger, Submitter submitter) {
      this.ledger = ledger;
      this.submitter = submitter;
    }

    @Override
    public Optional<Duration> attempt() {
      Instant begin = clock.instant();
      List<Recipient> due = ledger.begin(begin);
      AttemptResult result = submit(due);
      Instant end = clock.instant();
      List<RecipientAttempt> outcomes = judge(due, result, end);
      outcomes.forEach(ledger::merge);
      Attempt attempt =
          new Attempt(
              ledger.envelope(),
              result.server(),
              ledger.transactions(),
              begin,
              Duration.between(begin, end),
              result.connectionReused(),
              outcomes);
      UnknownLog.tell(attempt);
      listeners.tell(listener -> listener.attemptFinished(attempt));
      watchReputation(attempt);
      return ledger.nextDue().map(next -> notNegative(Duration.between(end, next)));
    }

    /** What a submitter throws says nothing about what the server has: the outcome is unknown. */
    private AttemptResult submit(List<Recipient> due) {
      try {
        return submitter.attempt(due);
      } catch (RuntimeException problem) {
        SmtpFailure failure =
            new SmtpFailure.Local(
                SmtpStage.END_OF_DATA, SmtpFailure.Problem.OTHER, problem.toString());
        Map<Recipient, RecipientResult> results = new HashMap<>();
        due.forEach(recipient -> results.put(recipient, new RecipientResult.Unknown(failure)));
        return new AttemptResult("", false, results);
      }
    }

    private List<RecipientAttempt> judge(List<Recipient> due, AttemptResult result, Instant end) {
      double draw = random.nextDouble();
      boolean progress =
          result.results().values().stream().anyMatch(RecipientResult.Accepted.class::isInstance);
      List<RecipientAttempt> outcomes = new ArrayList<>(due.size());
      for (Recipient recipient : due) {
        RecipientResult outcome = result.results().getOrDefault(recipient, unreported());
        outcomes.add(judge(recipient, outcome, result, progress, end, draw));
      }
      return outcomes;
    }

    private RecipientAttempt judge(
        Recipient recipient,
        RecipientResult outcome,
        AttemptResult result,
        boolean progress,
        Instant end,
        double draw) {
      int number = ledger.attempts(recipient);
      if (outcome instanceof RecipientResult.Accepted) {
        return new RecipientAttempt(
            recipient, number, end, outcome, Optional.empty(), Optional.empty());
      }
      boolean unknown = outcome instanceof RecipientResult.Unknown;
      SmtpFailure failure = failureOf(outcome);
      Classification classification = policy.classifier().classify(failure);
      boolean stale = !unknown && result.connectionReused() && isStaleConnection(failure);
      AttemptHistory history = ledger.history(recipient, stale, progress, unknown);
      Decision decision = policyFor(ledger.envelope()).decide(classification, history, end, draw);
      return new RecipientAttempt(
          recipient, number, end, outcome, Optional.of(classification), Optional.of(decision));
    }

    /** One answer to MAIL concerns all recipients, but is one signal: identity tells. */
    private void watchReputation(Attempt attempt) {
      Set<SmtpFailure> seen = Collections.newSetFromMap(new IdentityHashMap<>());
      for (RecipientAttempt recipient : attempt.recipients()) {
        recipient
            .failure()
            .filter(seen::add)
            .flatMap(failure -> recipient.classification().map(c -> Map.entry(failure, c)))
            .ifPresent(both -> observe(attempt.server(), both.getKey(), both.getValue()));
      }
    }

    @Override
    public boolean await(Duration delay) {
      Instant next = ledger.nextDue().orElseGet(clock::instant);
      RetryWait wait = new RetryWait(ledger.envelope(), ledger.dueAt(next), delay, next);
      return pause(delay, () -> listeners.tell(listener -> listener.retryScheduled(wait)));
    }

    @Override
    public void interrupted() {
      ledger.interrupt();
    }

    @Override
    public boolean succeeded() {
      return ledger.report(clock.instant()).isComplete();
    }
  }

  /** One connection in the hands of the engine. */
  private final class ConnectWork implements RetryEngine.Work {
    private final String server;
    private final Connector connector;
    private AttemptHistory history;
    private int attempts;
    private Optional<ConnectionFailure> last = Optional.empty();

    ConnectWork(String server, Connector connector, Instant startedAt) {
      this.server = server;
      this.connector = connector;
      history = AttemptHistory.first(startedAt);
    }

    @Override
    public Optional<Duration> attempt() {
      attempts++;
      Optional<SmtpFailure> failure = connector.connect();
      if (failure.isEmpty()) {
        last = Optional.empty();
        return Optional.empty();
      }
      return judge(failure.get(), clock.instant());
    }

    private Optional<Duration> judge(SmtpFailure failure, Instant now) {
      Classification classification = policy.classifier().classify(failure);
      Decision decision = policy.decide(classification, history, now, random.nextDouble());
      ConnectionFailure event =
          new ConnectionFailure(server, attempts, now, failure, classification, decision);
      last = Optional.of(event);
      listeners.tell(listener -> listener.connectionFailed(event));
      observe(server, failure, classification);
      if (!(decision instanceof Decision.Retry retry)) {
        return Optional.empty();
      }
      history = history.after(retry);
      return Optional.of(retry.delay());
    }

    @Override
    public boolean await(Duration delay) {
      return pause(delay, () -> {});
    }

    @Override
    public void interrupted() {
      // The last failure stands as the reason: the report needs nothing more.
    }

    @Override
    public boolean succeeded() {
      return last.isEmpty();
    }

    ConnectReport report() {
      return new ConnectReport(attempts, last);
    }
  }

  private boolean pause(Duration delay, Runnable announcement) {
    if (delay.isZero()) {
      return true;
    }
    announcement.run();
    try {
      waiter.await(delay);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static Duration notNegative(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  private static RecipientResult unreported() {
    return new RecipientResult.Unknown(
        new SmtpFailure.Local(
            SmtpStage.END_OF_DATA,
            SmtpFailure.Problem.OTHER,
            "the submitter reported nothing for this recipient"));
  }

  private static SmtpFailure failureOf(RecipientResult outcome) {
    return outcome instanceof RecipientResult.Unknown unknown
        ? unknown.failure()
        : ((RecipientResult.Failed) outcome).failure();
  }

  /**
   * A server that had closed an idle connection says so, or nothing, where MAIL's reply belongs.
   */
  private static boolean isStaleConnection(SmtpFailure failure) {
    if (failure.stage() != SmtpStage.MAIL) {
      return false;
    }
    if (failure instanceof SmtpFailure.Refused refused) {
      return refused.reply().code() == 421
          || refused
              .reply()
              .agreeingStatus()
              .filter(status -> status.toString().equals("4.4.2"))
              .isPresent();
    }
    return failure instanceof SmtpFailure.Disconnected;
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
