package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes down what the client's side says that happened, message by message. Thread-safe. */
final class Witness implements DeliveryListener {
  /** One message. */
  static final class Story {
    final Envelope envelope;
    final List<Attempt> attempts = new ArrayList<>();
    final List<DeliveryReport> reports = new ArrayList<>();
    int beginnings;

    Story(Envelope envelope) {
      this.envelope = envelope;
    }

    DeliveryReport report() {
      return reports.get(0);
    }
  }

  private final Map<String, Story> stories = new LinkedHashMap<>();
  private final List<ConnectionFailure> failures = new ArrayList<>();

  private Story of(Envelope envelope) {
    return stories.computeIfAbsent(envelope.messageId(), unused -> new Story(envelope));
  }

  @Override
  public synchronized void deliveryStarted(Envelope envelope) {
    of(envelope).beginnings++;
  }

  @Override
  public synchronized void attemptFinished(Attempt attempt) {
    of(attempt.envelope()).attempts.add(attempt);
  }

  @Override
  public synchronized void deliveryFinished(DeliveryReport report) {
    of(report.envelope()).reports.add(report);
  }

  @Override
  public synchronized void connectionFailed(ConnectionFailure failure) {
    failures.add(failure);
  }

  /** {@return the messages in the order in which they were handed over} */
  synchronized List<Story> stories() {
    return List.copyOf(stories.values());
  }

  /** {@return why connections could not be opened, or a relay not be used} */
  synchronized List<ConnectionFailure> failures() {
    return List.copyOf(failures);
  }

  /** {@return the reports, for people} */
  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder();
    for (Story story : stories.values()) {
      for (DeliveryReport report : story.reports) {
        report.recipients().forEach(recipient -> append(text, recipient));
      }
    }
    failures.forEach(failure -> text.append(failure).append('\n'));
    return text.toString();
  }

  private static void append(StringBuilder text, RecipientReport recipient) {
    text.append(recipient.describe()).append('\n');
    for (RecipientAttempt step : recipient.history()) {
      text.append("  ").append(step.failure().map(Object::toString).orElse("accepted"));
      step.classification().ifPresent(meaning -> text.append(", rule ").append(meaning.ruleId()));
      step.decision().ifPresent(decision -> text.append(", ").append(decision));
      text.append('\n');
    }
  }
}
