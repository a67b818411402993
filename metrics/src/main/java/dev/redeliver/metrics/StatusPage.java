package dev.redeliver.metrics;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RetryWait;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A page for operators: which messages are pending and why, what waits in an outbox, how every
 * destination stands, which reputation alerts are raised, and what servers answered last, with what
 * that means. Thread-safe.
 *
 * <pre>{@code
 * StatusPage page = new StatusPage(policy);
 * Redeliverer redeliverer = Redeliverer.builder(policy).listener(page).build();
 * // where the application answers a request for it:
 * response.setContentType("text/html; charset=utf-8");
 * response.setHeader("Content-Security-Policy", StatusPage.CONTENT_SECURITY_POLICY);
 * response.getWriter().write(page.html(redeliverer));
 * }</pre>
 *
 * <p>It knows no web server, and asks nobody who they are: serve it where only operators get to.
 * What servers say is escaped; the page runs no script, and loads nothing. How much of an address
 * it shows is what {@link RetryPolicy#logAddresses()} says.
 *
 * <p>A message is pending from its hand-over until its delivery ends; what is then left to the
 * application or to an outbox is no longer; what waits in the outboxes that the deliverer sends
 * from is counted. At most {@value #MAX_PENDING} pending messages are remembered, beyond which they
 * are counted only, and {@value #MAX_FAILURES} failures.
 */
public final class StatusPage implements DeliveryListener {
  /** The most pending messages that are remembered. */
  public static final int MAX_PENDING = 10_000;

  /** The most failures that are remembered. */
  public static final int MAX_FAILURES = 50;

  /** The most rows of each kind that are shown. */
  public static final int MAX_SHOWN = 100;

  /** What to send with the page as {@code Content-Security-Policy}. */
  public static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";

  private static final Comparator<DestinationStatus> SHUT_FIRST =
      Comparator.comparing(StatusPage::rank)
          .thenComparing(status -> status.destination().name())
          .thenComparing(status -> status.destination().kind());

  private static final Comparator<ReputationAlert> LATEST_FIRST =
      Comparator.comparing(ReputationAlert::lastSeen).reversed();

  private final String mailer;
  private final InstantSource clock;
  private final Explainer explainer;

  /** Two deliveries of equal envelopes are two; the deliverer gives each event the same object. */
  private final IdentityHashMap<Envelope, PendingMessage> pending = new IdentityHashMap<>();

  private final Deque<Incident> incidents = new ArrayDeque<>();
  private final Set<Supplier<OutboxStatus>> outboxes = new CopyOnWriteArraySet<>();
  private int running;
  private long seen;

  /**
   * Makes a page without history.
   *
   * @param policy the policy of the deliverer that it listens to
   */
  public StatusPage(RetryPolicy policy) {
    this(policy, InstantSource.system());
  }

  /**
   * Makes a page without history.
   *
   * @param policy the policy of the deliverer that it listens to
   * @param clock the deliverer's clock
   */
  public StatusPage(RetryPolicy policy, InstantSource clock) {
    this.clock = Objects.requireNonNull(clock, "clock");
    mailer = policy.name();
    explainer = new Explainer(policy.logAddresses());
  }

  @Override
  public void deliveryStarted(Envelope envelope) {
    Instant now = clock.instant();
    synchronized (this) {
      running++;
      remember(envelope, Optional.of(now));
    }
  }

  private void remember(Envelope envelope, Optional<Instant> handedOverAt) {
    if (pending.size() < MAX_PENDING && !pending.containsKey(envelope)) {
      pending.put(envelope, new PendingMessage(envelope, seen++, handedOverAt));
    }
  }

  @Override
  public synchronized void deliverySuspended(Envelope envelope) {
    running--;
    pending.remove(envelope);
  }

  @Override
  public void attemptStarted(Envelope envelope) {
    update(envelope, PendingMessage::attemptStarted);
  }

  @Override
  public void attemptWithdrawn(Envelope envelope) {
    update(envelope, PendingMessage::attemptWithdrawn);
  }

  @Override
  public void attemptFinished(Attempt attempt) {
    List<Incident> all = Incident.of(attempt);
    synchronized (this) {
      // Whoever came when there was no room is taken up once there is; the end is sure to follow.
      remember(attempt.envelope(), Optional.empty());
      update(attempt.envelope(), message -> message.attemptFinished(attempt, all));
      all.forEach(this::add);
    }
  }

  @Override
  public void retryScheduled(RetryWait wait) {
    update(wait.envelope(), message -> message.retryScheduled(wait.nextAttemptAt()));
  }

  private synchronized void update(Envelope envelope, Consumer<PendingMessage> event) {
    PendingMessage message = pending.get(envelope);
    if (message != null) {
      event.accept(message);
    }
  }

  @Override
  public synchronized void deliveryFinished(DeliveryReport report) {
    running--;
    pending.remove(report.envelope());
  }

  @Override
  public void outboxOpened(Supplier<OutboxStatus> status) {
    outboxes.add(status);
  }

  @Override
  public void outboxClosed(Supplier<OutboxStatus> status) {
    outboxes.remove(status);
  }

  @Override
  public void connectionFailed(ConnectionFailure failure) {
    add(Incident.of(failure));
  }

  private synchronized void add(Incident incident) {
    if (incidents.size() == MAX_FAILURES) {
      incidents.removeLast();
    }
    incidents.addFirst(incident);
  }

  /**
   * {@return the page, a whole HTML document in UTF-8 that loads itself anew every five seconds}
   *
   * @param redeliverer the deliverer that this listens to
   */
  public String html(Redeliverer redeliverer) {
    return StatusHtml.of(snapshot(redeliverer));
  }

  /**
   * {@return how things stand now, by the deliverer's clock}
   *
   * @param redeliverer the deliverer that this listens to: it knows destinations and alerts
   */
  public StatusSnapshot snapshot(Redeliverer redeliverer) {
    Instant now = redeliverer.clock().instant();
    List<PendingMessage.View> messages = new ArrayList<>();
    List<Incident> failures;
    int all;
    synchronized (this) {
      all = running;
      pending.values().stream()
          .sorted(Comparator.comparingLong(PendingMessage::number))
          .limit(MAX_SHOWN)
          .map(PendingMessage::view)
          .forEach(messages::add);
      failures = List.copyOf(incidents);
    }
    return new StatusSnapshot(
        mailer,
        now,
        outboxes.stream().map(Supplier::get).toList(),
        new StatusSnapshot.Listed<>(
            all,
            messages.stream().map(m -> explainer.message(m, redeliverer.guard(), now)).toList()),
        listed(redeliverer.guard().status(), SHUT_FIRST, explainer::destination),
        listed(redeliverer.alerts(), LATEST_FIRST, explainer::alert),
        new StatusSnapshot.Listed<>(
            failures.size(), failures.stream().map(explainer::failure).toList()));
  }

  private static int rank(DestinationStatus status) {
    return switch (status.state()) {
      case PAUSED -> 0;
      case PROBING -> 1;
      case PACED -> 2;
      case FREE -> 3;
    };
  }

  private static <T, R> StatusSnapshot.Listed<R> listed(
      Collection<T> all, Comparator<T> order, Function<T, R> row) {
    return new StatusSnapshot.Listed<>(
        all.size(), all.stream().sorted(order).limit(MAX_SHOWN).map(row).toList());
  }
}
