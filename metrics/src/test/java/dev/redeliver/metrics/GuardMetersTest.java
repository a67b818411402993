package dev.redeliver.metrics;

import static dev.redeliver.metrics.Events.accepted;
import static dev.redeliver.metrics.Events.attempt;
import static dev.redeliver.metrics.Events.destination;
import static dev.redeliver.metrics.Events.policy;
import static dev.redeliver.reputation.DestinationStatus.State.FREE;
import static dev.redeliver.reputation.DestinationStatus.State.PACED;
import static dev.redeliver.reputation.DestinationStatus.State.PAUSED;
import static dev.redeliver.reputation.DestinationStatus.State.PROBING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class GuardMetersTest {
  private static final Duration SCRAPE = Duration.ofSeconds(1);

  private final MockClock clock = new MockClock();
  private final MeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
  private final RedeliverMetrics metrics = RedeliverMetrics.boundTo(registry, policy("shop"));
  private final List<DestinationStatus> status = new ArrayList<>();
  private int asked;
  private final Supplier<List<DestinationStatus>> guard =
      new Supplier<>() {
        @Override
        public List<DestinationStatus> get() {
          asked++;
          return List.copyOf(status);
        }
      };

  private double destinations(String provider, String state) {
    return registry
        .get("redeliver.destinations")
        .tags("mailer", "shop", "provider", provider, "state", state)
        .gauge()
        .value();
  }

  private double changes(String provider, String state) {
    return registry
        .get("redeliver.guard.changes")
        .tags("mailer", "shop", "provider", provider, "state", state)
        .counter()
        .count();
  }

  private void mailTo(String address) {
    metrics.attemptFinished(attempt(1, Duration.ZERO, accepted(new Recipient(0, address))));
  }

  @Test
  void noGuard_noMeters() {
    mailTo("ann@yahoo.com");

    assertThat(registry.find("redeliver.destinations").meters()).isEmpty();
    assertThat(registry.find("redeliver.guard.changes").meters()).isEmpty();
  }

  @Test
  void destinations_areCountedByProviderAndState() {
    metrics.guardOpened(guard);
    mailTo("ann@yahoo.com");
    status.add(destination(Destination.ofDomain("yahoo.com"), PAUSED));
    status.add(destination(Destination.ofDomain("a.example"), PACED));
    status.add(destination(Destination.ofDomain("b.example"), PACED));
    status.add(destination(Destination.relay("mx.example"), PROBING));
    status.add(destination(Destination.ofDomain("c.example"), FREE));

    assertThat(destinations("yahoo", "paused")).isEqualTo(1);
    assertThat(destinations("yahoo", "paced")).isZero();
    assertThat(destinations("other", "paced")).isEqualTo(2);
    assertThat(destinations("other", "probing")).isEqualTo(1);
  }

  @Test
  void guard_isAskedOnceForAllGaugesOfAScrape() {
    metrics.guardOpened(guard);
    destinations("other", "paced");
    destinations("other", "paused");
    assertThat(asked).isEqualTo(1);

    clock.add(SCRAPE);
    status.add(destination(Destination.ofDomain("a.example"), PAUSED));
    assertThat(destinations("other", "paused")).isEqualTo(1);
    assertThat(asked).isEqualTo(2);
  }

  @Test
  void guards_ofOneName_addUp() {
    metrics.guardOpened(guard);
    RedeliverMetrics other = RedeliverMetrics.boundTo(registry, policy("shop"));
    other.guardOpened(guard);
    status.add(destination(Destination.ofDomain("a.example"), PAUSED));

    assertThat(destinations("other", "paused")).isEqualTo(2);
  }

  @Test
  void boundLater_showsTheGuardToo() {
    RedeliverMetrics unbound = new RedeliverMetrics(policy("shop"));
    unbound.guardOpened(guard);
    unbound.bindTo(registry);
    status.add(destination(Destination.ofDomain("a.example"), PAUSED));

    assertThat(destinations("other", "paused")).isEqualTo(1);
  }

  @Test
  void changes_areCountedByProviderAndState() {
    metrics.guardOpened(guard);
    assertThat(changes("other", "paused")).isZero();

    metrics.destinationChanged(destination(Destination.ofDomain("hotmail.com"), PAUSED));
    metrics.destinationChanged(destination(Destination.ofDomain("outlook.com"), FREE));
    assertThat(changes("microsoft", "paused")).isEqualTo(1);
    assertThat(changes("microsoft", "free")).isEqualTo(1);
    assertThat(changes("microsoft", "paced")).isZero();
  }

  /** A program that makes a deliverer for each batch must not keep them all. */
  @Test
  void delivererThatNobodyUses_isCollectedAndCountsNoMore() throws Exception {
    FakeClock time = new FakeClock();
    RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).name("shop").build();
    WeakReference<Redeliverer> dropped = pausing(policy, time);
    assertThat(destinations("yahoo", "paused")).isEqualTo(1);

    for (int i = 0; i < 100 && dropped.get() != null; i++) {
      System.gc();
    }
    clock.add(SCRAPE);
    assertThat(dropped.get()).isNull();
    assertThat(destinations("yahoo", "paused")).isZero();
  }

  private WeakReference<Redeliverer> pausing(RetryPolicy policy, FakeClock time) {
    Redeliverer redeliverer = Redeliverer.builder(policy).clock(time).listener(metrics).build();
    RecipientResult blocked =
        new RecipientResult.Failed(
            new SmtpFailure.Refused(
                SmtpStage.RCPT,
                SmtpReply.parse("554 5.7.1 Client host blocked using zen.spamhaus.org")));
    for (int i = 0; i < 3; i++) {
      Delivery delivery =
          redeliverer.begin(Envelope.of("<1@example.test>", List.of("ann@yahoo.com")));
      Recipient due = delivery.begin().get(0);
      delivery.end(new AttemptResult("mx.example", false, Map.of(due, blocked)));
      delivery.finish();
    }
    return new WeakReference<>(redeliverer);
  }
}
