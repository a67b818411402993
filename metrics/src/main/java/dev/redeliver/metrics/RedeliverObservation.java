package dev.redeliver.metrics;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/** What is observed, for tools that read Micrometer's documentation of observations. */
public enum RedeliverObservation implements ObservationDocumentation {
  /** One attempt: from before the connection is there to after the last reply. */
  SMTP_ATTEMPT;

  @Override
  public Class<? extends ObservationConvention<? extends Observation.Context>>
      getDefaultConvention() {
    return AttemptObservationConvention.class;
  }

  @Override
  public KeyName[] getLowCardinalityKeyNames() {
    return Tag.values();
  }

  @Override
  public KeyName[] getHighCardinalityKeyNames() {
    return Detail.values();
  }

  /** What has few values, and may be a tag of a meter. */
  public enum Tag implements KeyName {
    /** The policy's name. */
    MAILER,
    /** Whose mailboxes the recipients are in; {@code mixed} for several. */
    PROVIDER,
    /** {@code first}, {@code retry}; {@code unknown} until the attempt ends. */
    KIND,
    /**
     * {@code delivered}, {@code partial}, {@code deferred}, {@code rejected}, {@code unknown} (also
     * until the attempt ends), {@code withdrawn}.
     */
    OUTCOME;

    @Override
    public String asString() {
      return switch (this) {
        case MAILER -> "mailer";
        case PROVIDER -> "provider";
        case KIND -> "kind";
        case OUTCOME -> "outcome";
      };
    }
  }

  /** What has many values; missing for an attempt that was withdrawn. */
  public enum Detail implements KeyName {
    /** The number of the transaction within the delivery, from 1. */
    TRANSACTION,
    /** How many recipients it was for. */
    RECIPIENTS,
    /** The host that answered, as the application named it. */
    SERVER;

    @Override
    public String asString() {
      return switch (this) {
        case TRANSACTION -> "redeliver.transaction";
        case RECIPIENTS -> "redeliver.recipients";
        case SERVER -> "server.address";
      };
    }
  }
}
