package dev.redeliver.metrics;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.policy.RetryPolicy;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One observation for each attempt of a mailer, with its scope open in the thread that delivers.
 * Thread-safe.
 */
final class AttemptObservations {
  private static final AttemptObservationConvention USUAL = new AttemptObservationConvention() {};

  private final String mailer;
  private final Providers providers;
  private final ObservationRegistry registry;
  private final AttemptObservationConvention convention;

  /** Not static: several mailers may work in one thread, one within the other. */
  @SuppressWarnings("ThreadLocalUsage")
  private final ThreadLocal<Running> running = new ThreadLocal<>();

  private record Running(AttemptContext context, Observation observation, Observation.Scope scope) {
    boolean isOf(Envelope envelope) {
      return context.envelope().equals(envelope);
    }

    void end() {
      scope.close();
      observation.stop();
    }
  }

  AttemptObservations(
      RetryPolicy policy, ObservationRegistry registry, AttemptObservationConvention convention) {
    mailer = policy.name();
    providers = new Providers(policy.metricsDomains());
    this.registry = Objects.requireNonNull(registry, "observations");
    this.convention = Objects.requireNonNull(convention, "convention");
  }

  static AttemptObservations usual(RetryPolicy policy, ObservationRegistry registry) {
    return new AttemptObservations(policy, registry, USUAL);
  }

  void started(Envelope envelope) {
    if (registry.isNoop()) {
      return;
    }
    endLost();
    AttemptContext context =
        new AttemptContext(mailer, envelope, providers.ofAll(envelope.recipients()));
    Observation observation =
        Observation.createNotStarted(convention, USUAL, () -> context, registry).start();
    running.set(new Running(context, observation, observation.openScope()));
  }

  void finished(Attempt attempt) {
    Running ended = take(attempt.envelope());
    if (ended != null) {
      String provider =
          providers.ofAll(attempt.recipients().stream().map(RecipientAttempt::recipient).toList());
      ended.context().finish(attempt, provider);
      ended.end();
    }
  }

  /**
   * It ends all the same: a handler that was told of a beginning, such as the one that counts what
   * is active, waits for the end.
   */
  void withdrawn(Envelope envelope) {
    Running ended = take(envelope);
    if (ended != null) {
      ended.context().withdraw();
      ended.end();
    }
  }

  private @Nullable Running take(Envelope envelope) {
    Running mine = running.get();
    if (mine == null || !mine.isOf(envelope)) {
      return null;
    }
    running.remove();
    return mine;
  }

  /** Whoever makes attempts step by step may have forgotten one: it must not hide the next. */
  private void endLost() {
    Running lost = running.get();
    if (lost != null) {
      running.remove();
      lost.end();
    }
  }
}
