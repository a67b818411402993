package dev.redeliver.jakartamail;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.Resumption;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.WeakHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Hands over what a delivery left, if there is somebody to hand it over to. Thread-safe. */
final class Deferral {
  private static final String KEY = "redeliver.outbox";

  static final Deferral NONE = new Deferral(null);

  private static final Map<Session, Deferral> BY_SESSION = new WeakHashMap<>();

  private final @Nullable DeferredMessages to;

  Deferral(@Nullable DeferredMessages to) {
    this.to = to;
  }

  /**
   * {@return what the session asks for, made when it is first asked for}
   *
   * @throws MessagingException if it cannot be had: a message must not be lost by a missing jar
   */
  static Deferral of(Session session) throws MessagingException {
    String location = session.getProperty(KEY);
    if (location == null || location.isBlank()) {
      return NONE;
    }
    synchronized (BY_SESSION) {
      Deferral known = BY_SESSION.get(session);
      if (known == null) {
        known = open(session, location);
        BY_SESSION.put(session, known);
      }
      return known;
    }
  }

  private static Deferral open(Session session, String location) throws MessagingException {
    try {
      return new Deferral(
          ServiceLoader.load(DeferredMessagesFactory.class, Deferral.class.getClassLoader())
              .findFirst()
              .orElseThrow(
                  () -> new IllegalStateException("redeliver-outbox is not on the class path"))
              .open(session));
    } catch (RuntimeException e) {
      throw new MessagingException(
          KEY + ": '" + location + "' cannot be used: " + e.getMessage(), e);
    }
  }

  /** Makes the message that is left; it may fail, as all that reads a message. */
  @FunctionalInterface
  interface Source extends Function<Resumption, Optional<FrozenMessage>> {}

  /** {@return the report, in which whoever could be handed over is} */
  DeliveryReport handOver(Redeliverer redeliverer, DeliveryReport report, Source message) {
    if (to == null) {
      return report;
    }
    try {
      Optional<Resumption> left = Resumption.leftBy(report, report.startedAt().plus(to.deadline()));
      Optional<FrozenMessage> kept = left.flatMap(message);
      return kept.isEmpty() ? report : report.handedOver(to.keep(kept.get(), left.orElseThrow()));
    } catch (RuntimeException e) {
      // The report says that nobody has it.
      redeliverer.housekeepingFailed("outbox", e);
      return report;
    }
  }
}
