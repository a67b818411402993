package dev.redeliver.metrics;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Lane;
import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.Destination;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The meters of one mailer in one registry. Thread-safe.
 *
 * <p>A meter always has the same tag keys: Micrometer before 1.17 drops one that comes with others.
 * A rare counter is there at 0 from the start: Prometheus sees no increase in a series that is born
 * at 1.
 */
final class Meters {
  private static final String MAILER = "mailer";
  private static final String PROVIDER = "provider";
  private static final String CAUSE = "cause";
  private static final String OUTCOME = "outcome";

  /** Where a delivery's promises lie: seconds for a request, days for a queue. */
  private static final Duration[] DELIVERY_BUCKETS = {
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofSeconds(30),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5),
    Duration.ofMinutes(15),
    Duration.ofHours(1),
    Duration.ofHours(4),
    Duration.ofHours(12),
    Duration.ofDays(1),
    Duration.ofDays(2),
    Duration.ofDays(5)
  };

  private static final Duration[] LAG_BUCKETS = {
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofSeconds(15),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5),
    Duration.ofMinutes(15)
  };

  private static final double[] ATTEMPT_BUCKETS = {1, 2, 3, 5, 8, 13, 21, 34};

  /** Longer times come from a clock that was set, and would spoil the sums for good. */
  private static final Duration LONGEST = Duration.ofDays(365);

  private final MeterRegistry registry;
  private final String mailer;
  private final Providers providers;
  private final Set<String> providersSeen = ConcurrentHashMap.newKeySet();

  private final MeterProvider<Timer> attempts;
  private final MeterProvider<Counter> replies;
  private final MeterProvider<Timer> deliveries;
  private final MeterProvider<DistributionSummary> deliveryAttempts;
  private final MeterProvider<Counter> retries;
  private final AlertMeters alerts;
  private final GuardMeters guards;
  private final MeterProvider<Counter> connectionFailures;
  private final MeterProvider<Counter> housekeepingFailures;
  private final SenderMeters senders;
  private final OutboxMeters outboxes;
  private final Timer retryWait;
  private final Timer lag;
  private final Counter repliesLost;

  Meters(MeterRegistry registry, RetryPolicy policy) {
    this.registry = registry;
    mailer = policy.name();
    providers = new Providers(policy.metricsDomains());
    attempts = attemptTimer();
    replies = counter("recipient.replies", "Classified per-recipient results of attempts.");
    deliveries = deliveryTimer();
    deliveryAttempts = attemptSummary();
    retries = counter("recipient.retries", "Per-recipient decisions to try again, by schedule.");
    alerts = new AlertMeters(registry, mailer, providers);
    guards = new GuardMeters(registry, mailer, providers);
    connectionFailures =
        counter("connection.failures", "Connections that could not be opened outside deliveries.");
    housekeepingFailures =
        counter("housekeeping.failures", "Failures that changed no outcome, by step.");
    senders = new SenderMeters(registry, mailer);
    outboxes = new OutboxMeters(registry, mailer);
    retryWait =
        Timer.builder("redeliver.retry.wait")
            .description("Pauses between two attempts of a delivery, as planned.")
            .tag(MAILER, mailer)
            .register(registry);
    lag = lagTimer();
    repliesLost =
        counter("duplicate.risk", "Events after which a recipient may get the message twice.")
            .withTags(CAUSE, "reply-lost");
    registerRare();
  }

  OutboxMeters outboxes() {
    return outboxes;
  }

  SenderMeters senders() {
    return senders;
  }

  GuardMeters guards() {
    return guards;
  }

  AlertMeters alerts() {
    return alerts;
  }

  boolean isIn(MeterRegistry other) {
    return registry == other;
  }

  void attemptFinished(Attempt attempt) {
    seen(Providers.ofServer(attempt.server()));
    attempts
        .withTags(
            PROVIDER,
            providers.ofAll(
                attempt.recipients().stream().map(RecipientAttempt::recipient).toList()),
            "kind",
            kind(attempt),
            OUTCOME,
            AttemptOutcome.of(attempt).token())
        .record(bounded(attempt.duration()));
    lag.record(bounded(Duration.between(attempt.dueAt(), attempt.startedAt())));
    attempt.recipients().forEach(recipient -> recipientFinished(attempt, recipient));
  }

  private void recipientFinished(Attempt attempt, RecipientAttempt recipient) {
    Disposition disposition = Disposition.of(recipient);
    String provider = providers.of(recipient.recipient());
    if (providersSeen.add(provider)) {
      registerReplies(provider);
      seen(provider);
      seen(providers.of(Destination.ofDomain(recipient.recipient().domain())));
    }
    reply(provider, cause(recipient, disposition), disposition).increment();
    if (disposition == Disposition.UNKNOWN) {
      repliesLost.increment();
    }
    if (recipient.decision().orElse(null) instanceof Decision.Retry retry) {
      retries.withTags("lane", retry.lane().token()).increment();
    }
    recipient.classification().ifPresent(meaning -> signal(attempt.server(), meaning));
  }

  static String kind(Attempt attempt) {
    return attempt.transaction() == 1 ? "first" : "retry";
  }

  private void seen(String provider) {
    alerts.seen(provider);
    guards.seen(provider);
  }

  private static Cause cause(RecipientAttempt recipient, Disposition disposition) {
    return disposition == Disposition.ACCEPTED
        ? Cause.SUCCESS
        : recipient.classification().map(Classification::cause).orElse(Cause.OTHER);
  }

  private void signal(String server, Classification meaning) {
    if (meaning.reputationSignal()) {
      alerts.signal(server, meaning.cause());
    }
  }

  void retryScheduled(Duration delay) {
    retryWait.record(bounded(delay));
  }

  void deliveryFinished(DeliveryReport report) {
    for (RecipientReport recipient : report.recipients()) {
      String outcome = Disposition.of(recipient).token();
      deliveries
          .withTags(PROVIDER, providers.of(recipient.recipient()), OUTCOME, outcome)
          .record(bounded(Duration.between(report.startedAt(), settledAt(report, recipient))));
      deliveryAttempts.withTags(OUTCOME, outcome).record(recipient.attempts());
    }
  }

  /** A recipient without a final outcome was worked for until the whole delivery ended. */
  private static Instant settledAt(DeliveryReport report, RecipientReport recipient) {
    List<RecipientAttempt> history = recipient.history();
    return switch (recipient.outcome()) {
      case PENDING -> report.finishedAt();
      case ACCEPTED, REFUSED, UNKNOWN ->
          history.isEmpty() ? report.finishedAt() : history.get(history.size() - 1).at();
    };
  }

  void connectionFailed(ConnectionFailure failure) {
    connectionFailures.withTags(CAUSE, failure.classification().cause().token()).increment();
    signal(failure.server(), failure.classification());
  }

  void housekeepingFailed(String what) {
    housekeepingFailures.withTags("what", Step.of(what).token()).increment();
  }

  private void registerRare() {
    seen(Providers.OTHER);
    for (Lane lane : Lane.values()) {
      retries.withTags("lane", lane.token());
    }
    for (Cause cause : EnumSet.complementOf(EnumSet.of(Cause.SUCCESS))) {
      connectionFailures.withTags(CAUSE, cause.token());
    }
    for (Step step : Step.values()) {
      housekeepingFailures.withTags("what", step.token());
    }
    for (String provider : providers.tokens()) {
      reply(provider, Cause.CREDENTIALS, Disposition.HELD);
      reply(provider, Cause.TLS, Disposition.HELD);
    }
    // Micrometer warns about a gauge that is registered again, although it is the same.
    if (registry.find("redeliver.build.info").meters().isEmpty()) {
      Gauge.builder("redeliver.build.info", () -> 1)
          .description("Constant 1, labelled with the version of the library.")
          .tag("version", Version.current())
          .register(registry);
    }
  }

  /** All siblings at once, so that only a provider's very first reply is born at 1. */
  private void registerReplies(String provider) {
    for (Cause cause : Cause.values()) {
      Disposition.usual(cause).forEach(disposition -> reply(provider, cause, disposition));
    }
  }

  private Counter reply(String provider, Cause cause, Disposition disposition) {
    return replies.withTags(
        PROVIDER, provider, CAUSE, cause.token(), "disposition", disposition.token());
  }

  private MeterProvider<Counter> counter(String name, String description) {
    return Counter.builder("redeliver." + name)
        .description(description)
        .tag(MAILER, mailer)
        .withRegistry(registry);
  }

  private MeterProvider<Timer> attemptTimer() {
    return Timer.builder("redeliver.attempt")
        .description("SMTP transactions: from connecting to the last reply.")
        .tag(MAILER, mailer)
        .withRegistry(registry);
  }

  private MeterProvider<Timer> deliveryTimer() {
    return Timer.builder("redeliver.delivery")
        .description("Time from hand-over to the outcome, per recipient.")
        .tag(MAILER, mailer)
        .serviceLevelObjectives(DELIVERY_BUCKETS)
        .maximumExpectedValue(Duration.ofDays(5))
        .withRegistry(registry);
  }

  private Timer lagTimer() {
    return Timer.builder("redeliver.schedule.lag")
        .description("How late attempts began after they were due.")
        .tag(MAILER, mailer)
        .serviceLevelObjectives(LAG_BUCKETS)
        .maximumExpectedValue(Duration.ofMinutes(15))
        .register(registry);
  }

  private MeterProvider<DistributionSummary> attemptSummary() {
    return DistributionSummary.builder("redeliver.delivery.attempts")
        .description("Attempts made for a recipient when its delivery ended.")
        .tag(MAILER, mailer)
        .serviceLevelObjectives(ATTEMPT_BUCKETS)
        .withRegistry(registry);
  }

  /** {@return not less than nothing, and not more than a clock that was set may spoil} */
  static Duration bounded(Duration duration) {
    if (duration.isNegative()) {
      return Duration.ZERO;
    }
    return duration.compareTo(LONGEST) > 0 ? LONGEST : duration;
  }
}
