package dev.redeliver.metrics;

import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/**
 * Names one attempt, and what is told of it. As it is, it tells what {@link RedeliverObservation}
 * lists, and no address, subject or Message-ID; an application overrides what it wants otherwise.
 * It is called in the thread that delivers, and must be thread-safe.
 */
public interface AttemptObservationConvention extends ObservationConvention<AttemptContext> {
  /** {@return {@code redeliver.smtp.attempt}} */
  @Override
  default String getName() {
    return "redeliver.smtp.attempt";
  }

  /**
   * {@return what a span is called: {@code smtp send}}
   *
   * @param context the attempt
   */
  @Override
  default String getContextualName(AttemptContext context) {
    return "smtp send";
  }

  /**
   * {@return mailer, provider, kind and outcome; the same keys at the beginning and at the end}
   *
   * @param context the attempt
   */
  @Override
  default KeyValues getLowCardinalityKeyValues(AttemptContext context) {
    return KeyValues.of(
        RedeliverObservation.Tag.MAILER.withValue(context.mailer()),
        RedeliverObservation.Tag.PROVIDER.withValue(context.provider()),
        RedeliverObservation.Tag.KIND.withValue(context.kind()),
        RedeliverObservation.Tag.OUTCOME.withValue(context.outcome()));
  }

  /**
   * {@return what differs from attempt to attempt, once it has ended}
   *
   * @param context the attempt
   */
  @Override
  default KeyValues getHighCardinalityKeyValues(AttemptContext context) {
    return context
        .attempt()
        .map(
            attempt ->
                KeyValues.of(
                    RedeliverObservation.Detail.TRANSACTION.withValue(
                        Integer.toString(attempt.transaction())),
                    RedeliverObservation.Detail.RECIPIENTS.withValue(
                        Integer.toString(attempt.recipients().size())),
                    RedeliverObservation.Detail.SERVER.withValue(attempt.server())))
        .orElse(KeyValues.empty());
  }

  /**
   * {@return whether it is an attempt}
   *
   * @param context what is observed
   */
  @Override
  default boolean supportsContext(Observation.Context context) {
    return context instanceof AttemptContext;
  }
}
