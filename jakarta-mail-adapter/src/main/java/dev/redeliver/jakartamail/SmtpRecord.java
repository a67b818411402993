package dev.redeliver.jakartamail;

import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import jakarta.mail.MessagingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Every command and reply of a connection attempt or a transaction as they happened, which the mail
 * library's exceptions do not tell. Not thread-safe: guarded by the transport.
 */
final class SmtpRecord {
  private final List<Step> steps = new ArrayList<>();
  private SmtpStage stage = SmtpStage.CONNECT;
  private String command = "";
  private boolean contentComplete;
  private boolean closing;
  private boolean unusable;

  /** Forgets the last connection: a new one is being opened. */
  void beginConnection() {
    clear();
    stage = SmtpStage.CONNECT;
    unusable = false;
  }

  /** Forgets the last transaction on the same connection. */
  void beginTransaction() {
    clear();
    stage = SmtpStage.MAIL;
  }

  private void clear() {
    steps.clear();
    command = "";
    contentComplete = false;
    closing = false;
  }

  /** Notes a command that is about to be written. */
  void sending(String line) {
    stage = stageOf(line);
    command = redact(line);
    contentComplete |= stage == SmtpStage.END_OF_DATA;
  }

  /** Notes that the answer to a command is awaited which was written before. */
  void awaiting(String line) {
    stage = stageOf(line);
    command = redact(line);
  }

  /** Notes the final dot after no content (RFC 2920, 3.1): it delivers nothing to anybody. */
  void sendingLoneDot() {
    stage = SmtpStage.END_OF_DATA;
    command = ".";
  }

  /** Notes that the command could not be written. */
  void notSent(MessagingException problem) {
    answer(null, Faults.disconnected(stage, problem));
  }

  /** Notes an answer, which may be no answer at all. {@return what it came to} */
  Step received(int code, String raw) {
    SmtpStage at = stage == SmtpStage.CONNECT ? SmtpStage.GREETING : stage;
    stage = at;
    if (code < 0 && !Character.isDigit(firstOf(raw))) {
      boolean lost = raw.startsWith("[EOF]") || raw.isEmpty();
      return answer(
          null,
          lost
              ? new SmtpFailure.Disconnected(at, SmtpFailure.Fault.LOST, "")
              : new SmtpFailure.Disconnected(at, SmtpFailure.Fault.GARBLED, raw));
    }
    SmtpReply reply = SmtpReply.parse(raw);
    if (code < 0 || reply.code() == 0) {
      return answer(
          null, new SmtpFailure.Disconnected(at, SmtpFailure.Fault.LOST, "in mid-reply: " + raw));
    }
    return answer(reply, null);
  }

  private static char firstOf(String raw) {
    return raw.isEmpty() ? ' ' : raw.charAt(0);
  }

  /** Notes that reading the answer failed. */
  void notReceived(MessagingException problem) {
    SmtpStage at = stage == SmtpStage.CONNECT ? SmtpStage.GREETING : stage;
    answer(null, Faults.disconnected(at, problem));
  }

  private Step answer(@Nullable SmtpReply reply, @Nullable SmtpFailure fault) {
    Step step = new Step(stage, command, reply, fault);
    closing |= step.isClosing();
    unusable |= fault != null || step.isClosing() || !(step.isPositive() || step.isRefused());
    if (stage != SmtpStage.QUIT) {
      steps.add(step);
    }
    return step;
  }

  /** Marks the connection as not to be used again. */
  void discard() {
    unusable = true;
  }

  /** {@return whether the connection must be thrown away after this transaction} */
  boolean isUnusable() {
    return unusable;
  }

  /** {@return whether the final dot, or the last chunk, was at least about to be written} */
  boolean isContentComplete() {
    return contentComplete;
  }

  /** {@return whether the server refused MAIL} */
  boolean isSenderRefused() {
    return first(SmtpStage.MAIL).filter(Step::isRefused).isPresent();
  }

  /**
   * {@return whether the server takes itself to be somewhere else in the session} Commands that
   * follow a refused one in the same group are out of sequence in any case, and say nothing.
   */
  boolean isOutOfSequence() {
    if (isSenderRefused()) {
      return first(SmtpStage.MAIL).filter(Step::isOutOfSequence).isPresent();
    }
    boolean named = isAnyRecipientAccepted();
    return steps.stream()
        .filter(step -> step.stage() == SmtpStage.RCPT || (named && step.stage() == SmtpStage.DATA))
        .anyMatch(Step::isOutOfSequence);
  }

  /** {@return whether the server accepted at least one recipient} */
  boolean isAnyRecipientAccepted() {
    return steps.stream().anyMatch(step -> step.stage() == SmtpStage.RCPT && step.isPositive());
  }

  /**
   * {@return whether the server may still be in this transaction, so that the next one needs a RSET
   * before it} Some servers keep the transaction when they refuse the content.
   */
  boolean isResetDue() {
    return first(SmtpStage.MAIL).filter(Step::isPositive).isPresent()
        && !(contentComplete && last().filter(Step::isPositive).isPresent());
  }

  /**
   * {@return whether this transaction may have failed because commands came in groups: something
   * between us and the server may lose them, whatever the server offers}
   *
   * @param reused whether the connection was open before; a lost one had then mostly been idle
   */
  boolean isPipeliningSuspect(boolean reused) {
    return !contentComplete
        && steps.stream()
            .map(Step::fault)
            .anyMatch(
                fault ->
                    fault instanceof SmtpFailure.Disconnected lost
                        && !(reused && lost.fault() == SmtpFailure.Fault.LOST));
  }

  /** Voids the transaction: what was read as its answers belongs to something else. */
  void outOfStep(String evidence) {
    steps.clear();
    stage = SmtpStage.DATA;
    answer(null, new SmtpFailure.Disconnected(SmtpStage.DATA, SmtpFailure.Fault.GARBLED, evidence));
  }

  /** {@return whether the server has announced that it closes the connection} */
  boolean isClosing() {
    return closing;
  }

  /** {@return all steps so far, housekeeping left out} */
  List<Step> steps() {
    return steps;
  }

  Optional<Step> first(SmtpStage wanted) {
    return steps.stream().filter(step -> step.stage() == wanted).findFirst();
  }

  Optional<Step> last() {
    return steps.isEmpty() ? Optional.empty() : Optional.of(steps.get(steps.size() - 1));
  }

  private static SmtpStage stageOf(String line) {
    int space = line.indexOf(' ');
    String verb = (space < 0 ? line : line.substring(0, space)).toUpperCase(Locale.ROOT);
    return switch (verb) {
      case "EHLO", "HELO" -> SmtpStage.EHLO;
      case "STARTTLS" -> SmtpStage.STARTTLS;
      case "AUTH" -> SmtpStage.AUTH;
      case "MAIL" -> SmtpStage.MAIL;
      case "RCPT" -> SmtpStage.RCPT;
      case "DATA" -> SmtpStage.DATA;
      case "." -> SmtpStage.END_OF_DATA;
      case "BDAT" -> line.endsWith(" LAST") ? SmtpStage.END_OF_DATA : SmtpStage.CONTENT;
      case "RSET", "NOOP", "QUIT" -> SmtpStage.QUIT;
      // Whatever is no command of ours belongs to an authentication exchange.
      default -> SmtpStage.AUTH;
    };
  }

  /** Only verbs and envelope addresses are worth keeping; the rest of AUTH is a secret. */
  private static String redact(String line) {
    if (stageOf(line) != SmtpStage.AUTH) {
      return line;
    }
    String[] words = line.split(" ", 3);
    return words.length > 1 && words[0].equalsIgnoreCase("AUTH")
        ? words[0] + " " + words[1] + (words.length > 2 ? " ***" : "")
        : "***";
  }
}
