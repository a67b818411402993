package dev.redeliver.metrics;

import static dev.redeliver.metrics.Events.policy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.Submitter;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.RecordingWaiter;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.LongTaskTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import io.micrometer.observation.transport.Kind;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AttemptObservationTest {
  private static final String NAME = "redeliver.smtp.attempt";
  private static final RecipientResult YES =
      new RecipientResult.Accepted(SmtpReply.parse("250 2.0.0 Ok"));
  private static final RecipientResult LATER =
      new RecipientResult.Failed(
          new SmtpFailure.Refused(SmtpStage.RCPT, SmtpReply.parse("451 4.3.0 try again")));

  private final TestObservationRegistry observations = TestObservationRegistry.create();
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final FakeClock clock = new FakeClock();
  private final RecordingWaiter waiter = new RecordingWaiter(clock);
  private final Redeliverer redeliverer =
      redeliverer(RedeliverMetrics.boundTo(meters, policy("shop"), observations));

  private Redeliverer redeliverer(RedeliverMetrics metrics) {
    return Redeliverer.builder(policy("shop"))
        .clock(clock)
        .waiter(waiter::await)
        .listener(metrics)
        .build();
  }

  private static Envelope envelope(String... addresses) {
    return Envelope.of("<secret-id@example.test>", List.of(addresses));
  }

  private static Submitter answering(RecipientResult... answers) {
    return new Submitter() {
      private int next;

      @Override
      public AttemptResult attempt(List<Recipient> due) {
        RecipientResult answer = answers[next++];
        Map<Recipient, RecipientResult> results = new HashMap<>();
        due.forEach(recipient -> results.put(recipient, answer));
        return new AttemptResult("mx.example.test", false, results);
      }
    };
  }

  @Test
  void attempt_isObservedOnceWithItsOutcome() {
    redeliverer.deliver(envelope("ann@gmail.com", "bob@gmail.com"), answering(YES));

    TestObservationRegistryAssert.assertThat(observations)
        .hasNumberOfObservationsWithNameEqualTo(NAME, 1)
        .hasObservationWithNameEqualTo(NAME)
        .that()
        .hasBeenStarted()
        .hasBeenStopped()
        .hasContextualNameEqualTo("smtp send")
        .hasLowCardinalityKeyValue("mailer", "shop")
        .hasLowCardinalityKeyValue("provider", "google")
        .hasLowCardinalityKeyValue("kind", "first")
        .hasLowCardinalityKeyValue("outcome", "delivered")
        .hasHighCardinalityKeyValue("redeliver.transaction", "1")
        .hasHighCardinalityKeyValue("redeliver.recipients", "2")
        .hasHighCardinalityKeyValue("server.address", "mx.example.test")
        .doesNotHaveError();
    TestObservationRegistryAssert.assertThat(observations).doesNotHaveAnyRemainingCurrentScope();
  }

  @Test
  void everyAttempt_isAnObservationOfItsOwn() {
    redeliverer.deliver(envelope("ann@gmail.com", "bob@yahoo.com"), answering(LATER, YES));

    TestObservationRegistryAssert.assertThat(observations)
        .hasNumberOfObservationsWithNameEqualTo(NAME, 2)
        .hasAnObservationWithAKeyValue("outcome", "deferred")
        .hasAnObservationWithAKeyValue("kind", "retry")
        .hasAnObservationWithAKeyValue("redeliver.transaction", "2")
        .hasAnObservationWithAKeyValue("provider", "mixed");
  }

  /** A meter of what is active has the tags of the beginning: the keys have to be the same. */
  @Test
  void keys_areThereFromTheStart() {
    ObservationRegistry plain = ObservationRegistry.create();
    plain.observationConfig().observationHandler(new DefaultMeterObservationHandler(meters));
    Redeliverer observed = redeliverer(RedeliverMetrics.boundTo(meters, policy("shop"), plain));
    observed.deliver(
        envelope("ann@gmail.com"),
        due -> {
          LongTaskTimer active =
              meters
                  .get(NAME + ".active")
                  .tags("kind", "unknown", "outcome", "unknown", "provider", "google")
                  .longTaskTimer();
          assertThat(active.activeTasks()).isEqualTo(1);
          return answering(YES).attempt(due);
        });

    assertThat(meters.get(NAME + ".active").longTaskTimer().activeTasks()).isZero();
    assertThat(meters.get(NAME).tags("kind", "first", "outcome", "delivered").timer().count())
        .isEqualTo(1);
  }

  @Test
  void withdrawnAttempt_endsAsSuch() {
    Delivery delivery = redeliverer.begin(envelope("ann@gmail.com"));
    delivery.begin();
    delivery.withdraw();

    TestObservationRegistryAssert.assertThat(observations)
        .doesNotHaveAnyRemainingCurrentScope()
        .hasObservationWithNameEqualTo(NAME)
        .that()
        .hasBeenStopped()
        .hasLowCardinalityKeyValue("outcome", "withdrawn")
        .doesNotHaveHighCardinalityKeyValueWithKey("redeliver.transaction");
  }

  @Test
  void submitterThrowsAnError_nothingStaysOpen() {
    assertThatThrownBy(
            () ->
                redeliverer.deliver(
                    envelope("ann@gmail.com"),
                    due -> {
                      throw new StackOverflowError();
                    }))
        .isInstanceOf(StackOverflowError.class);

    TestObservationRegistryAssert.assertThat(observations)
        .doesNotHaveAnyRemainingCurrentScope()
        .hasObservationWithNameEqualTo(NAME)
        .that()
        .hasBeenStopped();
  }

  /** A caller that steps by itself may drop a delivery in the middle of an attempt. */
  @Test
  void attemptThatNeverEnds_doesNotHideTheNext() {
    redeliverer.begin(envelope("lost@gmail.com")).begin();
    redeliverer.deliver(envelope("ann@yahoo.com"), answering(YES));

    TestObservationRegistryAssert.assertThat(observations)
        .doesNotHaveAnyRemainingCurrentScope()
        .hasNumberOfObservationsWithNameEqualTo(NAME, 2)
        .hasAnObservationWithAKeyValue("outcome", "delivered");
  }

  @Test
  void attempt_isWithinTheScopeOfItsObservation() {
    redeliverer.deliver(
        envelope("ann@gmail.com"),
        due -> {
          Observation current = observations.getCurrentObservation();
          assertThat(current).isNotNull();
          assertThat(current.getContext().getName()).isEqualTo(NAME);
          return answering(YES).attempt(due);
        });
  }

  @Test
  void nothingOfTheMessage_isInAnObservation() {
    redeliverer.deliver(envelope("ann@gmail.com"), answering(YES));

    TestObservationRegistryAssert.assertThat(observations)
        .hasObservationWithNameEqualTo(NAME)
        .that()
        .satisfies(
            context ->
                assertThat(context.getAllKeyValues().stream().map(KeyValue::getValue))
                    .noneMatch(value -> value.contains("@") || value.contains("secret")));
  }

  /** What others' instrumentation does: write a header of the trace into the mail. */
  @Test
  void context_isAClients_andWritesNothing() {
    AttemptContext context = new AttemptContext("shop", envelope("ann@gmail.com"), "google");
    context.getSetter().set(context.getCarrier(), "traceparent", "00-1-2-01");

    assertThat(context.getKind()).isEqualTo(Kind.CLIENT);
    assertThat(context.getCarrier()).as("not null, not the mail").isExactlyInstanceOf(Object.class);
  }

  @Test
  void ownConvention_tellsMore() {
    AttemptObservationConvention own =
        new AttemptObservationConvention() {
          @Override
          public String getName() {
            return "mail";
          }

          @Override
          public KeyValues getHighCardinalityKeyValues(AttemptContext context) {
            return KeyValues.of("recipients.all", "" + context.envelope().recipients().size());
          }
        };
    redeliverer(new RedeliverMetrics(policy("shop"), observations, own))
        .deliver(envelope("ann@gmail.com"), answering(YES));

    TestObservationRegistryAssert.assertThat(observations)
        .hasObservationWithNameEqualTo("mail")
        .that()
        .hasHighCardinalityKeyValue("recipients.all", "1")
        .hasLowCardinalityKeyValue("outcome", "delivered");
  }

  @Test
  void documentation_listsTheKeysThatThereAre() {
    redeliverer.deliver(envelope("ann@gmail.com"), answering(YES));

    TestObservationRegistryAssert.assertThat(observations)
        .hasObservationWithNameEqualTo(NAME)
        .that()
        .satisfies(
            context -> {
              assertThat(keys(context.getLowCardinalityKeyValues()))
                  .isEqualTo(names(RedeliverObservation.SMTP_ATTEMPT.getLowCardinalityKeyNames()));
              assertThat(keys(context.getHighCardinalityKeyValues()))
                  .isEqualTo(names(RedeliverObservation.SMTP_ATTEMPT.getHighCardinalityKeyNames()));
            });
    assertThat(RedeliverObservation.SMTP_ATTEMPT.getDefaultConvention())
        .isEqualTo(AttemptObservationConvention.class);
  }

  private static Set<String> keys(KeyValues values) {
    return values.stream().map(KeyValue::getKey).collect(Collectors.toSet());
  }

  private static Set<String> names(KeyName[] names) {
    return Arrays.stream(names).map(KeyName::asString).collect(Collectors.toSet());
  }

  /** From a bar of the graph to the trace: what is counted in an attempt bears its trace. */
  @Test
  void whatAnAttemptCounts_hasItsTraceAsExemplar() {
    Tracer tracer = new Tracer();
    PrometheusMeterRegistry prometheus =
        new PrometheusMeterRegistry(
            PrometheusConfig.DEFAULT, new PrometheusRegistry(), Clock.SYSTEM, tracer);
    ObservationRegistry traced = ObservationRegistry.create();
    traced.observationConfig().observationHandler(tracer);
    redeliverer(RedeliverMetrics.boundTo(prometheus, policy("shop"), traced))
        .deliver(envelope("ann@gmail.com"), answering(YES));

    String text = prometheus.scrape("application/openmetrics-text; version=1.0.0; charset=utf-8");
    assertThat(text.lines())
        .anyMatch(
            line ->
                line.startsWith("redeliver_recipient_replies_total{cause=\"success\"")
                    && line.contains("# {span_id=\"1\",trace_id=\"trace-of-attempt-1\"}"))
        .anyMatch(
            line ->
                line.startsWith("redeliver_schedule_lag_seconds_bucket{")
                    && line.contains("trace_id=\"trace-of-attempt-1\""));
    assertThat(tracer.getCurrentTraceId()).as("the scope is closed").isNull();
  }

  /** A tracer as small as can be: an observation is a span, and the only one of its trace. */
  private static final class Tracer
      implements SpanContext, ObservationHandler<Observation.Context> {
    private int spans;
    private @Nullable String current;

    @Override
    public void onScopeOpened(Observation.Context context) {
      spans++;
      current = Integer.toString(spans);
    }

    @Override
    public void onScopeClosed(Observation.Context context) {
      current = null;
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
      return true;
    }

    @Override
    public @Nullable String getCurrentTraceId() {
      return current == null ? null : "trace-of-attempt-" + current;
    }

    @Override
    public @Nullable String getCurrentSpanId() {
      return current;
    }

    @Override
    public boolean isCurrentSpanSampled() {
      return true;
    }

    @Override
    public void markCurrentSpanAsExemplar() {}
  }
}
