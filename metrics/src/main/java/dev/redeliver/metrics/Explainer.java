package dev.redeliver.metrics;

import dev.redeliver.delivery.Recipient;
import dev.redeliver.policy.AddressLog;
import dev.redeliver.policy.Decision;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationGuard;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Makes what happened fit to be shown: in words, bounded, and without addresses. Immutable. */
final class Explainer {
  private static final int MOST = 10;

  /** More than any server needs to say why; bounds the page, whatever servers send. */
  private static final int MOST_TEXT = 1000;

  private final AddressLog addresses;

  Explainer(AddressLog addresses) {
    this.addresses = addresses;
  }

  StatusSnapshot.Message message(PendingMessage.View message, DestinationGuard guard, Instant now) {
    List<Destination> destinations =
        message.left().stream()
            .map(recipient -> Destination.ofDomain(recipient.domain()))
            .distinct()
            .toList();
    return new StatusSnapshot.Message(
        cut(message.id()),
        message.handedOverAt(),
        destinations.stream().limit(MOST).toList(),
        shown(message.left()),
        message.pending(),
        message.attempts(),
        message.trying(),
        message.trying() ? Optional.empty() : nextTry(message, destinations, guard, now),
        message.last().map(this::failure));
  }

  /** What the delivery planned, unless no destination wants mail by then. */
  private static Optional<Instant> nextTry(
      PendingMessage.View message,
      List<Destination> destinations,
      DestinationGuard guard,
      Instant now) {
    Instant planned = message.nextTry().orElse(Instant.MIN);
    Instant open =
        destinations.stream().map(guard::opensAt).min(Instant::compareTo).orElse(Instant.MIN);
    Instant next = planned.isAfter(open) ? planned : open;
    return next.isAfter(now) ? Optional.of(next) : Optional.empty();
  }

  DestinationStatus destination(DestinationStatus status) {
    return new DestinationStatus(
        status.destination(),
        status.state(),
        status.nextAt(),
        status.ratePerMinute(),
        status.busy(),
        status.connections(),
        shown(status.why(), List.of()));
  }

  StatusSnapshot.Alert alert(ReputationAlert alert) {
    return new StatusSnapshot.Alert(
        alert.level().token(),
        alert.server(),
        alert.destination(),
        alert.cause().token(),
        shown(alert.failure().describe(), List.of()),
        alert.ruleId(),
        alert.count(),
        alert.firstSeen(),
        alert.lastSeen());
  }

  StatusSnapshot.Failure failure(Incident incident) {
    return new StatusSnapshot.Failure(
        incident.at(),
        incident.server(),
        token(incident.failure().stage()),
        shown(incident.recipients()),
        incident.about(),
        shown(incident.failure().describe(), incident.recipients()),
        incident.meaning().cause().token(),
        incident.meaning().meaning(),
        decision(incident.decision()),
        shown(incident.decision().why(), incident.recipients()),
        incident.meaning().advice(),
        incident.meaning().ruleId());
  }

  private static String decision(Decision decision) {
    if (decision instanceof Decision.Retry) {
      return "retry";
    }
    if (decision instanceof Decision.GiveUp) {
      return "given up";
    }
    return decision instanceof Decision.Hold ? "held" : "refused";
  }

  private List<String> shown(List<Recipient> recipients) {
    return addresses == AddressLog.NONE
        ? List.of()
        : recipients.stream()
            .limit(MOST)
            .map(recipient -> cut(addresses.shown(recipient.address())))
            .toList();
  }

  private String shown(String text, List<Recipient> about) {
    return cut(
        addresses.shownIn(
            wholeWords(text, 2 * MOST_TEXT), about.stream().map(Recipient::address).toList()));
  }

  /** What was cut off in the middle of an address would no longer look like one. */
  private static String wholeWords(String text, int most) {
    return text.length() <= most ? text : text.substring(0, 1 + text.lastIndexOf(' ', most));
  }

  private static String cut(String text) {
    if (text.length() <= MOST_TEXT) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(MOST_TEXT - 1)) ? MOST_TEXT - 1 : MOST_TEXT;
    return text.substring(0, end) + "…";
  }

  private static String token(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
