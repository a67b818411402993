package dev.redeliver.delivery;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.policy.AttemptHistory;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.Leave;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One message on its way, attempt by attempt, for callers that do their own waiting. The blocking
 * loop of {@link Redeliverer#deliver} is the same steps with sleeps between them:
 *
 * <pre>{@code
 * Delivery delivery = redeliverer.begin(envelope);
 * List<Recipient> due = delivery.begin();
 * Optional<Duration> delay = delivery.end(submitter.attempt(due));
 * // as long as there is a delay: wait, begin, end; where begin gives nobody, untilNext instead of end
 * DeliveryReport report = delivery.finish();
 * }</pre>
 *
 * <p>Not thread-safe: one thread at a time, and what one does must be visible to the next.
 */
public final class Delivery {
  private final Redeliverer owner;
  private final Ledger ledger;
  private final RetryEngine.Loop loop;
  private final Optional<Destination> relay;
  private final RetryPolicy policy;
  private @Nullable Beginning beginning;

  /** An attempt that has not ended. */
  private record Beginning(Instant at, Instant dueAt, List<Recipient> due, Passage passage) {}

  Delivery(
      Redeliverer owner, Resumption message, RetryEngine.Loop loop, Optional<Destination> relay) {
    this.owner = owner;
    this.loop = loop;
    this.relay = relay;
    ledger = new Ledger(message);
    policy = owner.policyFor(message);
  }

  /** {@return whom the message is for} */
  public Envelope envelope() {
    return ledger.envelope();
  }

  /** {@return when the message was handed over} */
  public Instant startedAt() {
    return ledger.startedAt();
  }

  /** {@return the last moment at which an attempt may start} */
  public Instant deadline() {
    return ledger.startedAt().plus(policy.deadline());
  }

  /**
   * {@return where every recipient stands, in the order of the envelope: all that has to be kept
   * until {@link Redeliverer#resume}}
   */
  public List<RecipientState> states() {
    return ledger.states();
  }

  /** {@return SMTP transactions made, uncounted ones too} */
  public int transactions() {
    return ledger.transactions();
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
   * Begins an attempt. It counts only once it ends: one that cannot be made, because there is no
   * connection to be had, is {@linkplain #withdraw() withdrawn} and may be begun again later.
   *
   * @return whom it is for: everybody whose time has come and whose destination wants mail now.
   *     Nobody, if none does: then nothing was begun, and {@link #untilNext()} says when to begin
   * @throws IllegalStateException if nobody waits for an attempt any more
   */
  public List<Recipient> begin() {
    withdraw();
    Instant now = owner.clock().instant();
    List<Recipient> due = ledger.due(now);
    if (due.isEmpty()) {
      throw new IllegalStateException("nobody waits for an attempt");
    }
    Instant dueAt = ledger.dueAt(due);
    Passage passage = Passage.ask(owner.guard(), relay, due);
    passage
        .postponed()
        .forEach(
            (recipient, leave) ->
                ledger.postpone(recipient, now, until(leave, now), deadline(), leave.why()));
    List<Recipient> allowed = passage.allowed();
    if (!allowed.isEmpty()) {
      tellStarted(passage);
      beginning = new Beginning(now, dueAt, allowed, passage);
    }
    return allowed;
  }

  /** An estimate must not end a delivery: it is asked again at the deadline. */
  private Instant until(Leave.Postponed leave, Instant now) {
    boolean wait =
        leave.isEstimate() && leave.until().isAfter(deadline()) && now.isBefore(deadline());
    return wait ? deadline() : leave.until();
  }

  private void tellStarted(Passage passage) {
    try {
      owner.tell(listener -> listener.attemptStarted(ledger.envelope()));
    } catch (Error e) {
      passage.abandon();
      throw e;
    }
  }

  /** {@return how long to wait before an attempt is begun; empty if nobody waits for one} */
  public Optional<Duration> untilNext() {
    Instant now = owner.clock().instant();
    return ledger.nextDue().map(next -> notNegative(Duration.between(now, next)));
  }

  /** Takes back an attempt that was begun and not made. Does nothing if there is none. */
  public void withdraw() {
    Beginning begun = beginning;
    if (begun != null) {
      beginning = null;
      begun.passage().abandon();
      owner.tell(listener -> listener.attemptWithdrawn(ledger.envelope()));
    }
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
    Instant end = owner.clock().instant();
    List<RecipientAttempt> outcomes = new ArrayList<>();
    List<DestinationStatus> changed;
    try {
      ledger.begin(begun.due());
      outcomes.addAll(new Judgement(result, end).of(begun.due()));
      outcomes.forEach(ledger::merge);
      tellFinished(begun, end, result, outcomes);
    } finally {
      // Whatever a listener throws: a permit that is kept would close the destination for ever.
      changed = begun.passage().settle(result, outcomes);
    }
    changed.forEach(owner::destinationChanged);
    return next(end);
  }

  /**
   * Ends an attempt that was begun in a process that is no more. Whoever is due may have the
   * message, for all that is known; the guard has nothing to do with it.
   *
   * @param server the host that it was made to; empty if that is not known
   * @param why what is known, for people
   * @return how long to wait before the next attempt is begun; empty if there is none
   */
  public Optional<Duration> endLost(String server, String why) {
    withdraw();
    Instant now = owner.clock().instant();
    List<Recipient> due = ledger.due(now);
    SmtpFailure failure =
        new SmtpFailure.Disconnected(SmtpStage.END_OF_DATA, SmtpFailure.Fault.LOST, why);
    Map<Recipient, RecipientResult> results = new HashMap<>();
    due.forEach(recipient -> results.put(recipient, new RecipientResult.Unknown(failure)));
    Passage none = Passage.unasked(owner.guard());
    tellStarted(none);
    beginning = new Beginning(now, ledger.dueAt(due), due, none);
    return end(new AttemptResult(server, false, results));
  }

  private void tellFinished(
      Beginning begun, Instant end, AttemptResult result, List<RecipientAttempt> outcomes) {
    Attempt attempt =
        new Attempt(
            ledger.envelope(),
            result.server(),
            ledger.transactions(),
            begun.dueAt(),
            begun.at(),
            Duration.between(begun.at(), end),
            result.connectionReused(),
            outcomes);
    UnknownLog.tell(attempt);
    owner.tell(listener -> listener.attemptFinished(attempt));
    watchReputation(attempt);
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
    IdentityHashMap<SmtpFailure, Set<Destination>> seen = new IdentityHashMap<>();
    for (RecipientAttempt recipient : attempt.recipients()) {
      SmtpFailure failure = recipient.failure().orElse(null);
      Classification meaning = recipient.classification().orElse(null);
      if (failure == null || meaning == null) {
        continue;
      }
      Destination destination = destination(attempt.server(), recipient, failure, meaning);
      if (seen.computeIfAbsent(failure, unused -> new HashSet<>()).add(destination)) {
        owner.observe(attempt.server(), destination, failure, meaning);
      }
    }
  }

  /** What comes before a recipient is named, or is about our account, is the relay's word. */
  private static Destination destination(
      String server, RecipientAttempt recipient, SmtpFailure failure, Classification meaning) {
    boolean ofRelay =
        failure.stage().compareTo(SmtpStage.RCPT) < 0 || meaning.cause() == Cause.SENDER_SUSPENDED;
    return ofRelay
        ? Destination.relay(server)
        : Destination.ofDomain(recipient.recipient().domain());
  }

  /**
   * Puts off the attempts at one destination. Where that is beyond the deadline, whoever waits for
   * one is left with that time as the one at which the attempt would be right.
   *
   * @param destination where to
   * @param until when the next attempt there may be made
   * @param why the reason, for people
   */
  public void postpone(Destination destination, Instant until, String why) {
    Instant now = owner.clock().instant();
    for (Recipient recipient : ledger.dueAt(until)) {
      if (Destination.ofDomain(recipient.domain()).equals(destination)) {
        ledger.postpone(recipient, now, until, deadline(), why);
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

  /**
   * Lets go of a delivery that goes on later, maybe in another process: {@link #states()} has been
   * kept. To be called once, instead of {@link #finish()}. The listeners get a report of those
   * recipients that do not go on, if there are any.
   *
   * @param ended which do not
   */
  public void suspend(Predicate<RecipientReport> ended) {
    withdraw();
    DeliveryReport all = report();
    List<RecipientReport> over = all.recipients().stream().filter(ended).toList();
    if (over.isEmpty()) {
      owner.tell(listener -> listener.deliverySuspended(ledger.envelope()));
      return;
    }
    DeliveryReport part =
        new DeliveryReport(
            all.envelope(), all.startedAt(), all.finishedAt(), all.transactions(), over);
    owner.tell(listener -> listener.deliveryFinished(part));
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
      Decision decision = policy.decide(classification, history, end, draw);
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
