package dev.redeliver.metrics;

import dev.redeliver.classify.Classification;
import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.policy.Decision;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Instant;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * One failure and what follows from it, before it is made fit to be shown. Immutable.
 *
 * @param recipients the first of those whom it is about
 * @param about how many it is about
 */
record Incident(
    Instant at,
    String server,
    List<Recipient> recipients,
    int about,
    SmtpFailure failure,
    Classification meaning,
    Decision decision) {
  private static final int MOST_RECIPIENTS = 10;

  static Incident of(ConnectionFailure failure) {
    return new Incident(
        failure.at(),
        failure.server(),
        List.of(),
        0,
        failure.failure(),
        failure.classification(),
        failure.decision());
  }

  /** One answer to MAIL concerns all recipients, but is one failure: identity tells. */
  static List<Incident> of(Attempt attempt) {
    IdentityHashMap<SmtpFailure, List<RecipientAttempt>> byFailure = new IdentityHashMap<>(2);
    List<List<RecipientAttempt>> inOrder = new ArrayList<>(1);
    for (RecipientAttempt recipient : attempt.recipients()) {
      SmtpFailure failure = recipient.failure().orElse(null);
      if (failure == null) {
        continue;
      }
      List<RecipientAttempt> alike = byFailure.get(failure);
      if (alike == null) {
        alike = new ArrayList<>(1);
        byFailure.put(failure, alike);
        inOrder.add(alike);
      }
      alike.add(recipient);
    }
    List<Incident> incidents = new ArrayList<>(inOrder.size());
    inOrder.forEach(alike -> add(incidents, attempt, alike));
    return incidents;
  }

  private static void add(List<Incident> incidents, Attempt attempt, List<RecipientAttempt> alike) {
    RecipientAttempt one = alike.get(0);
    if (one.failure().isPresent()
        && one.classification().isPresent()
        && one.decision().isPresent()) {
      incidents.add(
          new Incident(
              one.at(),
              attempt.server(),
              alike.stream().limit(MOST_RECIPIENTS).map(RecipientAttempt::recipient).toList(),
              alike.size(),
              one.failure().get(),
              one.classification().get(),
              one.decision().get()));
    }
  }
}
