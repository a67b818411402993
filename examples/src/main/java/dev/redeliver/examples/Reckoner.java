package dev.redeliver.examples;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.examples.Reckoning.Copy;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps the account of each recipient from the hand-over of a message to its report, and settles it
 * then. So it remembers only what is on its way, and a copy that comes later has no account.
 * Thread-safe.
 */
final class Reckoner {
  /** How many copies the server has, for each recipient without a report. */
  private final Map<Copy, Integer> open = new HashMap<>();

  private final Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
  private final List<String> findings = new ArrayList<>();
  private int messages;
  private int recipients;
  private int copies;
  private int attempts;
  private int lost;
  private int duplicated;
  private int unexplained;

  /** Notes a message before it is handed over. */
  synchronized void sent(Envelope envelope) {
    messages++;
    for (Recipient recipient : envelope.recipients()) {
      recipients++;
      open.put(new Copy(envelope.messageId(), recipient.address()), 0);
    }
  }

  /** Notes what the server has taken, before it says so. */
  synchronized void stored(Copy copy) {
    copies++;
    if (open.computeIfPresent(copy, (key, before) -> before + 1) == null) {
      unexplained(copy, "has a copy, but was not being sent to");
    }
  }

  /** Notes that the server has taken something else than was sent. */
  synchronized void altered(Copy copy) {
    unexplained(copy, "has a copy with other bytes");
  }

  /** Compares a report with the account, and closes that. */
  void reported(DeliveryReport report) {
    ended(Ending.of(report));
  }

  /** Compares how a message has ended with the account, and closes that. */
  synchronized void ended(Ending ending) {
    attempts += ending.attempts();
    for (Ending.To recipient : ending.recipients()) {
      settle(new Copy(ending.messageId(), recipient.address()), recipient);
    }
  }

  private void settle(Copy key, Ending.To report) {
    Integer found = open.remove(key);
    if (found == null) {
      unexplained(key, "is reported, but was not being sent to");
      return;
    }
    outcomes.merge(report.outcome(), 1, Integer::sum);
    if (report.outcome() == Outcome.ACCEPTED) {
      compareAccepted(key, found, report.unknownAttempts());
    } else {
      compareOther(key, found, report);
    }
  }

  private void compareAccepted(Copy key, int found, int lostReplies) {
    if (found == 0) {
      lost++;
      findings.add("lost: " + key + " is called accepted, but has no copy");
    }
    surplus(key, found - 1 - lostReplies);
  }

  private void compareOther(Copy key, int found, Ending.To report) {
    if (report.outcome() == Outcome.UNKNOWN && report.unknownAttempts() == 0) {
      unexplained(key, "is called unknown, but no reply was lost");
    }
    if (found > report.unknownAttempts()) {
      unexplained(key, "is called " + report.outcome() + ", but has a copy");
    }
    surplus(key, found - 1 - report.unknownAttempts());
  }

  private void surplus(Copy key, int copiesTooMany) {
    if (copiesTooMany > 0) {
      duplicated += copiesTooMany;
      findings.add("duplicated: " + key + " has copies too many: " + copiesTooMany);
    }
  }

  private void unexplained(Copy key, String what) {
    unexplained++;
    findings.add("unexplained: " + key + " " + what);
  }

  /** {@return all sums; whoever has no report now has none at all} */
  synchronized Reckoning close() {
    open.forEach(this::unreported);
    open.clear();
    return new Reckoning(
        messages,
        recipients,
        count(Outcome.ACCEPTED),
        count(Outcome.REFUSED),
        count(Outcome.UNKNOWN),
        count(Outcome.PENDING),
        lost,
        duplicated,
        unexplained,
        attempts,
        copies,
        List.copyOf(findings));
  }

  private void unreported(Copy key, int found) {
    if (found == 0) {
      lost++;
      findings.add("lost: " + key + " has neither report nor copy");
    } else {
      unexplained(key, "has a copy, but no report");
    }
  }

  private int count(Outcome outcome) {
    return outcomes.getOrDefault(outcome, 0);
  }
}
