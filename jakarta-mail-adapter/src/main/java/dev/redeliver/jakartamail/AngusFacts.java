package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.Transport;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

/**
 * What the exceptions of Angus add to what every transport tells. Loaded only if Angus is there.
 */
final class AngusFacts {
  private AngusFacts() {}

  static boolean alreadyRetries(Transport transport) {
    return transport instanceof RedeliverSmtpTransport;
  }

  /** With {@code reportsuccess} the library throws on success, and after a 252 sends nothing. */
  static void reportNoSuccess(Transport transport) {
    if (transport instanceof SMTPTransport smtp) {
      smtp.setReportSuccess(false);
    }
  }

  static boolean isUtf8Possible(Transport transport) {
    return transport instanceof SMTPTransport smtp && smtp.supportsExtension("SMTPUTF8");
  }

  /** {@return the envelope sender that an SMTPMessage names} */
  static Optional<String> envelopeFrom(Message message) {
    return message instanceof SMTPMessage smtp
        ? Optional.ofNullable(smtp.getEnvelopeFrom()).filter(from -> !from.isEmpty())
        : Optional.empty();
  }

  static boolean allows8BitMime(Message message) {
    return message instanceof SMTPMessage smtp && smtp.getAllow8bitMIME();
  }

  /** {@return whether these words, which an exception is made of, came instead of a reply} */
  static boolean isGarbled(Transport transport, String words) {
    return transport instanceof SMTPTransport smtp
        && smtp.getLastReturnCode() < 0
        && !words.startsWith("[EOF]")
        && words.equals(smtp.getLastServerResponse());
  }

  static String lastReply(Transport transport) {
    return transport instanceof SMTPTransport smtp && smtp.getLastReturnCode() / 100 == 2
        ? smtp.getLastServerResponse()
        : "";
  }

  /** {@return whether all that was thrown are refusals, after which the session goes on} */
  static boolean isInStep(Exception thrown) {
    int code = 0;
    if (thrown instanceof SMTPSendFailedException failed) {
      code = failed.getReturnCode();
    } else if (thrown instanceof SendFailedException failed
        && failed.getNextException() instanceof SMTPAddressFailedException first) {
      code = first.getReturnCode();
    }
    return code >= 200
        && !endsSession(code)
        && addressFailures(thrown).values().stream()
            .mapToInt(SMTPAddressFailedException::getReturnCode)
            .noneMatch(reply -> reply < 400 || endsSession(reply));
  }

  /** The server closes, or is somewhere else in the session than we are. */
  private static boolean endsSession(int code) {
    return code == 421 || code == 503;
  }

  /** {@return the results, if the exception is one that Angus makes for a reply} */
  static Optional<Map<Recipient, RecipientResult>> of(
      Transport transport, Exception thrown, List<Recipient> sent) {
    Optional<RecipientResult> common = common(transport, thrown);
    if (common.isEmpty()) {
      return Optional.empty();
    }
    Map<String, SMTPAddressFailedException> refused =
        isOutOfStep(thrown) ? Map.of() : addressFailures(thrown);
    Map<Recipient, RecipientResult> results = new LinkedHashMap<>();
    for (Recipient recipient : sent) {
      SMTPAddressFailedException own = refused.get(recipient.address());
      results.put(
          recipient,
          own == null
              ? common.get()
              : new RecipientResult.Failed(
                  ExceptionFacts.ofReply(SmtpStage.RCPT, String.valueOf(own.getMessage()))));
    }
    return Optional.of(results);
  }

  /**
   * {@return whether DATA was answered as a RCPT would be} Then mostly a line too many came before,
   * and each recipient was taken for the next one.
   */
  private static boolean isOutOfStep(Exception thrown) {
    return thrown instanceof SMTPSendFailedException failed
        && "DATA".equals(failed.getCommand())
        && failed.getReturnCode() / 100 == 2;
  }

  /** {@return what holds for everybody whose RCPT was not refused} */
  private static Optional<RecipientResult> common(Transport transport, Exception thrown) {
    if (thrown instanceof SMTPSendFailedException failed) {
      return Optional.of(ofCommand(failed));
    }
    if (thrown instanceof SMTPAddressFailedException lost) {
      return Optional.of(
          new RecipientResult.Failed(
              ExceptionFacts.ofReply(SmtpStage.RCPT, String.valueOf(lost.getMessage()))));
    }
    if (thrown instanceof SendFailedException failed
        && failed.getNextException() instanceof SMTPAddressFailedException) {
      return Optional.of(
          new RecipientResult.Failed(
              new SmtpFailure.Disconnected(
                  SmtpStage.RCPT, SmtpFailure.Fault.LOST, "the transaction was given up")));
    }
    return chunkRefused(transport, thrown);
  }

  private static RecipientResult ofCommand(SMTPSendFailedException failed) {
    String command = String.valueOf(failed.getCommand());
    SmtpReply reply = SmtpReply.parse(String.valueOf(failed.getMessage()));
    boolean replied = failed.getReturnCode() >= 200;
    if (!command.equals(".")) {
      SmtpStage stage = command.equals("DATA") ? SmtpStage.DATA : SmtpStage.MAIL;
      return new RecipientResult.Failed(
          ExceptionFacts.ofReply(stage, String.valueOf(failed.getMessage())));
    }
    if (replied && reply.severity() == Severity.SUCCESS) {
      return new RecipientResult.Accepted(reply);
    }
    SmtpFailure failure =
        ExceptionFacts.ofReply(SmtpStage.END_OF_DATA, String.valueOf(failed.getMessage()));
    return failure instanceof SmtpFailure.Refused
        ? new RecipientResult.Failed(failure)
        : new RecipientResult.Unknown(failure);
  }

  /**
   * {@return the last reply, if it refuses} Once the content was written it answers the content.
   */
  static Optional<SmtpReply> lastRefusal(Transport transport) {
    return transport instanceof SMTPTransport smtp && smtp.getLastReturnCode() >= 400
        ? Optional.of(SmtpReply.parse(String.valueOf(smtp.getLastServerResponse())))
            .filter(reply -> reply.code() >= 400)
        : Optional.empty();
  }

  /** A refusal after BDAT comes as the text of an IOException. */
  private static Optional<RecipientResult> chunkRefused(Transport transport, Exception thrown) {
    return Faults.find(thrown, IOException.class)
        .map(io -> SmtpReply.parse(String.valueOf(io.getMessage())))
        .filter(reply -> reply.code() >= 400 && transport instanceof SMTPTransport)
        .map(
            reply ->
                new RecipientResult.Failed(new SmtpFailure.Refused(SmtpStage.END_OF_DATA, reply)));
  }

  private static Map<String, SMTPAddressFailedException> addressFailures(Exception thrown) {
    Map<String, SMTPAddressFailedException> failures = new HashMap<>();
    @Nullable Throwable link = thrown;
    while (link != null) {
      if (link instanceof SMTPAddressFailedException failure && failure.getAddress() != null) {
        failures.putIfAbsent(failure.getAddress().getAddress(), failure);
      }
      link = link instanceof MessagingException next ? next.getNextException() : null;
    }
    return failures;
  }
}
