package dev.redeliver.metrics;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Evidence;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.classify.Reaction;
import dev.redeliver.classify.Scope;
import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Events as a deliverer makes them, and some that it never would. */
final class Events {
  static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  static final String SERVER = "relay.example.test";
  static final Recipient ANN = new Recipient(0, "ann@example.test");

  private Events() {}

  static SmtpFailure failure() {
    return new SmtpFailure.Refused(SmtpStage.RCPT, SmtpReply.parse("450 4.2.0 later"));
  }

  static Classification meaning(Cause cause) {
    return meaning(cause, Severity.TRANSIENT, false);
  }

  static Classification meaning(Cause cause, Severity severity, boolean signal) {
    return new Classification(
        severity,
        cause,
        Scope.RECIPIENT,
        Lane.TRANSIENT,
        Handling.RETRY,
        signal,
        Optional.empty(),
        "rule",
        Evidence.none(),
        "meaning",
        "advice",
        "source");
  }

  static Decision retry(Lane lane) {
    return new Decision.Retry(lane, Duration.ofSeconds(1), true, "why");
  }

  static Decision giveUp() {
    return new Decision.GiveUp(
        Decision.Reason.DEFERRED, Lane.GREYLIST, Optional.of(START.plusSeconds(300)), "why");
  }

  static RecipientAttempt accepted(Recipient to) {
    return new RecipientAttempt(
        to,
        1,
        START.plusSeconds(2),
        new RecipientResult.Accepted(SmtpReply.parse("250 ok")),
        Optional.empty(),
        Optional.empty());
  }

  static RecipientAttempt failed(Recipient to, Classification meaning, Decision decision) {
    return new RecipientAttempt(
        to,
        1,
        START.plusSeconds(2),
        new RecipientResult.Failed(failure()),
        Optional.of(meaning),
        Optional.of(decision));
  }

  static RecipientAttempt unknown(Recipient to, Decision decision) {
    return new RecipientAttempt(
        to,
        1,
        START.plusSeconds(2),
        new RecipientResult.Unknown(
            new SmtpFailure.Disconnected(
                SmtpStage.END_OF_DATA, SmtpFailure.Fault.LOST, "connection reset")),
        Optional.of(meaning(Cause.CONNECTION)),
        Optional.of(decision));
  }

  static Attempt attempt(int transaction, Duration duration, RecipientAttempt... recipients) {
    return new Attempt(
        Envelope.of("<1@example.test>", List.of("ann@example.test", "bob@example.test")),
        SERVER,
        transaction,
        START,
        START,
        duration,
        false,
        Arrays.asList(recipients));
  }

  static RecipientReport report(
      Recipient to, Outcome outcome, int attempts, RecipientAttempt... history) {
    return new RecipientReport(to, outcome, attempts, Arrays.asList(history));
  }

  static DeliveryReport delivery(Duration elapsed, RecipientReport... recipients) {
    return new DeliveryReport(
        Envelope.of("<1@example.test>", List.of("ann@example.test")),
        START,
        START.plus(elapsed),
        1,
        Arrays.asList(recipients));
  }

  static ConnectionFailure connection(Cause cause, boolean signal) {
    return new ConnectionFailure(
        SERVER,
        1,
        START,
        failure(),
        meaning(cause, Severity.TRANSIENT, signal),
        retry(Lane.CONNECTION));
  }

  static ReputationAlert alert(ReputationAlert.State state, String server, Cause cause) {
    return alert(state, server, Destination.relay(server), cause);
  }

  static ReputationAlert alert(
      ReputationAlert.State state, String server, Destination destination, Cause cause) {
    return new ReputationAlert(
        state,
        state == ReputationAlert.State.ESCALATED
            ? ReputationAlert.Level.CRITICAL
            : ReputationAlert.Level.WARNING,
        server,
        destination,
        cause,
        failure(),
        "rule",
        new Reaction(3, Duration.ofMinutes(10), Duration.ZERO, 0),
        3,
        START,
        START);
  }

  static DestinationStatus destination(Destination destination, DestinationStatus.State state) {
    return new DestinationStatus(
        destination, state, Optional.empty(), Double.POSITIVE_INFINITY, 0, 1, "why");
  }

  static RetryPolicy policy(String mailer) {
    return RetryPolicy.builder(Profile.INTERACTIVE).name(mailer).build();
  }
}
