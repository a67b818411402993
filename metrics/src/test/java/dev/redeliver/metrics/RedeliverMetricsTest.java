package dev.redeliver.metrics;

import static dev.redeliver.metrics.Events.ANN;
import static dev.redeliver.metrics.Events.START;
import static dev.redeliver.metrics.Events.accepted;
import static dev.redeliver.metrics.Events.attempt;
import static dev.redeliver.metrics.Events.connection;
import static dev.redeliver.metrics.Events.delivery;
import static dev.redeliver.metrics.Events.failed;
import static dev.redeliver.metrics.Events.failure;
import static dev.redeliver.metrics.Events.giveUp;
import static dev.redeliver.metrics.Events.meaning;
import static dev.redeliver.metrics.Events.policy;
import static dev.redeliver.metrics.Events.report;
import static dev.redeliver.metrics.Events.retry;
import static dev.redeliver.metrics.Events.unknown;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Lane;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.RetryWait;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.Severity;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.text.MessageFormat;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.ResourceBundle;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RedeliverMetricsTest {
  private static final Recipient BOB = new Recipient(1, "bob@example.test");
  private static final Decision FAIL = new Decision.Fail("why");
  private static final Decision HOLD = new Decision.Hold("why");

  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final RedeliverMetrics metrics = RedeliverMetrics.boundTo(registry, policy("shop"));

  static List<Arguments> attempts() {
    RecipientAttempt yes = accepted(ANN);
    RecipientAttempt later = failed(BOB, meaning(Cause.GREYLISTED), retry(Lane.GREYLIST));
    RecipientAttempt spent = failed(BOB, meaning(Cause.GREYLISTED), giveUp());
    RecipientAttempt held = failed(BOB, meaning(Cause.CREDENTIALS), HOLD);
    RecipientAttempt no = failed(BOB, meaning(Cause.MAILBOX_UNKNOWN), FAIL);
    RecipientAttempt lost = unknown(BOB, retry(Lane.CONNECTION));
    return List.of(
        Arguments.of("delivered", List.of(yes)),
        Arguments.of("delivered", List.of(yes, accepted(BOB))),
        Arguments.of("partial", List.of(yes, later)),
        Arguments.of("partial", List.of(yes, no)),
        Arguments.of("deferred", List.of(later)),
        Arguments.of("deferred", List.of(spent)),
        Arguments.of("deferred", List.of(held)),
        Arguments.of("deferred", List.of(no, later)),
        Arguments.of("deferred", List.of()),
        Arguments.of("rejected", List.of(no)),
        Arguments.of("unknown", List.of(lost)),
        Arguments.of("unknown", List.of(yes, lost)),
        Arguments.of("unknown", List.of(no, lost)));
  }

  @ParameterizedTest
  @MethodSource("attempts")
  void attempt_outcomeOfAllItsRecipients(String outcome, List<RecipientAttempt> recipients) {
    metrics.attemptFinished(
        attempt(1, Duration.ofMillis(250), recipients.toArray(RecipientAttempt[]::new)));

    Timer timer = registry.get("redeliver.attempt").timer();
    assertThat(timer.getId().getTag("outcome")).isEqualTo(outcome);
    assertThat(timer.count()).isEqualTo(1);
    assertThat(timer.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(250);
  }

  @ParameterizedTest
  @CsvSource({"1, first", "2, retry", "17, retry"})
  void attempt_kindByTransaction(int transaction, String kind) {
    metrics.attemptFinished(attempt(transaction, Duration.ofSeconds(1), accepted(ANN)));

    assertThat(registry.get("redeliver.attempt").tag("kind", kind).timer().count()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"-PT5S, 0", "PT0S, 0", "PT876000H, 31536000"})
  void attempt_timeOfAClockThatWasSet_isBounded(Duration duration, double seconds) {
    metrics.attemptFinished(attempt(1, duration, accepted(ANN)));

    Timer timer = registry.get("redeliver.attempt").timer();
    assertThat(timer.count()).isEqualTo(1);
    assertThat(timer.totalTime(TimeUnit.SECONDS)).isEqualTo(seconds);
  }

  static Stream<Arguments> replies() {
    return Stream.of(
        Arguments.of(accepted(ANN), "success", "accepted"),
        Arguments.of(
            failed(ANN, meaning(Cause.RATE_LIMITED), retry(Lane.RATE_LIMIT)),
            "rate-limited",
            "deferred"),
        Arguments.of(failed(ANN, meaning(Cause.GREYLISTED), giveUp()), "greylisted", "deferred"),
        Arguments.of(
            failed(ANN, meaning(Cause.MAILBOX_UNKNOWN), FAIL), "mailbox-unknown", "refused"),
        Arguments.of(failed(ANN, meaning(Cause.CREDENTIALS), HOLD), "credentials", "held"),
        Arguments.of(unknown(ANN, giveUp()), "connection", "unknown"),
        Arguments.of(undecided(Optional.of(Severity.PERMANENT)), "policy", "refused"),
        Arguments.of(undecided(Optional.of(Severity.TRANSIENT)), "policy", "deferred"),
        Arguments.of(undecided(Optional.empty()), "other", "deferred"));
  }

  @ParameterizedTest
  @CsvSource({
    "x@gmail.com, google",
    "X@GoogleMail.COM, google",
    "x@outlook.com, microsoft",
    "x@t-online.de, t-online",
    "x@gmail.com.example.test, other",
    "gmail.com, other",
    "'', other"
  })
  void provider_isTheOneOfTheRecipientsDomain(String address, String provider) {
    Recipient to = new Recipient(0, address);
    metrics.attemptFinished(attempt(1, Duration.ofSeconds(1), accepted(to)));
    metrics.deliveryFinished(delivery(Duration.ofSeconds(1), report(to, Outcome.ACCEPTED, 1)));

    assertThat(count("redeliver.recipient.replies", "provider", provider, "cause", "success"))
        .isEqualTo(1);
    assertThat(registry.get("redeliver.delivery").tag("provider", provider).timer().count())
        .isEqualTo(1);
  }

  /** No deliverer makes these, but anybody can. */
  private static RecipientAttempt undecided(Optional<Severity> severity) {
    return new RecipientAttempt(
        ANN,
        1,
        START,
        new RecipientResult.Failed(failure()),
        severity.map(known -> meaning(Cause.POLICY, known, false)),
        Optional.empty());
  }

  @ParameterizedTest
  @MethodSource("replies")
  void reply_countedByCauseAndDisposition(
      RecipientAttempt result, String cause, String disposition) {
    metrics.attemptFinished(attempt(1, Duration.ofSeconds(1), result));
    metrics.attemptFinished(attempt(2, Duration.ofSeconds(1), result));

    assertThat(
            count(
                "redeliver.recipient.replies",
                "mailer",
                "shop",
                "provider",
                "other",
                "cause",
                cause,
                "disposition",
                disposition))
        .isEqualTo(2);
    assertThat(total("redeliver.recipient.replies")).isEqualTo(2);
  }

  @Test
  void retries_countedPerRecipientAndLane() {
    metrics.attemptFinished(
        attempt(
            1,
            Duration.ofSeconds(1),
            failed(ANN, meaning(Cause.GREYLISTED), retry(Lane.GREYLIST)),
            failed(BOB, meaning(Cause.GREYLISTED), retry(Lane.GREYLIST))));
    metrics.attemptFinished(
        attempt(2, Duration.ofSeconds(1), accepted(ANN), unknown(BOB, retry(Lane.CONNECTION))));

    assertThat(count("redeliver.recipient.retries", "lane", "greylist")).isEqualTo(2);
    assertThat(count("redeliver.recipient.retries", "lane", "connection")).isEqualTo(1);
    assertThat(total("redeliver.recipient.retries")).isEqualTo(3);
  }

  @Test
  void retryWait_timed() {
    metrics.retryScheduled(
        new RetryWait(
            attempt(1, Duration.ZERO).envelope(), List.of(ANN), Duration.ofSeconds(90), START));

    Timer timer = registry.get("redeliver.retry.wait").tag("mailer", "shop").timer();
    assertThat(timer.count()).isEqualTo(1);
    assertThat(timer.totalTime(TimeUnit.SECONDS)).isEqualTo(90);
  }

  @Test
  void duplicateRisk_countsEveryUnknownResult() {
    metrics.attemptFinished(
        attempt(1, Duration.ofSeconds(1), unknown(ANN, giveUp()), unknown(BOB, giveUp())));
    metrics.attemptFinished(attempt(2, Duration.ofSeconds(1), accepted(ANN)));

    assertThat(count("redeliver.duplicate.risk", "cause", "reply-lost")).isEqualTo(2);
  }

  static Stream<Arguments> reports() {
    RecipientAttempt held = failed(ANN, meaning(Cause.TLS), HOLD);
    RecipientAttempt spent = failed(ANN, meaning(Cause.GREYLISTED), giveUp());
    return Stream.of(
        Arguments.of(Outcome.ACCEPTED, List.of(spent, accepted(ANN)), "accepted", 2),
        Arguments.of(
            Outcome.REFUSED, List.of(failed(ANN, meaning(Cause.POLICY), FAIL)), "refused", 2),
        Arguments.of(Outcome.UNKNOWN, List.of(unknown(ANN, giveUp())), "unknown", 2),
        Arguments.of(Outcome.PENDING, List.of(spent), "deferred", 7200),
        Arguments.of(Outcome.PENDING, List.of(held), "held", 7200),
        Arguments.of(Outcome.PENDING, List.of(), "deferred", 7200),
        Arguments.of(Outcome.ACCEPTED, List.of(), "accepted", 7200));
  }

  @ParameterizedTest
  @MethodSource("reports")
  void delivery_timedToTheRecipientsOwnOutcome(
      Outcome outcome, List<RecipientAttempt> history, String tag, double seconds) {
    metrics.deliveryFinished(
        delivery(
            Duration.ofHours(2),
            report(ANN, outcome, 4, history.toArray(RecipientAttempt[]::new))));

    Timer timer = registry.get("redeliver.delivery").timer();
    assertThat(timer.getId().getTag("outcome")).isEqualTo(tag);
    assertThat(timer.getId().getTag("provider")).isEqualTo("other");
    assertThat(timer.totalTime(TimeUnit.SECONDS)).isCloseTo(seconds, within(1e-6));
    assertThat(
            registry.get("redeliver.delivery.attempts").tag("outcome", tag).summary().totalAmount())
        .isEqualTo(4);
  }

  @Test
  void delivery_countedInEveryBucketFromItsTimeUp() {
    metrics.deliveryFinished(delivery(Duration.ofHours(2), report(ANN, Outcome.PENDING, 4)));
    metrics.deliveryFinished(delivery(Duration.ofDays(2), report(ANN, Outcome.PENDING, 40)));

    assertThat(
            buckets(
                registry.get("redeliver.delivery").timer().takeSnapshot().histogramCounts(), 1e9))
        .containsExactly(
            "1=0",
            "5=0",
            "30=0",
            "60=0",
            "300=0",
            "900=0",
            "3600=0",
            "14400=1",
            "43200=1",
            "86400=1",
            "172800=2",
            "432000=2");
    assertThat(
            buckets(
                registry
                    .get("redeliver.delivery.attempts")
                    .summary()
                    .takeSnapshot()
                    .histogramCounts(),
                1))
        .containsExactly("1=0", "2=0", "3=0", "5=1", "8=1", "13=1", "21=1", "34=1");
  }

  private static List<String> buckets(CountAtBucket[] counts, double unit) {
    return Arrays.stream(counts)
        .map(bucket -> (long) (bucket.bucket() / unit) + "=" + (long) bucket.count())
        .toList();
  }

  @Test
  void delivery_withAnyTimes_isCounted() {
    metrics.deliveryFinished(
        new DeliveryReport(
            attempt(1, Duration.ZERO).envelope(),
            Instant.MIN,
            Instant.MAX,
            0,
            List.of(report(ANN, Outcome.PENDING, 0))));
    metrics.deliveryFinished(delivery(Duration.ofDays(-1), report(ANN, Outcome.PENDING, -7)));
    metrics.deliveryFinished(delivery(Duration.ZERO));

    Timer timer = registry.get("redeliver.delivery").timer();
    assertThat(timer.count()).isEqualTo(2);
    assertThat(timer.totalTime(TimeUnit.DAYS)).isEqualTo(365);
    assertThat(registry.get("redeliver.delivery.attempts").summary().totalAmount()).isEqualTo(0);
  }

  @Test
  void connectionFailure_countedByCause() {
    metrics.connectionFailed(connection(Cause.CREDENTIALS, false));
    metrics.connectionFailed(connection(Cause.CONNECTION, false));
    metrics.connectionFailed(connection(Cause.CONNECTION, false));

    assertThat(count("redeliver.connection.failures", "cause", "credentials")).isEqualTo(1);
    assertThat(count("redeliver.connection.failures", "cause", "connection")).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({
    "close, close",
    "listener, listener",
    "Close, other",
    "'', other",
    "250 2.0.0, other"
  })
  void housekeepingFailure_countedUnderAKnownStep(String what, String tag) {
    metrics.housekeepingFailed(what, new Exception("secret"));

    assertThat(count("redeliver.housekeeping.failures", "what", tag)).isEqualTo(1);
    assertThat(total("redeliver.housekeeping.failures")).isEqualTo(1);
  }

  @Test
  void bindTo_sameRegistryTwice_countsOnce() {
    metrics.bindTo(registry);
    metrics.housekeepingFailed("close", new Exception("x"));

    assertThat(total("redeliver.housekeeping.failures")).isEqualTo(1);
  }

  @Test
  void bindTo_secondRegistry_countsFromThen() {
    MeterRegistry second = new SimpleMeterRegistry();
    metrics.housekeepingFailed("close", new Exception("x"));
    metrics.bindTo(second);
    metrics.housekeepingFailed("close", new Exception("x"));

    assertThat(total("redeliver.housekeeping.failures")).isEqualTo(2);
    assertThat(second.get("redeliver.housekeeping.failures").tag("what", "close").counter().count())
        .isEqualTo(1);
  }

  @Test
  void bindTo_composite_reachesPartsAddedLater() {
    CompositeMeterRegistry composite = new CompositeMeterRegistry();
    RedeliverMetrics bound = RedeliverMetrics.boundTo(composite, policy("shop"));
    SimpleMeterRegistry part = new SimpleMeterRegistry();
    composite.add(part);
    bound.housekeepingFailed("close", new Exception("x"));

    assertThat(part.get("redeliver.housekeeping.failures").tag("what", "close").counter().count())
        .isEqualTo(1);
  }

  @Test
  void twoOfOneName_addUp_twoNames_standApart() {
    RedeliverMetrics same = RedeliverMetrics.boundTo(registry, policy("shop"));
    RedeliverMetrics other = RedeliverMetrics.boundTo(registry, policy("news"));
    List.of(metrics, same, other).forEach(m -> m.housekeepingFailed("close", new Exception("x")));

    assertThat(count("redeliver.housekeeping.failures", "mailer", "shop", "what", "close"))
        .isEqualTo(2);
    assertThat(count("redeliver.housekeeping.failures", "mailer", "news", "what", "close"))
        .isEqualTo(1);
  }

  @Test
  void eventBeforeBinding_isLoggedOnceAndNotCounted() {
    List<String> logged = new ArrayList<>();
    RedeliverMetrics unbound =
        new RedeliverMetrics(
            policy("late"),
            AttemptObservations.usual(policy("late"), ObservationRegistry.NOOP),
            new ListLogger(logged));
    unbound.attemptFinished(attempt(1, Duration.ofSeconds(1), accepted(ANN)));
    unbound.deliveryFinished(delivery(Duration.ofSeconds(1), report(ANN, Outcome.ACCEPTED, 1)));
    unbound.bindTo(registry);

    assertThat(logged)
        .containsExactly(
            "WARNING deliveries of 'late' are not counted yet: bind RedeliverMetrics to a registry"
                + " first");
    assertThat(registry.find("redeliver.attempt").tag("mailer", "late").timer()).isNull();
  }

  @Test
  void manyThreads_nothingIsLost() throws Exception {
    int threads = 8;
    int events = 500;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(
            pool.submit(
                () -> {
                  for (int n = 0; n < events; n++) {
                    metrics.attemptFinished(
                        attempt(1, Duration.ofMillis(1), accepted(ANN), unknown(BOB, giveUp())));
                    metrics.deliveryFinished(
                        delivery(Duration.ofSeconds(1), report(ANN, Outcome.PENDING, 1)));
                  }
                }));
      }
      for (Future<?> future : running) {
        future.get(1, TimeUnit.MINUTES);
      }
    } finally {
      pool.shutdownNow();
    }

    assertThat(registry.get("redeliver.attempt").timer().count()).isEqualTo(4000);
    assertThat(total("redeliver.recipient.replies")).isEqualTo(8000);
    assertThat(total("redeliver.duplicate.risk")).isEqualTo(4000);
    assertThat(registry.get("redeliver.delivery").timer().count()).isEqualTo(4000);
  }

  private double count(String name, String... tags) {
    return registry.get(name).tags(tags).counter().count();
  }

  private double total(String name) {
    return registry.get(name).counters().stream().mapToDouble(counter -> counter.count()).sum();
  }

  private record ListLogger(List<String> lines) implements System.Logger {
    @Override
    public String getName() {
      return "list";
    }

    @Override
    public boolean isLoggable(Level level) {
      return true;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String text, Throwable thrown) {
      lines.add(level + " " + text);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... values) {
      lines.add(level + " " + MessageFormat.format(format, values));
    }
  }
}
