package dev.redeliver.delivery;

import dev.redeliver.classify.Classification;
import dev.redeliver.policy.AddressLog;
import dev.redeliver.policy.Decision;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * One log line for every recipient whose delivery has ended, and one for every alert and every
 * destination that changes. The keys are the words of the metrics. Immutable and thread-safe.
 *
 * <p>Accepted is DEBUG, refused INFO, everything that somebody may have to look at WARN; each of
 * those is counted in the metrics, too.
 */
final class DeliveryLog implements DeliveryListener {
  private final Supplier<Logger> deliveries;
  private final Supplier<Logger> destinations;
  private final AddressLog addresses;

  /** SLF4J complains once if there is nothing behind it: not before there is a line to write. */
  DeliveryLog(AddressLog addresses) {
    this(
        addresses,
        () -> LoggerFactory.getLogger("dev.redeliver.delivery"),
        () -> LoggerFactory.getLogger("dev.redeliver.reputation"));
  }

  DeliveryLog(AddressLog addresses, Supplier<Logger> deliveries, Supplier<Logger> destinations) {
    this.addresses = addresses;
    this.deliveries = deliveries;
    this.destinations = destinations;
  }

  @Override
  public void deliveryFinished(DeliveryReport report) {
    report.recipients().forEach(this::log);
  }

  private void log(RecipientReport report) {
    LoggingEventBuilder line = deliveries.get().atLevel(level(report));
    Optional<RecipientAttempt> last =
        report.history().isEmpty()
            ? Optional.empty()
            : Optional.of(report.history().get(report.history().size() - 1));
    line = line.addKeyValue("outcome", outcome(report)).addKeyValue("attempts", report.attempts());
    if (addresses != AddressLog.NONE) {
      line = line.addKeyValue("recipient", addresses.shown(report.recipient().address()));
    }
    Optional<Classification> meaning = last.flatMap(RecipientAttempt::classification);
    if (meaning.isPresent()) {
      line =
          line.addKeyValue("cause", meaning.get().cause().token())
              .addKeyValue("rule", meaning.get().ruleId());
    }
    if (report.laterTry().isPresent()) {
      line = line.addKeyValue("later-try", report.laterTry().get());
    }
    line.log(text(last));
  }

  private static String text(Optional<RecipientAttempt> last) {
    // The words of a server may quote the address: without it where addresses are not shown whole.
    return last.flatMap(RecipientAttempt::decision).map(Decision::why).orElse("accepted");
  }

  private static Level level(RecipientReport report) {
    return switch (report.outcome()) {
      case ACCEPTED -> Level.DEBUG;
      case REFUSED -> Level.INFO;
      case UNKNOWN, PENDING -> Level.WARN;
    };
  }

  private static String outcome(RecipientReport report) {
    return switch (report.outcome()) {
      case ACCEPTED, REFUSED, UNKNOWN -> report.outcome().name().toLowerCase(Locale.ROOT);
      case PENDING -> report.decision().orElse(null) instanceof Decision.Hold ? "held" : "deferred";
    };
  }

  @Override
  public void reputationAlert(ReputationAlert alert) {
    boolean over = alert.state() == ReputationAlert.State.RESOLVED;
    destinations
        .get()
        .atLevel(over ? Level.INFO : Level.WARN)
        .addKeyValue("state", alert.state().name().toLowerCase(Locale.ROOT))
        .addKeyValue("severity", alert.level().token())
        .addKeyValue("server", alert.server())
        .addKeyValue("destination", alert.destination())
        .addKeyValue("provider", alert.destination().provider())
        .addKeyValue("cause", alert.cause().token())
        .addKeyValue("rule", alert.ruleId())
        .addKeyValue("count", alert.count())
        .log(over ? "reputation alert resolved" : "the server blames the sender");
  }

  @Override
  public void destinationChanged(DestinationStatus destination) {
    LoggingEventBuilder line =
        destinations
            .get()
            .atLevel(Level.INFO)
            .addKeyValue("destination", destination.destination())
            .addKeyValue("state", destination.state().token());
    if (destination.nextAt().isPresent()) {
      line = line.addKeyValue("next-at", destination.nextAt().get());
    }
    if (Double.isFinite(destination.ratePerMinute())) {
      line =
          line.addKeyValue(
              "rate-per-minute", String.format(Locale.ROOT, "%.1f", destination.ratePerMinute()));
    }
    line.log("mail to the destination goes differently now");
  }
}
