package dev.redeliver.delivery;

import dev.redeliver.classify.Classification;
import dev.redeliver.policy.AttemptHistory;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One message on its way, attempt by attempt, for callers that do their own waiting. The blocking
 * loop of {@link Redeliverer#deliver} is the same steps with sleeps between them:
 *
 * <pre>{@code
 * Delivery delivery = redeliverer.begin(envelope);
 * List<Recipient> due = delivery.begin();
 * Optional<Duration> delay = delivery.end(submitter.attempt(due));
 * // as long as there is a delay: wait, begin, end
 * DeliveryReport report = delivery.finish();
 * }</pre>
 *
 * <p>Not thread-safe: one thread at a time, and what one does must be visible to the next.
 */
public final class Delivery {
  private final Redeliverer owner;
  private final Ledger ledger;
  private final RetryEngine.Loop loop;
  private @Nullable Beginning beginning;

  /** An attempt that has not ended. */
  private record Beginning(Instant at, List<Recipient> due) {}

  Delivery(Redeliverer owner, Envelope envelope, RetryEngine.Loop loop) {
    this.owner = owner;
    this.loop = loop;
    ledger = new Ledger(envelope, owner.clock().instant());
  }

  /** {@return whom the message is for} */
  public Envelope envelope() {
    return ledger.envelope();
  }

  /** {@return the last moment at which an attempt may start} */
  public Instant deadline() {
    return ledger.startedAt().plus(owner.policy().deadline());
  }

  /** {@return the recipients that the next attempt is for, should it start in time; may be none} */
  public List<Recipient> waiting() {
    return ledger.nextDue().map(ledger::dueAt).orElse(List.of());
  }

  /** {@return when the next attempt is due; empty if nobody waits for one} */
  public Optional<Instant> nextDue() {
    return ledger.nextDue();
  }

  /**
   * {@return whether a server may have the message although it is to be sent again} Only the same
   * server may recognise the copy.
   */
  public boolean isOutcomeUnknown() {
    return ledger.isOutcomeUnknown();
  }

  /**
   * Begins an attempt. It counts only once it ends: an attempt that cannot be made, because there
   * is no connection to be had, may simply be begun again later.
   *
   * @return whom it is for: everybody whose time has come, at least one
   * @throws IllegalStateException if nobody waits for an attempt any more
   */
  public List<Recipient> begin() {
    Instant now = owner.clock().instant();
    List<Recipient> due = ledger.due(now);
    if (due.isEmpty()) {
      throw new IllegalStateException("nobody waits for an attempt");
    }
    beginning = new Beginning(now, due);
    return due;
  }

  /**
   * Ends the attempt: judges its facts, decides for each recipient, and tells the listeners.
   *
   * @param result the facts
   * @return how long to wait before the next attempt is begun; empty if there is none
   * @throws IllegalStateException if no attempt was begun
   */
  public Optional<Duration> end(AttemptResult result) {
    Beginning begun = beginning;
    if (begun == null) {
      throw new IllegalStateException("no attempt was begun");
    }
    beginning = null;
    ledger.begin(begun.due());
    Instant end = owner.clock().instant();
    List<RecipientAttempt> outcomes = new Judgement(result, end).of(begun.due());
    outcomes.forEach(ledger::merge);
    Attempt attempt =
        new Attempt(
            ledger.envelope(),
            result.server(),
            ledger.transactions(),
            begun.at(),
            Duration.between(begun.at(), end),
            result.connectionReused(),
            outcomes);
    UnknownLog.tell(attempt);
    owner.tell(listener -> listener.attemptFinished(attempt));
    watchReputation(attempt);
    return next(end);
  }

  private Optional<Duration> next(Instant end) {
    Optional<Instant> due = ledger.nextDue();
    Optional<Duration> delay = due.map(next -> notNegative(Duration.between(end, next)));
    if (!loop.goesOn(delay)) {
      return Optional.empty();
    }
    if (due.isPresent() && !delay.orElse(Duration.ZERO).isZero()) {
      RetryWait wait =
          new RetryWait(
              ledger.envelope(), ledger.dueAt(due.get()), delay.orElse(Duration.ZERO), due.get());
      owner.tell(listener -> listener.retryScheduled(wait));
    }
    return delay;
  }

  private static Duration notNegative(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  /** One answer to MAIL concerns all recipients, but is one signal: identity tells. */
  private void watchReputation(Attempt attempt) {
    Set<SmtpFailure> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (RecipientAttempt recipient : attempt.recipients()) {
      Optional<SmtpFailure> failure = recipient.failure();
      if (failure.isPresent()
          && recipient.classification().isPresent()
          && seen.add(failure.get())) {
        owner.observe(attempt.server(), failure.get(), recipient.classification().get());
      }
    }
  }

  /**
   * Stops without another attempt. Whoever waits for one is left with the reason, and with the time
   * at which the attempt would have been right. Changes nothing for all others.
   *
   * @param reason what is spent
   * @param why the reason, for people
   */
  public void stop(Decision.Reason reason, String why) {
    ledger.stop(owner.clock().instant(), reason, why);
  }

  /**
   * Stops without another attempt, because no server can be reached, or none takes our set-up. This
   * is no attempt; whoever waits for one is left with the decision.
   *
   * @param obstacle why no attempt can be made
   * @param decision what follows: a hold, or a give-up
   */
  public void stop(ConnectionFailure obstacle, Decision decision) {
    ledger.stop(owner.clock().instant(), obstacle, decision);
  }

  /**
   * Ends the delivery and tells the listeners. To be called once, when nobody waits any more.
   *
   * @return what became of every recipient
   */
  public DeliveryReport finish() {
    DeliveryReport report = report();
    loop.end(report.isComplete());
    owner.tell(listener -> listener.deliveryFinished(report));
    return report;
  }

  /** {@return what has become of every recipient so far} */
  public DeliveryReport report() {
    return ledger.report(owner.clock().instant());
  }

  /** What one attempt means for its recipients. */
  private final class Judgement {
    private final AttemptResult result;
    private final Instant end;
    private final double draw;
    private final boolean progress;
    private @Nullable SmtpFailure latest;
    private @Nullable Classification meaning;

    Judgement(AttemptResult result, Instant end) {
      this.result = result;
      this.end = end;
      draw = owner.random().nextDouble();
      progress =
          result.results().values().stream().anyMatch(RecipientResult.Accepted.class::isInstance);
    }

    List<RecipientAttempt> of(List<Recipient> due) {
      List<RecipientAttempt> outcomes = new ArrayList<>(due.size());
      for (Recipient recipient : due) {
        RecipientResult outcome = result.results().get(recipient);
        outcomes.add(of(recipient, outcome == null ? unreported() : outcome));
      }
      return outcomes;
    }

    private RecipientAttempt of(Recipient recipient, RecipientResult outcome) {
      int number = ledger.attempts(recipient);
      if (outcome instanceof RecipientResult.Accepted) {
        return new RecipientAttempt(
            recipient, number, end, outcome, Optional.empty(), Optional.empty());
      }
      boolean unknown = outcome instanceof RecipientResult.Unknown;
      SmtpFailure failure = failureOf(outcome);
      Classification classification = classify(failure);
      boolean stale = !unknown && result.isStale(failure);
      AttemptHistory history = ledger.history(recipient, stale, progress, unknown);
      Decision decision =
          owner.policyFor(ledger.envelope()).decide(classification, history, end, draw);
      return new RecipientAttempt(
          recipient, number, end, outcome, Optional.of(classification), Optional.of(decision));
    }

    /** What ends a transaction is the same object for all recipients, and is read once. */
    private Classification classify(SmtpFailure failure) {
      Classification known = meaning;
      if (known == null || failure != latest) {
        known = owner.classify(failure, result.server());
        latest = failure;
        meaning = known;
      }
      return known;
    }
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
}
