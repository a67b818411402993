package dev.redeliver.metrics;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.delivery.RetryWait;
import dev.redeliver.delivery.SenderStatus;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.observation.ObservationRegistry;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Counts and times deliveries in Micrometer registries. Thread-safe.
 *
 * <p>It is the listener that hears the events and the binder that registers the meters:
 *
 * <pre>{@code
 * Redeliverer.builder(policy).listener(RedeliverMetrics.boundTo(registry, policy)).build()
 * }</pre>
 *
 * <p>Where a container binds {@link MeterBinder}s, make one with the constructor, give it to the
 * deliverer, and let the container call {@link #bindTo}. An event that comes before the first
 * binding is not counted; the first such event is logged as a warning.
 *
 * <p>It may be bound to several registries; each counts from its binding on. Binding the same
 * registry again changes nothing. Do not bind both a composite registry and a part of it, nor add
 * two of these to one deliverer for the same registry: that would count twice. Several deliverers
 * with one policy name add up in the same meters.
 *
 * <table>
 *   <caption>Meters, all tagged {@code mailer} (the policy's name) except the last</caption>
 *   <tr><th>name</th><th>type</th><th>further tags</th></tr>
 *   <tr><td>{@code redeliver.attempt}</td><td>timer: SMTP transactions</td>
 *       <td>{@code provider} ({@code mixed} for recipients at several); {@code kind}: first, retry
 *       (every later transaction of the message); {@code outcome}: delivered, partial, deferred,
 *       rejected, unknown</td></tr>
 *   <tr><td>{@code redeliver.schedule.lag}</td><td>timer with buckets: from when an attempt was due
 *       to when it began</td><td></td></tr>
 *   <tr><td>{@code redeliver.recipient.replies}</td><td>counter: results of attempts, per
 *       recipient</td><td>{@code provider}, {@code cause}, {@code disposition}: accepted, deferred,
 *       refused, unknown, held</td></tr>
 *   <tr><td>{@code redeliver.recipient.retries}</td><td>counter: decisions to try again, per
 *       recipient</td><td>{@code lane}</td></tr>
 *   <tr><td>{@code redeliver.retry.wait}</td><td>timer: pauses between attempts</td><td></td></tr>
 *   <tr><td>{@code redeliver.delivery}</td><td>timer with buckets: hand-over to outcome, per
 *       recipient; to the end of the delivery if deferred or held</td><td>{@code provider}, {@code
 *       outcome}: accepted, refused, unknown, deferred, held</td></tr>
 *   <tr><td>{@code redeliver.delivery.attempts}</td><td>summary with buckets: attempts used, per
 *       recipient</td><td>{@code outcome}, as before</td></tr>
 *   <tr><td>{@code redeliver.duplicate.risk}</td><td>counter: recipients that may get a second
 *       copy</td><td>{@code cause}: reply-lost</td></tr>
 *   <tr><td>{@code redeliver.reputation.alerts}</td><td>counter: alerts raised; one that becomes
 *       critical counts once more</td><td>{@code provider}, {@code cause}, {@code severity}:
 *       warning, critical</td></tr>
 *   <tr><td>{@code redeliver.reputation.alert.active}</td><td>gauge: destinations with an alert that
 *       is raised and not resolved</td><td>{@code provider}, {@code cause}</td></tr>
 *   <tr><td>{@code redeliver.reputation.last.alert}</td><td>gauge: time of the last alert, since
 *       1970; 0 if never</td><td>{@code provider}, {@code cause}</td></tr>
 *   <tr><td>{@code redeliver.provider.blocked}</td><td>gauge: 1 while any such alert is active, with
 *       or without a guard that pauses; else 0</td><td>{@code provider}</td></tr>
 *   <tr><td>{@code redeliver.destinations}</td><td>gauge: destinations that the guard holds
 *       back</td><td>{@code provider}, {@code state}: paced, paused, probing</td></tr>
 *   <tr><td>{@code redeliver.guard.changes}</td><td>counter: destinations that paused, were slowed
 *       down, or got mail again</td><td>{@code provider}, {@code state}: free, paced, paused,
 *       probing</td></tr>
 *   <tr><td>{@code redeliver.connection.failures}</td><td>counter: connections not opened outside of
 *       deliveries</td><td>{@code cause}</td></tr>
 *   <tr><td>{@code redeliver.housekeeping.failures}</td><td>counter: failures that changed no
 *       outcome</td><td>{@code what}: close, listener, notification, outbox, other</td></tr>
 *   <tr><td>{@code redeliver.backlog.messages}</td><td>gauge: messages in the hands of
 *       asynchronous senders</td><td>{@code state}: ready, sending, waiting</td></tr>
 *   <tr><td>{@code redeliver.backlog.oldest.age}</td><td>gauge: how long ago the oldest of them was
 *       handed over; 0 if there is none</td><td></td></tr>
 *   <tr><td>{@code redeliver.outbox.recipients}</td><td>gauge: recipients in an outbox without a final
 *       outcome; all processes that share its database say the same</td><td>{@code state}: new,
 *       deferred, held, transmitting</td></tr>
 *   <tr><td>{@code redeliver.outbox.oldest.age}</td><td>gauge: how long ago the oldest message there
 *       was handed over; 0 if there is none</td><td></td></tr>
 *   <tr><td>{@code redeliver.outbox.lag}</td><td>gauge: how long the queue that is due longest has
 *       waited for a process; 0 if none waits</td><td></td></tr>
 *   <tr><td>{@code redeliver.handover.rejections}</td><td>counter: messages that a sender did not
 *       accept</td><td>{@code reason}: full, closed, interrupted, invalid</td></tr>
 *   <tr><td>{@code redeliver.relay.state}</td><td>gauge: 1 for the state a sender's relay is
 *       in</td><td>{@code relay}, {@code state}: up, recovering, down, suspended, held</td></tr>
 *   <tr><td>{@code redeliver.connections}</td><td>gauge: connections of senders</td><td>{@code
 *       relay}, {@code state}: busy, idle</td></tr>
 *   <tr><td>{@code redeliver.connections.opened}</td><td>counter</td><td>{@code relay}</td></tr>
 *   <tr><td>{@code redeliver.connections.closed}</td><td>counter</td><td>{@code relay}, {@code
 *       reason}: messages, age, idle, broken, closed</td></tr>
 *   <tr><td>{@code redeliver.build.info}</td><td>gauge: 1</td><td>{@code version}</td></tr>
 * </table>
 *
 * <p>{@code cause}, {@code lane} and {@code provider} are the words of {@link
 * dev.redeliver.classify.Cause}, {@link dev.redeliver.classify.Lane} and {@link
 * dev.redeliver.classify.MailboxProvider}. The provider follows from the recipient's domain; of an
 * alert and of what the guard does, from the {@link dev.redeliver.reputation.Destination}. A
 * recipient domain of {@link RetryPolicy#metricsDomains()} is a provider of its own, in lower case,
 * unless its known provider is whom an alert is about. {@code relay} is a relay's place in its
 * sender's list, from 1. No tag ever holds an address, another domain, a server's name or its text.
 *
 * <p>The meters of senders, of outboxes and of the guard are there once there is one. Rare counters
 * exist at 0 from the start, or from a provider's first attempt on.
 *
 * <p>An alert counts as active until the deliverer resolves it, or until no signal came for the
 * policy's alert window by the registry's clock, whichever is first; no traffic is needed. The
 * guard is asked once a second at most, by the same clock.
 *
 * <p>With an {@link ObservationRegistry}, each attempt is observed as {@code
 * redeliver.smtp.attempt} ({@link RedeliverObservation}), from {@link #attemptStarted} to after its
 * meters have been counted: they have the attempt's own trace as exemplar. One that is withdrawn
 * ends with the outcome {@code withdrawn}. Nothing is written to the mail.
 */
public final class RedeliverMetrics implements DeliveryListener, MeterBinder {
  private static final System.Logger LOGGER = System.getLogger("dev.redeliver.metrics");

  private final RetryPolicy policy;
  private final System.Logger logger;
  private final List<Meters> bound = new CopyOnWriteArrayList<>();
  private final Set<Supplier<SenderStatus>> senders = new LinkedHashSet<>();
  private final Set<Supplier<OutboxStatus>> outboxes = new LinkedHashSet<>();
  private final List<WeakReference<Supplier<List<DestinationStatus>>>> guards = new ArrayList<>();
  private final AtomicBoolean warned = new AtomicBoolean();
  private final AttemptObservations observations;

  /**
   * Makes an instance that counts as soon as it is bound.
   *
   * @param policy the policy whose deliveries it hears: its name is the tag {@code mailer}, its
   *     alert window ends alerts
   */
  public RedeliverMetrics(RetryPolicy policy) {
    this(policy, ObservationRegistry.NOOP);
  }

  /**
   * Makes an instance that counts as soon as it is bound, and observes attempts at once.
   *
   * @param policy the policy whose deliveries it hears
   * @param observations where attempts are observed
   */
  public RedeliverMetrics(RetryPolicy policy, ObservationRegistry observations) {
    this(policy, AttemptObservations.usual(policy, observations), LOGGER);
  }

  /**
   * The same, with other names.
   *
   * @param policy the policy whose deliveries it hears
   * @param observations where attempts are observed
   * @param convention names the observations and what is told of them
   */
  public RedeliverMetrics(
      RetryPolicy policy,
      ObservationRegistry observations,
      AttemptObservationConvention convention) {
    this(policy, new AttemptObservations(policy, observations, convention), LOGGER);
  }

  RedeliverMetrics(RetryPolicy policy, AttemptObservations observations, System.Logger logger) {
    this.policy = policy;
    this.observations = observations;
    this.logger = logger;
  }

  /**
   * {@return an instance that counts from the start}
   *
   * @param registry where the meters are registered
   * @param policy the policy whose deliveries it hears
   */
  public static RedeliverMetrics boundTo(MeterRegistry registry, RetryPolicy policy) {
    return boundTo(registry, policy, ObservationRegistry.NOOP);
  }

  /**
   * {@return an instance that counts and observes from the start}
   *
   * @param registry where the meters are registered
   * @param policy the policy whose deliveries it hears
   * @param observations where attempts are observed
   */
  public static RedeliverMetrics boundTo(
      MeterRegistry registry, RetryPolicy policy, ObservationRegistry observations) {
    RedeliverMetrics metrics = new RedeliverMetrics(policy, observations);
    metrics.bindTo(registry);
    return metrics;
  }

  /**
   * Registers the meters. May be called at any time, for several registries.
   *
   * @param registry where the meters are registered
   */
  @Override
  public synchronized void bindTo(MeterRegistry registry) {
    Objects.requireNonNull(registry, "registry");
    if (bound.stream().noneMatch(meters -> meters.isIn(registry))) {
      Meters meters = new Meters(registry, policy);
      senders.forEach(meters.senders()::opened);
      outboxes.forEach(meters.outboxes()::opened);
      guards.stream()
          .map(WeakReference::get)
          .filter(Objects::nonNull)
          .forEach(meters.guards()::opened);
      bound.add(meters);
    }
  }

  @Override
  public void attemptStarted(Envelope envelope) {
    observations.started(envelope);
  }

  @Override
  public void attemptWithdrawn(Envelope envelope) {
    observations.withdrawn(envelope);
  }

  /** Meters first: what they keep as an example of a value belongs to the attempt's own span. */
  @Override
  public void attemptFinished(Attempt attempt) {
    try {
      each(meters -> meters.attemptFinished(attempt));
    } finally {
      observations.finished(attempt);
    }
  }

  @Override
  public void retryScheduled(RetryWait wait) {
    each(meters -> meters.retryScheduled(wait.delay()));
  }

  @Override
  public void deliveryFinished(DeliveryReport report) {
    each(meters -> meters.deliveryFinished(report));
  }

  @Override
  public void connectionFailed(ConnectionFailure failure) {
    each(meters -> meters.connectionFailed(failure));
  }

  @Override
  public void reputationAlert(ReputationAlert alert) {
    each(meters -> meters.alerts().changed(alert));
  }

  @Override
  public synchronized void guardOpened(Supplier<List<DestinationStatus>> status) {
    guards.removeIf(guard -> guard.refersTo(null));
    guards.add(new WeakReference<>(status));
    bound.forEach(meters -> meters.guards().opened(status));
  }

  @Override
  public void destinationChanged(DestinationStatus destination) {
    each(meters -> meters.guards().changed(destination));
  }

  @Override
  public synchronized void senderOpened(Supplier<SenderStatus> status) {
    senders.add(status);
    bound.forEach(meters -> meters.senders().opened(status));
  }

  @Override
  public synchronized void senderClosed(Supplier<SenderStatus> status) {
    senders.remove(status);
    bound.forEach(meters -> meters.senders().closed(status));
  }

  @Override
  public synchronized void outboxOpened(Supplier<OutboxStatus> status) {
    outboxes.add(status);
    bound.forEach(meters -> meters.outboxes().opened(status));
  }

  @Override
  public synchronized void outboxClosed(Supplier<OutboxStatus> status) {
    outboxes.remove(status);
    bound.forEach(meters -> meters.outboxes().closed(status));
  }

  @Override
  public void connectionOpened(RelayStatus relay) {
    each(meters -> meters.senders().connectionOpened(relay));
  }

  @Override
  public void connectionClosed(RelayStatus relay, String reason) {
    each(meters -> meters.senders().connectionClosed(relay, reason));
  }

  @Override
  public void handoverRejected(String reason) {
    each(meters -> meters.senders().rejected(reason));
  }

  @Override
  public void housekeepingFailed(String what, Exception problem) {
    each(meters -> meters.housekeepingFailed(what));
  }

  private void each(Consumer<Meters> event) {
    if (bound.isEmpty() && warned.compareAndSet(false, true)) {
      logger.log(
          System.Logger.Level.WARNING,
          "deliveries of ''{0}'' are not counted yet: bind RedeliverMetrics to a registry first",
          policy.name());
    }
    bound.forEach(event);
  }
}
