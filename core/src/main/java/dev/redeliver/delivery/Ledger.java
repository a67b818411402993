package dev.redeliver.delivery;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.policy.AttemptHistory;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
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

  Ledger(Resumption message) {
    envelope = message.envelope();
    startedAt = message.startedAt();
    transactions = message.transactions();
    // A list of one is smaller when it is a copy.
    entries =
        List.copyOf(
            IntStream.range(0, envelope.recipients().size())
                .mapToObj(i -> new Entry(envelope.recipients().get(i), message.recipients().get(i)))
                .toList());
  }

  /** {@return where every recipient stands, in the order of the envelope} */
  List<RecipientState> states() {
    return entries.stream().map(Entry::state).toList();
  }

  Envelope envelope() {
    return envelope;
  }

  Instant startedAt() {
    return startedAt;
  }

  int transactions() {
    return transactions;
  }

  /**
   * {@return everybody whose time has come; that is nobody only if nobody waits} A waiter may be a
   * little early, and a clock may be set back: whoever is next is due now.
   */
  List<Recipient> due(Instant now) {
    return dueAt(nextDue().filter(next -> next.isAfter(now)).orElse(now));
  }

  /** Counts a transaction for these recipients. */
  void begin(List<Recipient> due) {
    transactions++;
    due.forEach(recipient -> entry(recipient).begin());
  }

  int attempts(Recipient recipient) {
    return entry(recipient).attempts;
  }

  AttemptHistory history(Recipient recipient, boolean stale, boolean progress, boolean unknown) {
    Entry entry = entry(recipient);
    return new AttemptHistory(
        startedAt,
        entry.attempts,
        entry.failuresByLane(),
        stale,
        progress,
        entry.reconnects,
        unknown,
        entry.unknownOutcomes);
  }

  void merge(RecipientAttempt attempt) {
    entry(attempt.recipient()).merge(attempt);
  }

  /** {@return when the earliest of these was due} */
  Instant dueAt(List<Recipient> recipients) {
    return recipients.stream()
        .map(recipient -> entry(recipient).dueAt)
        .filter(Objects::nonNull)
        .min(Instant::compareTo)
        .orElse(startedAt);
  }

  /** Puts off an attempt that is not to be made yet; beyond the deadline it is given up. */
  void postpone(Recipient recipient, Instant now, Instant until, Instant deadline, String why) {
    Entry entry = entry(recipient);
    entry.dueAt = until;
    if (until.isAfter(deadline)) {
      entry.stop(now, Decision.Reason.DEADLINE, why);
    }
  }

  /** {@return whether somebody who is to be sent to again may have the message already} */
  boolean isOutcomeUnknown() {
    return entries.stream().anyMatch(entry -> entry.dueAt != null && entry.unknownOutcomes > 0);
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
  void stop(Instant now, Decision.Reason reason, String why) {
    entries.stream().filter(Entry::isWaiting).forEach(entry -> entry.stop(now, reason, why));
  }

  /** Ends every planned retry by a decision that no attempt led to. */
  void stop(Instant now, ConnectionFailure obstacle, Decision decision) {
    entries.stream().filter(Entry::isWaiting).forEach(entry -> entry.stop(now, obstacle, decision));
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
    private final Map<Lane, Integer> earlierFailures;
    private final List<RecipientAttempt> history = new ArrayList<>(1);
    private Outcome outcome;
    private @Nullable Instant dueAt;
    private boolean nextCounts;
    private int attempts;
    private int reconnects;
    private int unknownOutcomes;

    Entry(Recipient recipient, RecipientState state) {
      this.recipient = recipient;
      outcome = state.outcome();
      dueAt = state.nextTry().orElse(null);
      nextCounts = state.nextCounts();
      attempts = state.attempts();
      earlierFailures = state.failuresByLane();
      reconnects = state.reconnects();
      unknownOutcomes = state.unknownOutcomes();
    }

    RecipientState state() {
      return new RecipientState(
          outcome,
          Optional.ofNullable(dueAt),
          nextCounts,
          attempts,
          failuresByLane(),
          reconnects,
          unknownOutcomes);
    }

    /** Counted anew each time: a hundred thousand entries that wait need not keep it. */
    Map<Lane, Integer> failuresByLane() {
      Map<Lane, Integer> failures = new EnumMap<>(Lane.class);
      failures.putAll(earlierFailures);
      for (RecipientAttempt attempt : history) {
        if (attempt.decision().orElse(null) instanceof Decision.Retry retry && retry.counted()) {
          failures.merge(retry.lane(), 1, Integer::sum);
        }
      }
      return failures;
    }

    boolean isWaiting() {
      return dueAt != null;
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
      if (!retry.counted() && !isResume(attempt)) {
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

    void stop(Instant now, Decision.Reason reason, String why) {
      boolean tried = !history.isEmpty();
      RecipientAttempt last = tried ? history.remove(history.size() - 1) : notTried(now);
      Lane lane =
          last.decision().orElse(null) instanceof Decision.Retry retry
              ? retry.lane()
              : Lane.IMMEDIATE;
      conclude(
          new RecipientAttempt(
              last.recipient(),
              last.attempt(),
              last.at(),
              last.result(),
              last.classification(),
              Optional.of(new Decision.GiveUp(reason, lane, Optional.ofNullable(dueAt), why))));
    }

    private RecipientAttempt notTried(Instant now) {
      SmtpFailure none =
          new SmtpFailure.Disconnected(SmtpStage.CONNECT, SmtpFailure.Fault.NOT_TRIED, "");
      return new RecipientAttempt(
          recipient,
          attempts,
          now,
          new RecipientResult.Failed(none),
          Optional.empty(),
          Optional.empty());
    }

    void stop(Instant now, ConnectionFailure obstacle, Decision decision) {
      conclude(
          new RecipientAttempt(
              recipient,
              attempts,
              now,
              new RecipientResult.Failed(obstacle.failure()),
              Optional.of(obstacle.classification()),
              Optional.of(decision)));
    }

    private void conclude(RecipientAttempt end) {
      history.add(end);
      dueAt = null;
      outcome = unknownOutcomes > 0 ? Outcome.UNKNOWN : Outcome.PENDING;
    }

    RecipientReport report() {
      return new RecipientReport(recipient, outcome, attempts, history);
    }
  }
}
