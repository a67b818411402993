package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpFailure.Fault;
import dev.redeliver.smtp.SmtpFailure.Problem;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import jakarta.mail.Address;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an attempt did, as far as exceptions and the content's progress tell. Where they leave it
 * open whether the server has the message, the result is unknown. Immutable.
 */
final class ExceptionFacts {
  private static final String BAD_GREETING = "response: ";

  private final Transport transport;
  private final BodyTracker tracker;
  private final @Nullable Exception thrown;

  ExceptionFacts(Transport transport, BodyTracker tracker, @Nullable Exception thrown) {
    this.transport = transport;
    this.tracker = tracker;
    this.thrown = thrown;
  }

  /** {@return what the attempt did for each recipient} */
  Map<Recipient, RecipientResult> of(List<Recipient> sent) {
    Optional<Map<Recipient, RecipientResult>> angus =
        Angus.isPresent() && thrown != null
            ? AngusFacts.of(transport, thrown, sent)
            : Optional.empty();
    return angus.orElseGet(() -> generic(sent));
  }

  private Map<Recipient, RecipientResult> generic(List<Recipient> sent) {
    Map<Recipient, RecipientResult> results = new LinkedHashMap<>();
    if (thrown instanceof SendFailedException failed && hasArrays(failed)) {
      sent.forEach(recipient -> results.put(recipient, byArrays(failed, recipient)));
    } else {
      RecipientResult common = thrown == null ? accepted() : byProgress(thrown);
      sent.forEach(recipient -> results.put(recipient, common));
    }
    return results;
  }

  private RecipientResult accepted() {
    String reply = Angus.isPresent() ? AngusFacts.lastReply(transport) : "";
    return new RecipientResult.Accepted(SmtpReply.parse(reply.isEmpty() ? "250" : reply));
  }

  private static boolean hasArrays(SendFailedException failed) {
    return failed.getValidSentAddresses() != null
        || failed.getValidUnsentAddresses() != null
        || failed.getInvalidAddresses() != null;
  }

  private RecipientResult byArrays(SendFailedException failed, Recipient recipient) {
    if (addresses(failed.getValidSentAddresses()).contains(recipient.address())) {
      return new RecipientResult.Accepted(SmtpReply.parse("250"));
    }
    SmtpReply reply = SmtpReply.parse(String.valueOf(failed.getMessage()));
    if (addresses(failed.getInvalidAddresses()).contains(recipient.address())) {
      return new RecipientResult.Failed(
          reply.code() >= 500
              ? new SmtpFailure.Refused(SmtpStage.RCPT, reply)
              : new SmtpFailure.Local(SmtpStage.RCPT, Problem.ADDRESS, "called invalid"));
    }
    return reply.code() >= 400
        ? new RecipientResult.Failed(new SmtpFailure.Refused(SmtpStage.RCPT, reply))
        : byProgress(failed);
  }

  private static Set<String> addresses(Address @Nullable [] addresses) {
    Set<String> found = new HashSet<>();
    if (addresses != null) {
      for (Address address : addresses) {
        if (address instanceof InternetAddress mailbox) {
          found.add(mailbox.getAddress());
        }
      }
    }
    return found;
  }

  private RecipientResult byProgress(Exception problem) {
    if (tracker.isComplete()) {
      // The housekeeping after a refusal may fail too, and then hides it behind its own exception.
      Optional<SmtpReply> refusal =
          Angus.isPresent() ? AngusFacts.lastRefusal(transport) : Optional.empty();
      if (refusal.isPresent()) {
        return new RecipientResult.Failed(
            new SmtpFailure.Refused(SmtpStage.END_OF_DATA, refusal.get()));
      }
      return new RecipientResult.Unknown(Faults.disconnected(SmtpStage.END_OF_DATA, problem));
    }
    SmtpStage stage = tracker.isBegun() ? SmtpStage.CONTENT : SmtpStage.MAIL;
    boolean closed = problem instanceof IllegalStateException && !tracker.isBegun();
    if (closed || Faults.isNetwork(problem)) {
      // The library closes the connection when its housekeeping fails, and tells nobody until now.
      return new RecipientResult.Failed(Faults.disconnected(stage, problem));
    }
    Problem kind = tracker.isBegun() ? Problem.CONTENT : Problem.OTHER;
    return new RecipientResult.Failed(new SmtpFailure.Local(stage, kind, Faults.detail(problem)));
  }

  /** {@return whether the connection is certainly in step after this attempt} */
  boolean isConnectionUsable() {
    return thrown == null || (Angus.isPresent() && AngusFacts.isInStep(thrown));
  }

  /** {@return why a connection could not be opened} */
  static SmtpFailure ofConnection(Transport transport, MessagingException problem) {
    String message = String.valueOf(problem.getMessage());
    if (Angus.isPresent() && AngusFacts.isGarbled(transport, message)) {
      return ofReply(
          problem instanceof AuthenticationFailedException ? SmtpStage.AUTH : SmtpStage.EHLO,
          message);
    }
    if (problem instanceof AuthenticationFailedException) {
      return ofAuthentication(problem, message);
    }
    int greeting = message.indexOf(BAD_GREETING);
    if (greeting >= 0) {
      return ofReply(SmtpStage.GREETING, message.substring(greeting + BAD_GREETING.length()));
    }
    if (Faults.isNetwork(problem)) {
      return Faults.disconnected(networkStage(message), problem);
    }
    SmtpReply reply = SmtpReply.parse(message);
    if (reply.code() >= 400) {
      SmtpStage stage = reply.code() == 454 ? SmtpStage.STARTTLS : SmtpStage.EHLO;
      return new SmtpFailure.Refused(stage, reply);
    }
    return message.contains("STARTTLS")
        ? new SmtpFailure.Local(SmtpStage.STARTTLS, Problem.TLS_SETUP, message)
        : new SmtpFailure.Local(SmtpStage.CONNECT, Problem.OTHER, message);
  }

  private static SmtpStage networkStage(String message) {
    if (message.startsWith("Could not convert socket")) {
      return SmtpStage.STARTTLS;
    }
    boolean reading = message.startsWith("Exception reading") || message.startsWith("[EOF]");
    return reading ? SmtpStage.GREETING : SmtpStage.CONNECT;
  }

  private static SmtpFailure ofAuthentication(MessagingException problem, String message) {
    SmtpReply reply = SmtpReply.parse(message);
    if (reply.code() >= 400) {
      return new SmtpFailure.Refused(SmtpStage.AUTH, reply);
    }
    return Faults.isNetwork(problem)
        ? Faults.disconnected(SmtpStage.AUTH, problem)
        : new SmtpFailure.Local(SmtpStage.AUTH, Problem.CREDENTIALS_SETUP, message);
  }

  static SmtpFailure ofReply(SmtpStage stage, String raw) {
    SmtpReply reply = SmtpReply.parse(raw);
    if (reply.code() >= 400) {
      return new SmtpFailure.Refused(stage, reply);
    }
    return raw.contains("[EOF]")
        ? new SmtpFailure.Disconnected(stage, Fault.LOST, "")
        : new SmtpFailure.Disconnected(stage, Fault.GARBLED, raw);
  }
}
