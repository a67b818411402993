package dev.redeliver.jakartamail;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.event.TransportEvent;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One message on its way through a transport: what was handed over, and how the report goes back to
 * the application. Both transports share it. Immutable and thread-safe.
 */
final class Handover {
  private static final int MAX_CHAIN = 20;

  private final Message message;
  private final Snapshot snapshot;
  private final Recipients recipients;

  private Handover(Message message, Snapshot snapshot, Recipients recipients) {
    this.message = message;
    this.snapshot = snapshot;
    this.recipients = recipients;
  }

  static Handover of(Message message, @Nullable Address @Nullable [] addresses)
      throws MessagingException {
    Recipients recipients = Recipients.of(addresses);
    Snapshot snapshot = Snapshot.of(message);
    return new Handover(message, snapshot, recipients.named(snapshot.messageId()));
  }

  Recipients recipients() {
    return recipients;
  }

  MimeMessage view(BodyTracker tracker) throws MessagingException {
    return snapshot.view(tracker);
  }

  /**
   * {@return results for the recipients that cannot be sent to as they are, or for all if the
   * sender cannot}
   *
   * @param utf8 whether SMTPUTF8 (RFC 6531) is possible on this connection
   */
  Map<Recipient, RecipientResult> unsendable(List<Recipient> pending, boolean utf8) {
    Map<Recipient, RecipientResult> results = new LinkedHashMap<>();
    Optional<String> badSender = sender().flatMap(from -> Recipients.problem(from, utf8));
    for (Recipient recipient : pending) {
      Optional<SmtpFailure> problem =
          badSender.isPresent()
              ? badSender.map(what -> local(SmtpStage.MAIL, "sender: " + what))
              : Recipients.problem(recipient.address(), utf8)
                  .map(what -> local(SmtpStage.RCPT, "recipient: " + what));
      problem.ifPresent(why -> results.put(recipient, new RecipientResult.Failed(why)));
    }
    return results;
  }

  /**
   * {@return whether the message's session allows addresses outside ASCII} A transport does not
   * tell its own session, and without the permission the library would write other addresses.
   */
  boolean allowsUtf8() {
    Session session = message.getSession();
    return session != null && Boolean.parseBoolean(session.getProperty("mail.mime.allowutf8"));
  }

  private static SmtpFailure local(SmtpStage stage, String what) {
    return new SmtpFailure.Local(stage, SmtpFailure.Problem.ADDRESS, what);
  }

  private Optional<String> sender() {
    Optional<String> own = Angus.isPresent() ? AngusFacts.envelopeFrom(message) : Optional.empty();
    return own.or(this::author);
  }

  private Optional<String> author() {
    try {
      Address[] from = message.getFrom();
      return from != null && from.length > 0 && from[0] instanceof InternetAddress first
          ? Optional.ofNullable(first.getAddress())
          : Optional.empty();
    } catch (MessagingException e) {
      // The mail library will meet the same header, and say so in the attempt.
      return Optional.empty();
    }
  }

  /** Passes the final result on: one event, and an exception unless everybody was accepted. */
  void conclude(DeliveryReport report, @Nullable Exception lastProblem, Notifier notifier)
      throws RedeliveryException {
    Recipients.ByOutcome addresses = recipients.byOutcome(report);
    notifier.notify(eventType(addresses), addresses, message);
    if (!report.isComplete()) {
      throw new RedeliveryException(text(report), printable(lastProblem), addresses, report);
    }
  }

  /**
   * The library chains one exception per refused recipient, and each prints all that follow: a
   * thousand of them would print 47 MB. The report has the answers in any case.
   */
  private static @Nullable Exception printable(@Nullable Exception problem) {
    Throwable link = problem;
    for (int length = 0; link != null; length++) {
      if (length == MAX_CHAIN) {
        return null;
      }
      link = link.getCause();
    }
    return problem;
  }

  private static int eventType(Recipients.ByOutcome addresses) {
    if (addresses.accepted().length == 0) {
      return TransportEvent.MESSAGE_NOT_DELIVERED;
    }
    boolean all =
        addresses.pending().length + addresses.refused().length + addresses.unknown().length == 0;
    return all ? TransportEvent.MESSAGE_DELIVERED : TransportEvent.MESSAGE_PARTIALLY_DELIVERED;
  }

  /** Counts and server answers, each distinct one once; addresses are left to the arrays. */
  private static String text(DeliveryReport report) {
    List<String> reasons = new ArrayList<>();
    for (RecipientReport recipient : report.recipients()) {
      if (recipient.outcome() != Outcome.ACCEPTED && !recipient.history().isEmpty()) {
        String reason = reason(recipient.history().get(recipient.history().size() - 1));
        if (!reasons.contains(reason) && reasons.size() < 3) {
          reasons.add(reason);
        }
      }
    }
    return report.summary() + ": " + String.join("; ", reasons);
  }

  private static String reason(RecipientAttempt last) {
    String failure = last.failure().map(SmtpFailure::describe).orElse("no answer");
    return failure + last.decision().map(decision -> " (" + decision.why() + ")").orElse("");
  }

  /** Fires a transport event. */
  @FunctionalInterface
  interface Notifier {
    /** Fires one event of a {@link TransportEvent} type. */
    void notify(int type, Recipients.ByOutcome addresses, Message message);
  }
}
