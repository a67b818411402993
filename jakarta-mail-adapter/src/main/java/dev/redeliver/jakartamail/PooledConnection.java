package dev.redeliver.jakartamail;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.smtp.SmtpFailure;
import jakarta.mail.MessagingException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * A transport of the sender's own, and what it has been used for. Not thread-safe: one user at a
 * time, which the pool sees to.
 */
final class PooledConnection {
  private final RedeliverSmtpTransport transport;
  private final Target target;
  private final InstantSource clock;
  private Instant openedAt;
  private Instant usedAt;
  private int transactions;
  private boolean opened;
  private boolean pooled;
  private boolean resting;
  private String endedBy = "broken";

  PooledConnection(RedeliverSmtpTransport transport, Target target, InstantSource clock) {
    this.transport = transport;
    this.target = target;
    this.clock = clock;
    openedAt = clock.instant();
    usedAt = openedAt;
  }

  /** {@return whether an attempt can be made on it as it is, for all that is known} */
  boolean isOpen() {
    return opened && transport.isReusable();
  }

  /** Opens it, for the first time or again. {@return why it is not ready for MAIL} */
  Optional<SmtpFailure> open() {
    Optional<SmtpFailure> failure = transport.openOnce(target);
    opened = failure.isEmpty();
    openedAt = clock.instant();
    usedAt = openedAt;
    transactions = 0;
    pooled = false;
    return failure;
  }

  /** {@return whether it is open, or was until something broke it} */
  boolean wasOpen() {
    return opened;
  }

  AttemptResult attempt(Handover handover, List<Recipient> due) {
    boolean reused = pooled || transactions > 0;
    transactions++;
    AttemptResult result = transport.attemptOnce(handover, due);
    return reused == result.connectionReused()
        ? result
        : new AttemptResult(result.server(), reused, result.results());
  }

  /** Notes that it goes to the pool, to be used again later. */
  void rest() {
    pooled = true;
    resting = true;
    usedAt = clock.instant();
  }

  /** Notes that it is in the pool no more. {@return whether it was} */
  boolean take() {
    boolean rested = resting;
    resting = false;
    return rested;
  }

  boolean hasRested() {
    return pooled;
  }

  Duration idleFor(Instant now) {
    return Duration.between(usedAt, now);
  }

  /** {@return why no further transaction should start on it; empty if one may} */
  Optional<String> wornOutBy(SenderSettings settings) {
    if (transactions >= settings.messagesPerConnection()) {
      return Optional.of("messages");
    }
    Duration age = Duration.between(openedAt, clock.instant());
    return age.compareTo(settings.connectionAge()) > 0 ? Optional.of("age") : Optional.empty();
  }

  /** {@return whether the server answers a NOOP} */
  boolean answers() {
    return transport.isConnected();
  }

  /** Says why it is about to be closed, which is told when it is. */
  void endBy(String reason) {
    endedBy = reason;
  }

  String endedBy() {
    return endedBy;
  }

  void close() {
    try {
      transport.close();
    } catch (MessagingException e) {
      // Only a transport that Redeliver does not drive throws here.
      throw new IllegalStateException(e);
    }
  }
}
