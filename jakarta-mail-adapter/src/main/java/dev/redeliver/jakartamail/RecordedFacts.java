package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a recorded session did for each recipient: exact, because nothing is inferred. */
final class RecordedFacts {
  private RecordedFacts() {}

  /** {@return why a connection could not be opened} */
  static SmtpFailure ofConnection(SmtpRecord record, MessagingException problem) {
    Optional<Step> last = record.last();
    if (last.isEmpty()) {
      return beforeGreeting(problem);
    }
    if (record.isClosing()) {
      // After a 421 to EHLO the library tries HELO, and meets a connection that is gone.
      return record.steps().stream()
          .filter(Step::isClosing)
          .findFirst()
          .map(Step::failure)
          .orElseThrow();
    }
    Step step = last.get();
    if (step.fault() != null || step.isRefused()) {
      return step.failure();
    }
    if (problem instanceof AuthenticationFailedException) {
      return new SmtpFailure.Local(
          SmtpStage.AUTH, SmtpFailure.Problem.CREDENTIALS_SETUP, Faults.detail(problem));
    }
    if (Faults.isNetwork(problem)) {
      return Faults.disconnected(
          step.stage() == SmtpStage.STARTTLS ? SmtpStage.STARTTLS : step.stage(), problem);
    }
    return step.isPositive()
        ? new SmtpFailure.Local(
            SmtpStage.STARTTLS, SmtpFailure.Problem.TLS_SETUP, Faults.detail(problem))
        : step.failure();
  }

  private static SmtpFailure beforeGreeting(MessagingException problem) {
    if (problem instanceof AuthenticationFailedException) {
      return new SmtpFailure.Local(
          SmtpStage.AUTH, SmtpFailure.Problem.CREDENTIALS_SETUP, Faults.detail(problem));
    }
    return Faults.isNetwork(problem)
        ? Faults.disconnected(SmtpStage.CONNECT, problem)
        : new SmtpFailure.Local(
            SmtpStage.CONNECT, SmtpFailure.Problem.OTHER, Faults.detail(problem));
  }

  /**
   * {@return what a transaction did for each recipient}
   *
   * @param sent the recipients in the order in which they were given to the library
   * @param problem what the library threw; null if nothing
   */
  static Map<Recipient, RecipientResult> ofTransaction(
      SmtpRecord record, List<Recipient> sent, @Nullable Exception problem) {
    List<Step> answers =
        record.steps().stream().filter(step -> step.stage() == SmtpStage.RCPT).toList();
    RecipientResult common = common(record, problem);
    boolean sender = record.isSenderRefused();
    Map<Recipient, RecipientResult> results = new LinkedHashMap<>();
    for (int i = 0; i < sent.size(); i++) {
      // After a refused MAIL, what RCPT is answered says nothing about the recipient.
      boolean refused = !sender && i < answers.size() && answers.get(i).isRefused();
      results.put(
          sent.get(i), refused ? new RecipientResult.Failed(answers.get(i).failure()) : common);
    }
    return results;
  }

  /** {@return what holds for everybody whose RCPT was not refused} */
  private static RecipientResult common(SmtpRecord record, @Nullable Exception problem) {
    if (record.isContentComplete()) {
      return afterContent(record, problem);
    }
    return new RecipientResult.Failed(beforeContent(record, problem));
  }

  private static RecipientResult afterContent(SmtpRecord record, @Nullable Exception problem) {
    Optional<Step> verdict = record.first(SmtpStage.END_OF_DATA);
    if (verdict.isEmpty()) {
      return new RecipientResult.Unknown(
          Faults.disconnected(
              SmtpStage.END_OF_DATA,
              problem == null ? new IllegalStateException("no answer was read") : problem));
    }
    Step step = verdict.get();
    if (step.isPositive()) {
      return new RecipientResult.Accepted(Objects.requireNonNull(step.reply(), "reply"));
    }
    return step.isRefused()
        ? new RecipientResult.Failed(step.failure())
        : new RecipientResult.Unknown(step.failure());
  }

  /**
   * A refused MAIL is the reason for all that follows it, else the last step that failed: DATA, or
   * a lost connection. The refusal of one recipient says nothing about another, unless the server
   * closed the connection with it.
   */
  private static SmtpFailure beforeContent(SmtpRecord record, @Nullable Exception problem) {
    if (record.isSenderRefused()) {
      return record.first(SmtpStage.MAIL).map(Step::failure).orElseThrow();
    }
    SmtpStage stage = SmtpStage.MAIL;
    Optional<SmtpFailure> reason = Optional.empty();
    for (Step step : record.steps()) {
      if (step.isClosing()) {
        return step.failure();
      }
      stage = step.stage();
      boolean ofOneRecipient = stage == SmtpStage.RCPT && step.isRefused();
      if (!step.isPositive() && !ofOneRecipient) {
        reason = Optional.of(step.failure());
      }
    }
    SmtpStage reached = stage == SmtpStage.DATA ? SmtpStage.CONTENT : stage;
    return reason.orElseGet(() -> unrecorded(reached, problem));
  }

  private static SmtpFailure unrecorded(SmtpStage stage, @Nullable Exception problem) {
    if (problem == null) {
      return new SmtpFailure.Local(
          stage, SmtpFailure.Problem.OTHER, "the mail library neither sent nor failed");
    }
    if (Faults.isNetwork(problem)) {
      return Faults.disconnected(stage, problem);
    }
    SmtpFailure.Problem kind =
        stage == SmtpStage.CONTENT ? SmtpFailure.Problem.CONTENT : SmtpFailure.Problem.OTHER;
    return new SmtpFailure.Local(stage, kind, Faults.detail(problem));
  }
}
