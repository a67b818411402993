package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Recipient;
import dev.redeliver.smtp.SmtpStage;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.internet.InternetAddress;
import java.util.List;
import java.util.Optional;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.jspecify.annotations.Nullable;

/**
 * The exceptions that the mail library would have thrown for refusals, had it read the answers by
 * itself: for catch blocks that look at them. Loaded only if Angus is there.
 */
final class Refusals {
  /** Enough to look at; the report has all. */
  private static final int MAX_LINKS = 16;

  private static final Address[] NOBODY = {};

  private Refusals() {}

  /** {@return what the library would say about a transaction; null if nothing was refused} */
  static @Nullable MessagingException of(SmtpRecord record, List<Recipient> sent) {
    Optional<Step> decisive =
        record.steps().stream()
            .filter(step -> step.stage() != SmtpStage.RCPT && !step.isPositive())
            .findFirst();
    @Nullable MessagingException addresses = addresses(record, sent);
    if (decisive.filter(step -> step.stage() == SmtpStage.MAIL).isPresent()) {
      return send(decisive.get(), null);
    }
    if (!record.isAnyRecipientAccepted()) {
      return addresses == null ? null : new SendFailedException("Invalid Addresses", addresses);
    }
    if (decisive.isPresent()) {
      return send(decisive.get(), addresses);
    }
    return addresses == null
        ? null
        : record.last().<MessagingException>map(step -> send(step, addresses)).orElse(addresses);
  }

  private static SMTPSendFailedException send(Step step, @Nullable MessagingException next) {
    return new SMTPSendFailedException(
        step.command(), code(step), text(step), next, NOBODY, NOBODY, NOBODY);
  }

  private static @Nullable MessagingException addresses(SmtpRecord record, List<Recipient> sent) {
    List<Step> answers =
        record.steps().stream().filter(step -> step.stage() == SmtpStage.RCPT).toList();
    @Nullable MessagingException first = null;
    int links = 0;
    for (int i = 0; i < answers.size() && links < MAX_LINKS; i++) {
      Step step = answers.get(i);
      if (step.isRefused()) {
        MessagingException link = address(sent.get(i), step);
        if (first == null) {
          first = link;
        } else {
          first.setNextException(link);
        }
        links++;
      }
    }
    return first;
  }

  private static MessagingException address(Recipient recipient, Step step) {
    InternetAddress address = new InternetAddress();
    address.setAddress(recipient.address());
    return new SMTPAddressFailedException(address, step.command(), code(step), text(step));
  }

  private static int code(Step step) {
    return step.reply() == null ? -1 : step.reply().code();
  }

  private static String text(Step step) {
    return step.reply() == null ? step.failure().describe() : step.reply().toString();
  }
}
