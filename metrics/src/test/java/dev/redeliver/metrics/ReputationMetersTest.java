package dev.redeliver.metrics;

import static dev.redeliver.metrics.Events.ANN;
import static dev.redeliver.metrics.Events.SERVER;
import static dev.redeliver.metrics.Events.accepted;
import static dev.redeliver.metrics.Events.alert;
import static dev.redeliver.metrics.Events.attempt;
import static dev.redeliver.metrics.Events.connection;
import static dev.redeliver.metrics.Events.failed;
import static dev.redeliver.metrics.Events.meaning;
import static dev.redeliver.metrics.Events.policy;
import static dev.redeliver.metrics.Events.retry;
import static dev.redeliver.reputation.ReputationAlert.State.ESCALATED;
import static dev.redeliver.reputation.ReputationAlert.State.RAISED;
import static dev.redeliver.reputation.ReputationAlert.State.RESOLVED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Lane;
import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.ReputationMonitor;
import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReputationMetersTest {
  private static final Duration WINDOW = Duration.ofMinutes(10);

  private final MockClock clock = new MockClock();
  private final MeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
  private final RedeliverMetrics metrics = RedeliverMetrics.boundTo(registry, policy("shop"));

  @Test
  void raised_countedAndActive_untilResolved() {
    metrics.reputationAlert(alert(RAISED, SERVER, Cause.REPUTATION));
    assertThat(active(Cause.REPUTATION)).isEqualTo(1);
    assertThat(active(Cause.AUTHENTICATION)).isEqualTo(0);

    metrics.reputationAlert(alert(RESOLVED, SERVER, Cause.REPUTATION));
    assertThat(active(Cause.REPUTATION)).isEqualTo(0);
    assertThat(alerts(Cause.REPUTATION)).isEqualTo(1);
  }

  @Test
  void active_countsServers() {
    metrics.reputationAlert(alert(RAISED, "a.example.test", Cause.REPUTATION));
    metrics.reputationAlert(alert(RAISED, "b.example.test", Cause.REPUTATION));
    metrics.reputationAlert(alert(RAISED, "b.example.test", Cause.SENDER_SUSPENDED));

    assertThat(active(Cause.REPUTATION)).isEqualTo(2);
    assertThat(active(Cause.SENDER_SUSPENDED)).isEqualTo(1);
  }

  @Test
  void escalation_countsOnceMoreAsCritical() {
    metrics.reputationAlert(alert(RAISED, SERVER, Cause.REPUTATION));
    metrics.reputationAlert(alert(ESCALATED, SERVER, Cause.REPUTATION));

    assertThat(alerts("other", Cause.REPUTATION, "warning")).isEqualTo(1);
    assertThat(alerts("other", Cause.REPUTATION, "critical")).isEqualTo(1);
    assertThat(active(Cause.REPUTATION)).isEqualTo(1);
  }

  @Test
  void alert_countsForTheProviderOfItsDestination() {
    metrics.reputationAlert(
        alert(RAISED, SERVER, Destination.ofDomain("hotmail.com"), Cause.REPUTATION));
    metrics.reputationAlert(
        alert(
            RAISED, SERVER, Destination.relay("gmail-smtp-in.l.google.com"), Cause.AUTHENTICATION));

    assertThat(active("microsoft", Cause.REPUTATION)).isEqualTo(1);
    assertThat(active("google", Cause.AUTHENTICATION)).isEqualTo(1);
    assertThat(active("google", Cause.REPUTATION)).isZero();
    assertThat(active(Cause.REPUTATION)).isZero();
  }

  @Test
  void blocked_whileAnyAlertOfTheProviderIsRaised() {
    assertThat(blocked("other")).isZero();
    metrics.reputationAlert(alert(RAISED, "a.example.test", Cause.REPUTATION));
    metrics.reputationAlert(alert(RAISED, "b.example.test", Cause.AUTHENTICATION));
    assertThat(blocked("other")).isEqualTo(1);

    metrics.reputationAlert(alert(RESOLVED, "a.example.test", Cause.REPUTATION));
    assertThat(blocked("other")).isEqualTo(1);
    clock.add(WINDOW);
    assertThat(blocked("other")).isZero();
  }

  /** A counter that is born at 1 shows no increase. */
  @Test
  void firstAttemptAtAProvider_bringsItsAlertsAtZero() {
    Recipient ann = new Recipient(0, "ann@yahoo.com");
    metrics.attemptFinished(attempt(1, Duration.ZERO, accepted(ann)));

    assertThat(alerts("yahoo", Cause.REPUTATION, "warning")).isZero();
    assertThat(alerts("yahoo", Cause.SENDER_SUSPENDED, "critical")).isZero();
    assertThat(blocked("yahoo")).isZero();
  }

  @Test
  void active_withoutTraffic_endsAfterTheWindow() {
    metrics.reputationAlert(alert(RAISED, SERVER, Cause.REPUTATION));
    clock.add(WINDOW.minusMillis(1));
    assertThat(active(Cause.REPUTATION)).isEqualTo(1);

    clock.add(Duration.ofMillis(1));
    assertThat(active(Cause.REPUTATION)).isEqualTo(0);
  }

  @Test
  void active_withFurtherSignals_staysUp() {
    metrics.reputationAlert(alert(RAISED, SERVER, Cause.REPUTATION));
    clock.add(WINDOW.minusMinutes(1));
    metrics.attemptFinished(
        attempt(
            1,
            Duration.ZERO,
            failed(
                ANN, meaning(Cause.REPUTATION, Severity.TRANSIENT, true), retry(Lane.REPUTATION))));
    clock.add(WINDOW.minusMinutes(1));
    assertThat(active(Cause.REPUTATION)).isEqualTo(1);

    metrics.connectionFailed(connection(Cause.REPUTATION, true));
    clock.add(WINDOW.minusMinutes(1));
    assertThat(active(Cause.REPUTATION)).isEqualTo(1);
  }

  @Test
  void active_withRefusalsThatAreNoSignal_ends() {
    metrics.reputationAlert(alert(RAISED, SERVER, Cause.REPUTATION));
    clock.add(WINDOW.minusMinutes(1));
    metrics.connectionFailed(connection(Cause.REPUTATION, false));
    clock.add(Duration.ofMinutes(1));

    assertThat(active(Cause.REPUTATION)).isEqualTo(0);
  }

  @Test
  void signalsAlone_raiseNothing() {
    metrics.connectionFailed(connection(Cause.REPUTATION, true));

    assertThat(active(Cause.REPUTATION)).isEqualTo(0);
    assertThat(alerts(Cause.REPUTATION)).isEqualTo(0);
  }

  @Test
  void active_sharedByDeliverersOfOneName() {
    RedeliverMetrics other = RedeliverMetrics.boundTo(registry, policy("shop"));
    metrics.reputationAlert(alert(RAISED, SERVER, Cause.REPUTATION));
    other.reputationAlert(alert(RAISED, SERVER, Cause.REPUTATION));
    assertThat(active(Cause.REPUTATION)).isEqualTo(1);

    metrics.reputationAlert(alert(RESOLVED, SERVER, Cause.REPUTATION));
    assertThat(active(Cause.REPUTATION)).isEqualTo(1);

    other.reputationAlert(alert(RESOLVED, SERVER, Cause.REPUTATION));
    assertThat(active(Cause.REPUTATION)).isEqualTo(0);
  }

  @Test
  void lastAlert_isTheTimeOfTheLatestRaising() {
    assertThat(lastAlert(Cause.AUTHENTICATION)).isEqualTo(0);
    clock.add(Duration.ofSeconds(1_000_000));
    metrics.reputationAlert(alert(RAISED, SERVER, Cause.AUTHENTICATION));
    double raised = clock.wallTime() / 1000.0;
    clock.add(Duration.ofHours(1));
    metrics.reputationAlert(alert(RESOLVED, SERVER, Cause.AUTHENTICATION));

    assertThat(lastAlert(Cause.AUTHENTICATION)).isEqualTo(raised);
    assertThat(lastAlert(Cause.REPUTATION)).isEqualTo(0);
  }

  /** A user's own rule may call any cause a signal. */
  @Test
  void causeThatDoesNotAlertByItself_isCountedToo() {
    metrics.reputationAlert(alert(RAISED, SERVER, Cause.POLICY));

    assertThat(alerts(Cause.POLICY)).isEqualTo(1);
    assertThat(active(Cause.POLICY)).isEqualTo(1);
  }

  @Test
  void serversBeyondTheLimit_theQuietestIsForgotten() {
    for (int i = 0; i <= ReputationMonitor.MAX_DESTINATIONS; i++) {
      metrics.reputationAlert(alert(RAISED, i + ".example.test", Cause.REPUTATION));
    }

    assertThat(active(Cause.REPUTATION)).isEqualTo(ReputationMonitor.MAX_DESTINATIONS);
  }

  @Test
  void gauges_surviveGarbageCollection() {
    RedeliverMetrics.boundTo(registry, policy("dropped"))
        .reputationAlert(alert(RAISED, SERVER, Cause.REPUTATION));
    System.gc();

    assertThat(
            registry
                .get("redeliver.reputation.alert.active")
                .tags("mailer", "dropped", "provider", "other", "cause", "reputation")
                .gauge()
                .value())
        .isEqualTo(1);
    assertThat(registry.get("redeliver.build.info").gauge().value()).isEqualTo(1);
  }

  @Test
  void threeBlocklistRefusals_raiseOneAlert() {
    RetryPolicy policy = policy("shop");
    Redeliverer redeliverer = Redeliverer.builder(policy).listener(metrics).build();
    RecipientResult blocked =
        new RecipientResult.Failed(
            new SmtpFailure.Refused(
                SmtpStage.RCPT,
                SmtpReply.parse("554 5.7.1 Client host blocked using zen.spamhaus.org")));
    for (int i = 0; i < 4; i++) {
      redeliverer.deliver(
          Envelope.of("<1@example.test>", List.of("ann@gmail.com")),
          due -> new AttemptResult(SERVER, false, Map.of(due.get(0), blocked)));
    }

    assertThat(alerts("google", Cause.REPUTATION, "warning")).isEqualTo(1);
    assertThat(active("google", Cause.REPUTATION)).isEqualTo(1);
    assertThat(blocked("google")).isEqualTo(1);
    assertThat(blocked("other")).isZero();
    assertThat(
            registry
                .get("redeliver.recipient.replies")
                .tags("provider", "google", "cause", "reputation", "disposition", "refused")
                .counter()
                .count())
        .as("the fourth is not sent: the destination pauses")
        .isEqualTo(3);
  }

  private double active(Cause cause) {
    return active("other", cause);
  }

  private double active(String provider, Cause cause) {
    return registry
        .get("redeliver.reputation.alert.active")
        .tags("mailer", "shop", "provider", provider, "cause", cause.token())
        .gauge()
        .value();
  }

  private double blocked(String provider) {
    return registry
        .get("redeliver.provider.blocked")
        .tags("mailer", "shop", "provider", provider)
        .gauge()
        .value();
  }

  private double alerts(Cause cause) {
    return alerts("other", cause, "warning");
  }

  private double alerts(String provider, Cause cause, String severity) {
    return registry
        .get("redeliver.reputation.alerts")
        .tags("mailer", "shop", "provider", provider, "cause", cause.token(), "severity", severity)
        .counter()
        .count();
  }

  private double lastAlert(Cause cause) {
    return registry
        .get("redeliver.reputation.last.alert")
        .tags("mailer", "shop", "provider", "other", "cause", cause.token())
        .timeGauge()
        .value(TimeUnit.SECONDS);
  }
}
