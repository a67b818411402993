package dev.redeliver.metrics;

import static dev.redeliver.metrics.Events.ANN;
import static dev.redeliver.metrics.Events.accepted;
import static dev.redeliver.metrics.Events.attempt;
import static dev.redeliver.metrics.Events.delivery;
import static dev.redeliver.metrics.Events.policy;
import static dev.redeliver.metrics.Events.report;

import dev.redeliver.classify.Cause;
import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.delivery.SenderStatus;
import dev.redeliver.reputation.DestinationStatus;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/** What is there to be scraped, with every meter and the tags that rules and panels ask for. */
final class Scrape {
  private Scrape() {}

  static Set<String> lines() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    RedeliverMetrics metrics = RedeliverMetrics.boundTo(registry, policy("shop"));
    metrics.senderOpened(
        () ->
            new SenderStatus(
                1,
                1,
                1,
                Optional.empty(),
                Arrays.stream(RelayStatus.State.values()).map(Scrape::relay).toList()));
    metrics.handoverRejected("full");
    Supplier<List<DestinationStatus>> guard = List::of;
    metrics.guardOpened(guard);
    metrics.outboxOpened(() -> new OutboxStatus(Map.of(), Optional.empty(), Optional.empty()));
    metrics.attemptFinished(attempt(1, Duration.ofSeconds(1), accepted(ANN)));
    metrics.attemptFinished(attempt(2, Duration.ofSeconds(1), accepted(ANN)));
    for (Outcome outcome : Outcome.values()) {
      metrics.deliveryFinished(
          delivery(Duration.ofSeconds(1), report(ANN, outcome, 1, accepted(ANN))));
    }
    metrics.connectionFailed(Events.connection(Cause.TLS, false));
    return new TreeSet<>(registry.scrape().lines().toList());
  }

  private static RelayStatus relay(RelayStatus.State state) {
    return new RelayStatus(1, "mx.example.org", state, 1, 1, Optional.empty(), Optional.empty());
  }
}
