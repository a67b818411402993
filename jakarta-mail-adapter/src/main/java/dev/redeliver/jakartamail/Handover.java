package dev.redeliver.jakartamail;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
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

  /** For {@link RedeliverSmtpTransport}. */
  static Handover of(Message message, @Nullable Address @Nullable [] addresses)
      throws MessagingException {
    return of(message, addresses, false);
  }

  /** For any other transport, which may want to see the headers that Angus does not send. */
  static Handover complete(Message message, @Nullable Address @Nullable [] addresses)
      throws MessagingException {
    return of(message, addresses, true);
  }

  private static Handover of(
      Message message, @Nullable Address @Nullable [] addresses, boolean complete)
      throws MessagingException {
    Recipients recipients = Recipients.of(addresses);
    Snapshot snapshot = Snapshot.of(message, complete);
    return new Handover(
        message, snapshot, recipients.of(snapshot.messageId(), snapshot.unknownOutcome()));
  }

  /**
   * A message that was stored, for the attempts of {@link RedeliverSmtpTransport}: nothing can be
   * concluded for an application that does not wait for it.
   *
   * @param carrier a message with the original's envelope attributes, and with nothing else
   * @param author the original's; null if it has none
   */
  static Handover thawed(
      MimeMessage carrier, Octets content, @Nullable String author, Envelope envelope) {
    return new Handover(
        carrier, Snapshot.thawed(content, carrier, author), Recipients.of(envelope));
  }

  Message message() {
    return message;
  }

  Octets content() {
    return snapshot.content();
  }

  /** {@return the author, as a mailbox; null if there is none} */
  @Nullable String author() {
    return snapshot.author().orElse(null);
  }

  Recipients recipients() {
    return recipients;
  }

  MimeMessage view(BodyTracker tracker) throws MessagingException {
    return snapshot.view(tracker);
  }

  /** {@return the message for one attempt of {@link RedeliverSmtpTransport} without conversion} */
  MimeMessage wireView() {
    return snapshot.wireView();
  }

  /** {@return the octets of the message as SIZE counts them (RFC 1870 section 3)} */
  long size() {
    return snapshot.size();
  }

  /** {@return whether the message itself allows to be converted to 8BITMIME} */
  boolean allows8BitMime() {
    return Angus.isPresent() && AngusFacts.allows8BitMime(message);
  }

  /**
   * {@return results for the recipients that cannot be sent to as they are, or for all if the
   * sender cannot}
   *
   * @param configuredSender what the session names as envelope sender; null if nothing
   * @param utf8 whether SMTPUTF8 (RFC 6531) is possible on this connection
   */
  Map<Recipient, RecipientResult> unsendable(
      List<Recipient> pending, @Nullable String configuredSender, boolean utf8) {
    Optional<String> badSender =
        sender(configuredSender).flatMap(from -> Recipients.problem(from, utf8));
    Map<Recipient, RecipientResult> results = new LinkedHashMap<>();
    for (Recipient recipient : pending) {
      if (badSender.isPresent()) {
        results.put(recipient, local(SmtpStage.MAIL, "sender: " + badSender.get()));
      } else {
        Recipients.problem(recipient.address(), utf8)
            .ifPresent(what -> results.put(recipient, local(SmtpStage.RCPT, "recipient: " + what)));
      }
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

  /** {@return the sender that the message's session names for a protocol; null if none} */
  @Nullable String configuredSender(@Nullable String protocol) {
    Session session = message.getSession();
    return session == null || protocol == null
        ? null
        : session.getProperty("mail." + protocol + ".from");
  }

  private static RecipientResult local(SmtpStage stage, String what) {
    return new RecipientResult.Failed(
        new SmtpFailure.Local(stage, SmtpFailure.Problem.ADDRESS, what));
  }

  /** In the order in which Angus looks for it. */
  private Optional<String> sender(@Nullable String configured) {
    Optional<String> own = Angus.isPresent() ? AngusFacts.envelopeFrom(message) : Optional.empty();
    return own.or(() -> Optional.ofNullable(configured).filter(from -> !from.isEmpty()))
        .map(Handover::withoutBrackets)
        .or(snapshot::author);
  }

  private static String withoutBrackets(String path) {
    return path.startsWith("<") && path.endsWith(">") ? path.substring(1, path.length() - 1) : path;
  }

  /** Passes the final result on: one event, and an exception unless everybody was accepted. */
  void conclude(DeliveryReport report, @Nullable Exception lastProblem, Notifier notifier)
      throws RedeliveryException {
    Recipients.ByOutcome addresses = recipients.byOutcome(report);
    notifier.notify(eventType(addresses), addresses, message);
    if (addresses.accepted().length < report.recipients().size()) {
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
