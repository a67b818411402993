package dev.redeliver.delivery;

import dev.redeliver.classify.Classification;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationGuard;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.Leave;
import dev.redeliver.reputation.Permit;
import dev.redeliver.smtp.SmtpFailure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The leave that one attempt got from the guard: for its relay, if the caller does not look after
 * relays by itself, and for each destination of its recipients. Not thread-safe.
 */
final class Passage {
  private final DestinationGuard guard;
  private final List<Recipient> allowed = new ArrayList<>();
  private final Map<Recipient, Leave.Postponed> postponed = new LinkedHashMap<>();
  private final Map<Destination, List<Recipient>> parties = new LinkedHashMap<>();
  private final List<Permit> permits = new ArrayList<>(1);
  private @Nullable Permit ofRelay;

  private Passage(DestinationGuard guard) {
    this.guard = guard;
  }

  /** {@return no leave at all, for what happened without any} */
  static Passage unasked(DestinationGuard guard) {
    return new Passage(guard);
  }

  static Passage ask(DestinationGuard guard, Optional<Destination> relay, List<Recipient> due) {
    Passage passage = new Passage(guard);
    if (guard.isEnabled()) {
      passage.ask(relay.orElse(null), due);
    } else {
      passage.allowed.addAll(due);
    }
    return passage;
  }

  private void ask(@Nullable Destination relay, List<Recipient> due) {
    for (Recipient recipient : due) {
      parties
          .computeIfAbsent(Destination.ofDomain(recipient.domain()), unused -> new ArrayList<>())
          .add(recipient);
    }
    Map<Destination, Leave> leaves = new HashMap<>();
    parties.keySet().forEach(destination -> leaves.put(destination, guard.ask(destination)));
    parties.forEach((destination, party) -> sort(leaves.get(destination), party));
    if (relay != null && !allowed.isEmpty()) {
      askRelay(relay);
    }
    // As the envelope has them, not as their destinations came.
    allowed.sort((one, other) -> Integer.compare(one.index(), other.index()));
  }

  /** Last, so that what is put off for its destination takes no turn of the relay. */
  private void askRelay(Destination relay) {
    Leave leave = guard.ask(relay);
    if (leave instanceof Leave.Granted granted) {
      ofRelay = granted.permit();
    } else if (leave instanceof Leave.Postponed later) {
      permits.forEach(guard::abandon);
      permits.clear();
      allowed.forEach(recipient -> postponed.put(recipient, later));
      allowed.clear();
    }
  }

  private void sort(@Nullable Leave leave, List<Recipient> party) {
    if (leave instanceof Leave.Granted granted) {
      permits.add(granted.permit());
      allowed.addAll(party);
    } else if (leave instanceof Leave.Postponed later) {
      party.forEach(recipient -> postponed.put(recipient, later));
    }
  }

  /** {@return the recipients that may be sent to now} */
  List<Recipient> allowed() {
    return allowed;
  }

  /** {@return the recipients that have to wait, and until when} */
  Map<Recipient, Leave.Postponed> postponed() {
    return postponed;
  }

  /** Gives back the leave of an attempt that was not made. */
  void abandon() {
    permits.forEach(guard::abandon);
    if (ofRelay != null) {
      guard.abandon(ofRelay);
    }
  }

  /**
   * Gives back the leave after an attempt.
   *
   * @return the destinations that stand differently now
   */
  List<DestinationStatus> settle(AttemptResult result, List<RecipientAttempt> outcomes) {
    List<DestinationStatus> changed = new ArrayList<>();
    Optional<SmtpFailure> early = result.failureBeforeRecipients();
    if (ofRelay != null) {
      settle(ofRelay, outcomes, early.isPresent()).ifPresent(changed::add);
    }
    for (Permit permit : permits) {
      if (early.isPresent()) {
        guard.abandon(permit);
      } else {
        settle(permit, of(permit, outcomes), true).ifPresent(changed::add);
      }
    }
    return changed;
  }

  private List<RecipientAttempt> of(Permit permit, List<RecipientAttempt> outcomes) {
    List<Recipient> party = parties.getOrDefault(permit.destination(), List.of());
    return outcomes.stream().filter(outcome -> party.contains(outcome.recipient())).toList();
  }

  /**
   * Whether it is the permit's destination that speaks in a failure; a relay that let us name
   * recipients has done its part.
   */
  private Optional<DestinationStatus> settle(
      Permit permit, List<RecipientAttempt> outcomes, boolean itsWord) {
    boolean answered = false;
    boolean delivered = false;
    for (RecipientAttempt outcome : outcomes) {
      SmtpFailure failure = outcome.failure().orElse(null);
      Classification meaning = outcome.classification().orElse(null);
      if (itsWord && failure != null && meaning != null && guard.concerns(failure, meaning)) {
        return guard.refused(permit, failure, meaning);
      }
      boolean accepted = outcome.result() instanceof RecipientResult.Accepted;
      delivered |= accepted;
      answered |= accepted || failure instanceof SmtpFailure.Refused;
    }
    if (answered) {
      return guard.answered(permit, delivered);
    }
    guard.abandon(permit);
    return Optional.empty();
  }
}
