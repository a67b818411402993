package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Handling;
import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.testkit.ReceivedMessage;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What holds for every message, whatever the server does. The report is compared with what the
 * server has, never with itself alone. Addresses must be used by one message only.
 */
final class Rules {
  private final Witness witness;
  private final RetryPolicy policy;
  private final ServerLog server;

  Rules(Witness witness, RetryPolicy policy, ServerLog server) {
    this.witness = witness;
    this.policy = policy;
    this.server = server;
  }

  /** Checks all messages that were handed over. */
  void check() {
    witness.stories().forEach(this::check);
  }

  private void check(Witness.Story story) {
    assertThat(story.beginnings).as("beginnings of a delivery").isEqualTo(1);
    assertThat(story.reports).as("one report per message").hasSize(1);
    DeliveryReport report = story.report();
    assertThat(report.recipients().stream().map(RecipientReport::recipient))
        .as("everybody is in the report")
        .isEqualTo(story.envelope.recipients());
    checkText(report);
    checkAttempts(story, report);
    checkContent(story.envelope.messageId());
    for (RecipientReport recipient : report.recipients()) {
      checkHistory(recipient);
      checkServer(story, recipient);
    }
  }

  /** Rule 3: the same Message-ID, and the same bytes, each time. */
  private void checkContent(String id) {
    List<ReceivedMessage> copies =
        server.contents().stream().filter(copy -> copy.messageId().orElse("").equals(id)).toList();
    assertThat(copies)
        .extracting(ReceivedMessage::text)
        .as("bytes")
        .allMatch(copies.isEmpty() ? text -> true : copies.get(0).text()::equals);
  }

  /** Rule 12: what a server says does not get into logs as it is. */
  private static void checkText(DeliveryReport report) {
    assertThat(report.describe().lines())
        .allSatisfy(
            line -> {
              assertThat(line.chars().anyMatch(Character::isISOControl)).as(line).isFalse();
              assertThat(line.length()).as(line).isLessThan(4_000);
            });
  }

  /** Rules 1, 2 and 9: who is asked for, and when. */
  private void checkAttempts(Witness.Story story, DeliveryReport report) {
    Set<Recipient> settled = new HashSet<>();
    Map<Recipient, Instant> due = new HashMap<>();
    for (Attempt attempt : story.attempts) {
      assertThat(attempt.startedAt())
          .as("no attempt after the deadline")
          .isBeforeOrEqualTo(report.startedAt().plus(policy.deadline()));
      for (RecipientAttempt step : attempt.recipients()) {
        assertThat(settled).as("sent to again").doesNotContain(step.recipient());
        assertThat(attempt.startedAt())
            .as("not before its time")
            .isAfterOrEqualTo(due.getOrDefault(step.recipient(), report.startedAt()));
        if (step.decision().orElse(null) instanceof Decision.Retry retry) {
          due.put(step.recipient(), step.at().plus(retry.delay()));
        } else {
          settled.add(step.recipient());
        }
      }
    }
  }

  /** Rules 2, 4, 6, 8, 9 and 14: what followed from what. */
  private void checkHistory(RecipientReport recipient) {
    String story = recipient.describe();
    List<RecipientAttempt> history = recipient.history();
    assertThat(history).as(story).isNotEmpty();
    assertThat(recipient.attempts()).as(story).isLessThanOrEqualTo(policy.maxAttempts());
    int reconnects = 0;
    for (int i = 0; i < history.size(); i++) {
      RecipientAttempt step = history.get(i);
      boolean last = i == history.size() - 1;
      Decision decision = step.decision().orElse(null);
      assertThat(decision instanceof Decision.Retry).as("%s: %s", story, step).isEqualTo(!last);
      checkReason(step, story);
      if (decision instanceof Decision.Retry retry) {
        boolean resumes =
            step.classification().filter(c -> c.handling() == Handling.RESUME).isPresent();
        reconnects = retry.counted() ? 0 : reconnects + (resumes ? 0 : 1);
        assertThat(reconnects).as("uncounted tries in a row: " + story).isLessThanOrEqualTo(1);
      }
      if (step.result() instanceof RecipientResult.Unknown && !last) {
        assertThat(policy.unknownOutcome()).as(story).isEqualTo(UnknownOutcome.RESEND);
      }
    }
    int allowed = policy.unknownOutcome() == UnknownOutcome.RESEND ? 2 : 1;
    assertThat(recipient.unknownAttempts()).as(story).isLessThanOrEqualTo(allowed);
    checkOutcome(recipient, history.get(history.size() - 1), story);
  }

  private static void checkReason(RecipientAttempt step, String story) {
    step.classification().ifPresent(meaning -> checkExplained(meaning, story));
    boolean transientRefusal =
        step.failure().orElse(null) instanceof SmtpFailure.Refused refused
            && refused.reply().code() / 100 == 4;
    if (transientRefusal) {
      assertThat(step.decision()).as(story).get().isNotInstanceOf(Decision.Fail.class);
    }
  }

  private static void checkExplained(Classification meaning, String story) {
    assertThat(List.of(meaning.ruleId(), meaning.meaning(), meaning.source()))
        .as(story)
        .noneMatch(String::isBlank);
  }

  private static void checkOutcome(RecipientReport recipient, RecipientAttempt last, String story) {
    boolean accepted = last.result() instanceof RecipientResult.Accepted;
    assertThat(recipient.outcome() == Outcome.ACCEPTED).as(story).isEqualTo(accepted);
    if (accepted) {
      return;
    }
    boolean refused = last.decision().orElse(null) instanceof Decision.Fail;
    Outcome expected = refused ? Outcome.REFUSED : Outcome.PENDING;
    assertThat(recipient.outcome())
        .as(story)
        .isEqualTo(recipient.unknownAttempts() > 0 ? Outcome.UNKNOWN : expected);
  }

  /** Rules 1, 2 and 6: nothing lost, nothing twice but a counted unknown. */
  private void checkServer(Witness.Story story, RecipientReport recipient) {
    String address = recipient.recipient().address();
    String tale = recipient.describe();
    List<String> delivered = server.delivered(address);
    List<String> asked = server.asked(address);
    int unknown = recipient.unknownAttempts();
    switch (recipient.outcome()) {
      case ACCEPTED -> {
        assertThat(delivered).as(tale).hasSizeBetween(1, 1 + unknown);
        assertThat(delivered).as("asked for again: " + tale).contains(asked.get(asked.size() - 1));
      }
      case UNKNOWN -> assertThat(delivered).as(tale).hasSizeLessThanOrEqualTo(unknown);
      case REFUSED, PENDING -> assertThat(delivered).as(tale).isEmpty();
    }
    long attempts =
        story.attempts.stream()
            .filter(
                attempt ->
                    attempt.recipients().stream()
                        .anyMatch(step -> step.recipient().equals(recipient.recipient())))
            .count();
    // A sender spares a message the failure of its relay; that is told as one of the connection.
    assertThat((long) asked.size())
        .as("named more often than told: " + tale)
        .isLessThanOrEqualTo(attempts + witness.failures().size());
  }
}
