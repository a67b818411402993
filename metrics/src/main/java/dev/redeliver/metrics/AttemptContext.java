package dev.redeliver.metrics;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.Envelope;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known about one attempt while it is observed, for an {@link
 * AttemptObservationConvention}. To be read by the thread that delivers.
 *
 * <p>It is a client's context, so that tracing makes a client span of it; but its setter does
 * nothing, and its carrier is nobody: no header is ever written to the mail.
 */
public final class AttemptContext extends SenderContext<Object> {
  /** What is not known before the attempt has ended. */
  static final String UNKNOWN = "unknown";

  static final String WITHDRAWN = "withdrawn";

  /** Some propagators refuse to do nothing for null. */
  private static final Object NOBODY = new Object();

  private final String mailer;
  private final Envelope envelope;
  private String provider;
  private String kind = UNKNOWN;
  private String outcome = UNKNOWN;
  private @Nullable Attempt attempt;

  AttemptContext(String mailer, Envelope envelope, String provider) {
    super((carrier, key, value) -> {}, Kind.CLIENT);
    setCarrier(NOBODY);
    this.mailer = mailer;
    this.envelope = envelope;
    this.provider = provider;
  }

  void finish(Attempt ended, String itsProvider) {
    attempt = ended;
    provider = itsProvider;
    kind = Meters.kind(ended);
    outcome = AttemptOutcome.of(ended).token();
  }

  void withdraw() {
    outcome = WITHDRAWN;
  }

  /** {@return the policy's name} */
  public String mailer() {
    return mailer;
  }

  /**
   * {@return the provider of the recipients that were asked for, {@code mixed} if there are
   * several; of all recipients of the message as long as the attempt goes on}
   */
  public String provider() {
    return provider;
  }

  /** {@return {@code first} or {@code retry}; {@code unknown} as long as the attempt goes on} */
  public String kind() {
    return kind;
  }

  /**
   * {@return {@code delivered}, {@code partial}, {@code deferred}, {@code rejected} or {@code
   * unknown} as in the meters; {@code withdrawn} if no transaction was made; {@code unknown} as
   * long as the attempt goes on}
   */
  public String outcome() {
    return outcome;
  }

  /** {@return the message, for conventions of an application that want more of it to be seen} */
  public Envelope envelope() {
    return envelope;
  }

  /** {@return the attempt once it has ended; empty before, and if it was withdrawn} */
  public Optional<Attempt> attempt() {
    return Optional.ofNullable(attempt);
  }
}
