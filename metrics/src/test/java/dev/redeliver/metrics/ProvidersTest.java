package dev.redeliver.metrics;

import static dev.redeliver.metrics.Events.SERVER;
import static dev.redeliver.metrics.Events.START;
import static dev.redeliver.metrics.Events.accepted;
import static dev.redeliver.metrics.Events.alert;
import static dev.redeliver.metrics.Events.attempt;
import static dev.redeliver.metrics.Events.delivery;
import static dev.redeliver.metrics.Events.policy;
import static dev.redeliver.metrics.Events.report;
import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.classify.Cause;
import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.ReputationAlert;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProvidersTest {
  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final RedeliverMetrics metrics =
      RedeliverMetrics.boundTo(
          registry,
          policy("shop").toBuilder().metricsDomains("Partner.example", "gmail.com").build());

  private static Attempt to(String... addresses) {
    RecipientAttempt[] recipients =
        Arrays.stream(addresses)
            .map(address -> accepted(new Recipient(0, address)))
            .toArray(RecipientAttempt[]::new);
    return attempt(1, Duration.ZERO, recipients);
  }

  @ParameterizedTest
  @CsvSource({
    "a@yahoo.com, b@yahoo.com, yahoo",
    "a@yahoo.com, b@aol.com, yahoo",
    "a@yahoo.com, b@outlook.com, mixed",
    "a@one.example, b@two.example, other",
    "a@yahoo.com, b@one.example, mixed",
    "a@PARTNER.example, b@partner.EXAMPLE, partner.example",
    "a@partner.example, b@mail.partner.example, mixed",
    "a@gmail.com, b@googlemail.com, mixed",
    "a, b, other"
  })
  void attempt_hasTheProviderOfAllItsRecipients(String one, String another, String provider) {
    metrics.attemptFinished(to(one, another));

    assertThat(registry.get("redeliver.attempt").timer().getId().getTag("provider"))
        .isEqualTo(provider);
  }

  @Test
  void domainOfTheConfiguration_isAProviderOfItsOwn() {
    metrics.attemptFinished(to("ann@partner.example"));
    metrics.deliveryFinished(
        delivery(
            Duration.ZERO, report(new Recipient(0, "ann@partner.example"), Outcome.ACCEPTED, 1)));

    assertThat(
            registry
                .get("redeliver.recipient.replies")
                .tags("provider", "partner.example", "cause", "success")
                .counter()
                .count())
        .isEqualTo(1);
    assertThat(registry.get("redeliver.delivery").timer().getId().getTag("provider"))
        .isEqualTo("partner.example");
  }

  /** The alert is about all domains of the provider, also of those that are counted apart. */
  @Test
  void alert_ofAKnownProvider_isItsOwnWhateverTheConfigurationNames() {
    metrics.attemptFinished(to("ann@gmail.com"));
    assertThat(blocked("google")).isZero();

    raise(Destination.ofDomain("gmail.com"));
    raise(Destination.ofDomain("partner.example"));
    assertThat(blocked("google")).isEqualTo(1);
    assertThat(blocked("partner.example")).isEqualTo(1);
    assertThat(blocked("other")).isZero();
  }

  @Test
  void noOtherDomainOrHost_isEverATag() {
    metrics.attemptFinished(to("ann@sub.partner.example", "bob@stranger.example"));
    raise(Destination.ofDomain("sub.partner.example"));
    raise(Destination.relay("partner.example"));
    raise(Destination.ofDomain("stranger.example"));

    assertThat(providers()).doesNotContain("sub.partner.example", "stranger.example");
    assertThat(blocked("partner.example")).as("a host is no domain").isZero();
  }

  @Test
  void lag_isFromDueToStarted_andNeverNegative() {
    metrics.attemptFinished(late(Duration.ofSeconds(90)));
    metrics.attemptFinished(late(Duration.ofSeconds(-5)));

    assertThat(registry.get("redeliver.schedule.lag").timer().count()).isEqualTo(2);
    assertThat(registry.get("redeliver.schedule.lag").timer().totalTime(TimeUnit.SECONDS))
        .isEqualTo(90);
    assertThat(registry.get("redeliver.schedule.lag").timer().takeSnapshot().histogramCounts())
        .extracting(bucket -> (long) (bucket.bucket() / 1e9) + "=" + (long) bucket.count())
        .containsExactly("1=1", "5=1", "15=1", "60=1", "300=2", "900=2");
  }

  private static Attempt late(Duration lag) {
    Attempt attempt = to("ann@one.example");
    return new Attempt(
        attempt.envelope(),
        SERVER,
        2,
        START,
        START.plus(lag),
        Duration.ZERO,
        false,
        attempt.recipients());
  }

  private void raise(Destination destination) {
    metrics.reputationAlert(
        alert(ReputationAlert.State.RAISED, SERVER, destination, Cause.REPUTATION));
  }

  private double blocked(String provider) {
    return registry.find("redeliver.provider.blocked").tag("provider", provider).gauges().stream()
        .mapToDouble(Gauge::value)
        .sum();
  }

  private Set<String> providers() {
    return registry.getMeters().stream()
        .map(meter -> meter.getId().getTag("provider"))
        .filter(Objects::nonNull)
        .collect(Collectors.toSet());
  }
}
