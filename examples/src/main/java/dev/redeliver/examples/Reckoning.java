package dev.redeliver.examples;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares what was handed over, what the reports say and what the server has. Immutable.
 *
 * <p>A recipient of whom the reply to the content was lost may have got the message then: each such
 * attempt explains one copy.
 *
 * @param messages messages handed over
 * @param recipients recipients of all messages
 * @param accepted recipients that the reports call accepted
 * @param refused recipients that the reports call refused
 * @param unknown recipients that the reports call unknown
 * @param deferred recipients that the reports call pending
 * @param lost recipients called accepted of whom the server has nothing, or with neither report nor
 *     copy
 * @param duplicated copies beyond one and the lost replies that explain more
 * @param unexplained any other disagreement
 * @param attempts SMTP transactions, by the reports
 * @param copies what the server has, over all recipients
 * @param findings what is lost, duplicated or unexplained, a line each
 */
record Reckoning(
    int messages,
    int recipients,
    int accepted,
    int refused,
    int unknown,
    int deferred,
    int lost,
    int duplicated,
    int unexplained,
    int attempts,
    int copies,
    List<String> findings) {
  /**
   * A message as one recipient has it.
   *
   * @param messageId the message
   * @param recipient the address
   */
  record Copy(String messageId, String recipient) {}

  static Reckoning of(List<Envelope> sent, List<DeliveryReport> reports, List<Copy> stored) {
    return new Comparison(reports, stored).compare(sent);
  }

  /** {@return whether report and server agree} */
  boolean isClean() {
    return lost + duplicated + unexplained == 0;
  }

  /** {@return the one line that says it all} */
  String summary() {
    return "summary messages=%d recipients=%d accepted=%d refused=%d unknown=%d deferred=%d lost=%d duplicated=%d unexplained=%d attempts=%d"
        .formatted(
            messages,
            recipients,
            accepted,
            refused,
            unknown,
            deferred,
            lost,
            duplicated,
            unexplained,
            attempts);
  }

  /** What is left over of reports and copies while the recipients are gone through. */
  private static final class Comparison {
    private final Map<Copy, RecipientReport> reported = new HashMap<>();
    private final Map<Copy, Integer> copies = new HashMap<>();
    private final int attempts;
    private final int total;
    private final List<String> findings = new ArrayList<>();
    private final Map<Outcome, Integer> outcomes = new HashMap<>();
    private int lost;
    private int duplicated;
    private int unexplained;

    Comparison(List<DeliveryReport> reports, List<Copy> stored) {
      reports.forEach(this::note);
      stored.forEach(copy -> copies.merge(copy, 1, Integer::sum));
      attempts = reports.stream().mapToInt(DeliveryReport::transactions).sum();
      total = stored.size();
    }

    private void note(DeliveryReport report) {
      for (RecipientReport recipient : report.recipients()) {
        Copy key = new Copy(report.envelope().messageId(), recipient.recipient().address());
        if (reported.put(key, recipient) != null) {
          unexplained(key, "is in two reports");
        }
      }
    }

    Reckoning compare(List<Envelope> sent) {
      int recipients = 0;
      for (Envelope envelope : sent) {
        for (Recipient recipient : envelope.recipients()) {
          recipients++;
          compare(new Copy(envelope.messageId(), recipient.address()));
        }
      }
      reported.keySet().forEach(key -> unexplained(key, "is reported, but was not sent to"));
      copies.keySet().forEach(key -> unexplained(key, "has a copy, but was not sent to"));
      return new Reckoning(
          sent.size(),
          recipients,
          count(Outcome.ACCEPTED),
          count(Outcome.REFUSED),
          count(Outcome.UNKNOWN),
          count(Outcome.PENDING),
          lost,
          duplicated,
          unexplained,
          attempts,
          total,
          List.copyOf(findings));
    }

    private int count(Outcome outcome) {
      return outcomes.getOrDefault(outcome, 0);
    }

    private void compare(Copy key) {
      RecipientReport report = reported.remove(key);
      Integer stored = copies.remove(key);
      int found = stored == null ? 0 : stored;
      if (report == null) {
        unreported(key, found);
        return;
      }
      outcomes.merge(report.outcome(), 1, Integer::sum);
      if (report.outcome() == Outcome.ACCEPTED) {
        compareAccepted(key, found, report.unknownAttempts());
      } else {
        compareOther(key, found, report);
      }
    }

    private void unreported(Copy key, int found) {
      if (found == 0) {
        lost++;
        findings.add("lost: " + key + " has neither report nor copy");
      } else {
        unexplained(key, "has a copy, but no report");
      }
    }

    private void compareAccepted(Copy key, int found, int lostReplies) {
      if (found == 0) {
        lost++;
        findings.add("lost: " + key + " is called accepted, but has no copy");
      }
      surplus(key, found - 1 - lostReplies);
    }

    private void compareOther(Copy key, int found, RecipientReport report) {
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
  }
}
