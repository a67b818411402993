package dev.redeliver.delivery;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.policy.AttemptHistory;
import dev.redeliver.policy.Decision;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who still needs the message. An accepted recipient never becomes due again, whatever is recorded
 * later. Not thread-safe: one delivery, one thread at a time.
 */
final class Ledger {
  private final Envelope envelope;
  private final Instant startedAt;
  private final List<Entry> entries;
  private int transactions;

  Ledger(Envelope envelope, Instant startedAt) {
    this.envelope = envelope;
    this.startedAt = startedAt;
    entries = envelope.recipients().stream().map(to -> new Entry(to, startedAt)).toList();
  }

  Envelope envelope() {
    return envelope;
  }

  int transactions() {
    return transactions;
  }

  /**
   * Starts a transaction for everybody whose time has come; that is never nobody. A waiter may be a
   * little early, and a clock may be set back: whoever is next is due now.
   */
  List<Recipient> begin(Instant now) {
    transactions++;
    Instant reached = nextDue().filter(next -> next.isAfter(now)).orElse(now);
    List<Recipient> due = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.isDue(reached)) {
        entry.begin();
        due.add(entry.recipient);
      }
    }
    return due;
  }

  int attempts(Recipient recipient) {
    return entry(recipient).attempts;
  }

  AttemptHistory history(Recipient recipient, boolean stale, boolean progress, boolean unknown) {
    Entry entry = entry(recipient);
    return new AttemptHistory(
        startedAt,
        entry.attempts,
        entry.failuresByLane,
        stale,
        progress,
        entry.reconnects,
        unknown,
        entry.unknownOutcomes);
  }

  void merge(RecipientAttempt attempt) {
    entry(attempt.recipient()).merge(attempt);
  }

  /** {@return the recipients that wait for a next attempt} */
  List<Recipient> waiting() {
    return entries.stream().filter(entry -> entry.dueAt != null).map(e -> e.recipient).toList();
  }

  /** {@return the recipients that the attempt at that time will be for} */
  List<Recipient> dueAt(Instant time) {
    return entries.stream().filter(entry -> entry.isDue(time)).map(e -> e.recipient).toList();
  }

  /** {@return when the next attempt is due; empty if nobody waits for one} */
  Optional<Instant> nextDue() {
    return entries.stream()
        .map(entry -> entry.dueAt)
        .filter(Objects::nonNull)
        .min(Instant::compareTo);
  }

  /** Turns every planned retry into a give-up that says when it would have been. */
  void interrupt() {
    entries.forEach(Entry::interrupt);
  }

  DeliveryReport report(Instant finishedAt) {
    return new DeliveryReport(
        envelope,
        startedAt,
        finishedAt,
        transactions,
        entries.stream().map(Entry::report).toList());
  }

  private Entry entry(Recipient recipient) {
    return entries.get(recipient.index());
  }

  private static final class Entry {
    private final Recipient recipient;
    private final List<RecipientAttempt> history = new ArrayList<>();
    private final EnumMap<Lane, Integer> failuresByLane = new EnumMap<>(Lane.class);
    private Outcome outcome = Outcome.PENDING;
    private @Nullable Instant dueAt;
    private boolean nextCounts = true;
    private int attempts;
    private int reconnects;
    private int unknownOutcomes;

    Entry(Recipient recipient, Instant dueAt) {
      this.recipient = recipient;
      this.dueAt = dueAt;
    }

    boolean isDue(Instant now) {
      return dueAt != null && !dueAt.isAfter(now);
    }

    void begin() {
      if (nextCounts) {
        attempts++;
        reconnects = 0;
      }
    }

    void merge(RecipientAttempt attempt) {
      if (outcome != Outcome.PENDING) {
        return;
      }
      history.add(attempt);
      dueAt = null;
      if (attempt.result() instanceof RecipientResult.Accepted) {
        outcome = Outcome.ACCEPTED;
        return;
      }
      if (attempt.result() instanceof RecipientResult.Unknown) {
        unknownOutcomes++;
      }
      attempt.decision().ifPresent(decision -> follow(attempt, decision));
    }

    private void follow(RecipientAttempt attempt, Decision decision) {
      if (decision instanceof Decision.Retry retry) {
        plan(attempt, retry);
      } else if (unknownOutcomes > 0) {
        // An earlier copy may have arrived: no later refusal can take that back.
        outcome = Outcome.UNKNOWN;
      } else if (decision instanceof Decision.Fail) {
        outcome = Outcome.REFUSED;
      }
    }

    private void plan(RecipientAttempt attempt, Decision.Retry retry) {
      dueAt = attempt.at().plus(retry.delay());
      nextCounts = retry.counted();
      if (retry.counted()) {
        failuresByLane.merge(retry.lane(), 1, Integer::sum);
      } else if (!isResume(attempt)) {
        reconnects++;
      }
    }

    private static boolean isResume(RecipientAttempt attempt) {
      return attempt
          .classification()
          .map(Classification::handling)
          .filter(Handling.RESUME::equals)
          .isPresent();
    }

    void interrupt() {
      if (dueAt == null || history.isEmpty()) {
        dueAt = null;
        return;
      }
      RecipientAttempt last = history.remove(history.size() - 1);
      Lane lane =
          last.decision().orElse(null) instanceof Decision.Retry retry
              ? retry.lane()
              : Lane.IMMEDIATE;
      Decision stopped =
          new Decision.GiveUp(
              Decision.Reason.INTERRUPTED,
              lane,
              Optional.of(dueAt),
              "the wait for the next attempt was interrupted");
      history.add(
          new RecipientAttempt(
              last.recipient(),
              last.attempt(),
              last.at(),
              last.result(),
              last.classification(),
              Optional.of(stopped)));
      dueAt = null;
      outcome = unknownOutcomes > 0 ? Outcome.UNKNOWN : Outcome.PENDING;
    }

    RecipientReport report() {
      return new RecipientReport(recipient, outcome, attempts, history);
    }
  }
}
