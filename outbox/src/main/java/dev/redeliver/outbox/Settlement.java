package dev.redeliver.outbox;

import dev.redeliver.classify.Classification;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.RecipientState;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is to be written about a message after an attempt. Reads its clock, and changes nothing. */
final class Settlement {
  /** After what should not happen, such as an exception that nobody foresaw. */
  private static final Duration AFTER_SURPRISE = Duration.ofMinutes(5);

  private final Redeliverer redeliverer;

  Settlement(Redeliverer redeliverer) {
    this.redeliverer = redeliverer;
  }

  /**
   * {@return the rows as they are after an attempt}
   *
   * @param relay the relay that it was made over; empty if none was made
   * @param obstacle the relay that could not be used, so that nothing came of it; null if there is
   *     none
   */
  List<LedgerRow> after(
      Parcel parcel, Delivery delivery, String relay, @Nullable RelayStatus obstacle) {
    List<RecipientReport> reports = delivery.report().recipients();
    List<RecipientState> states = delivery.states();
    List<LedgerRow> rows = new ArrayList<>(reports.size());
    for (int i = 0; i < reports.size(); i++) {
      rows.add(
          row(
              parcel.rows().get(i),
              reports.get(i),
              states.get(i),
              delivery.transactions(),
              relay,
              obstacle));
    }
    return rows;
  }

  private LedgerRow row(
      LedgerRow before,
      RecipientReport report,
      RecipientState state,
      int transactions,
      String relay,
      @Nullable RelayStatus obstacle) {
    LedgerRow.Event event = event(before, report, obstacle);
    Optional<Instant> nextTry = nextTry(report, state, obstacle);
    EntryState entry = entryState(before, report, nextTry);
    String pin =
        nextTry.isEmpty() || state.unknownOutcomes() == 0
            ? ""
            : state.unknownOutcomes() > before.recipient().unknownOutcomes()
                ? relay
                : before.relay();
    return new LedgerRow(
            before.position(), before.address(), entry, state, transactions, pin, event)
        .at(entry, nextTry, event);
  }

  private static EntryState entryState(
      LedgerRow before, RecipientReport report, Optional<Instant> nextTry) {
    if (!waits(report)) {
      return EntryState.of(report.outcome());
    }
    if (nextTry.isEmpty()) {
      return EntryState.EXPIRED;
    }
    if (report.history().isEmpty() && before.state() == EntryState.NEW) {
      // Nothing happened.
      return EntryState.DEFERRED;
    }
    return report.decision().orElse(null) instanceof Decision.Hold
        ? EntryState.HELD
        : EntryState.DEFERRED;
  }

  private Optional<Instant> nextTry(
      RecipientReport report, RecipientState state, @Nullable RelayStatus obstacle) {
    if (!waits(report) || state.nextTry().isPresent()) {
      return state.nextTry();
    }
    Instant now = redeliverer.clock().instant();
    Decision decision = report.decision().orElse(null);
    if (decision instanceof Decision.Hold) {
      return Optional.ofNullable(obstacle)
          .flatMap(RelayStatus::nextProbe)
          .or(() -> Optional.of(now.plus(pause(report))));
    }
    if (decision instanceof Decision.GiveUp end) {
      return switch (end.reason()) {
        case DEFERRED, HANDED_OVER -> end.laterTry();
        case INTERRUPTED -> Optional.of(now.plus(AFTER_SURPRISE));
        case ATTEMPTS, DEADLINE, UNKNOWN_OUTCOME -> Optional.empty();
      };
    }
    return Optional.of(now.plus(AFTER_SURPRISE));
  }

  /**
   * {@return whether an attempt follows} Within one process, a delivery that cannot go on ends in
   * doubt if the server may have the message already. Here it can go on later.
   */
  private static boolean waits(RecipientReport report) {
    return switch (report.outcome()) {
      case PENDING -> true;
      case UNKNOWN -> isPutOff(report.decision().orElse(null));
      case ACCEPTED, REFUSED -> false;
    };
  }

  private static boolean isPutOff(@Nullable Decision decision) {
    if (decision instanceof Decision.GiveUp end) {
      return switch (end.reason()) {
        case DEFERRED, HANDED_OVER, INTERRUPTED -> true;
        case ATTEMPTS, DEADLINE, UNKNOWN_OUTCOME -> false;
      };
    }
    return decision instanceof Decision.Hold;
  }

  private Duration pause(RecipientReport report) {
    Optional<Classification> meaning = last(report).flatMap(RecipientAttempt::classification);
    return meaning
        .map(
            found ->
                redeliverer
                    .policy()
                    .pause(
                        found,
                        Math.max(1, report.attempts()),
                        redeliverer.clock().instant(),
                        redeliverer.random().nextDouble()))
        .orElse(AFTER_SURPRISE);
  }

  private static Optional<RecipientAttempt> last(RecipientReport report) {
    List<RecipientAttempt> history = report.history();
    return history.isEmpty() ? Optional.empty() : Optional.of(history.get(history.size() - 1));
  }

  private static LedgerRow.Event event(
      LedgerRow before, RecipientReport report, @Nullable RelayStatus obstacle) {
    Optional<RecipientAttempt> last = last(report);
    if (last.isEmpty()) {
      return Optional.ofNullable(obstacle)
          .flatMap(RelayStatus::obstacle)
          .map(Settlement::event)
          .orElse(before.last());
    }
    Optional<Classification> meaning = last.get().classification();
    String reply =
        report.outcome() == Outcome.ACCEPTED
            ? acceptance(last.get())
            : last.get().failure().map(SmtpFailure::describe).orElse("");
    return new LedgerRow.Event(
        meaning.map(found -> found.cause().token()).orElse(""),
        meaning.map(Classification::ruleId).orElse(""),
        reply,
        last.get().decision().map(Decision::why).orElse(""));
  }

  private static LedgerRow.Event event(ConnectionFailure obstacle) {
    return new LedgerRow.Event(
        obstacle.classification().cause().token(),
        obstacle.classification().ruleId(),
        obstacle.failure().describe(),
        "not sent, and no attempt counted: " + obstacle.decision().why());
  }

  private static String acceptance(RecipientAttempt last) {
    return last.result() instanceof RecipientResult.Accepted accepted
        ? accepted.reply().toString()
        : "";
  }
}
