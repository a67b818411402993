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
  }

  /** Notes a command that is about to be written. */
  void sending(String line) {
    stage = stageOf(line);
    command = redact(line);
    contentComplete |= stage == SmtpStage.END_OF_DATA;
  }

  /** Notes that the command could not be written. */
  void notSent(MessagingException problem) {
    answer(null, Faults.disconnected(stage, problem));
  }

  /** Notes an answer, which may be no answer at all. */
  void received(int code, String raw) {
    SmtpStage at = stage == SmtpStage.CONNECT ? SmtpStage.GREETING : stage;
    stage = at;
    if (code < 0 && !Character.isDigit(firstOf(raw))) {
      SmtpFailure.Fault fault =
          raw.startsWith("[EOF]") || raw.isEmpty()
              ? SmtpFailure.Fault.LOST
              : SmtpFailure.Fault.GARBLED;
      answer(
          null,
          new SmtpFailure.Disconnected(at, fault, fault == SmtpFailure.Fault.LOST ? "" : raw));
      return;
    }
    SmtpReply reply = SmtpReply.parse(raw);
    if (code < 0 || reply.code() == 0) {
      answer(
          null, new SmtpFailure.Disconnected(at, SmtpFailure.Fault.LOST, "in mid-reply: " + raw));
      return;
    }
    answer(reply, null);
  }

  private static char firstOf(String raw) {
    return raw.isEmpty() ? ' ' : raw.charAt(0);
  }

  /** Notes that reading the answer failed. */
  void notReceived(MessagingException problem) {
    SmtpStage at = stage == SmtpStage.CONNECT ? SmtpStage.GREETING : stage;
    answer(null, Faults.disconnected(at, problem));
  }

  private void answer(@Nullable SmtpReply reply, @Nullable SmtpFailure fault) {
    Step step = new Step(stage, command, reply, fault);
    unusable |= fault != null || step.isClosing() || !(step.isPositive() || step.isRefused());
    if (stage != SmtpStage.QUIT) {
      steps.add(step);
    }
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

  /** {@return whether the server has announced that it closes the connection} */
  boolean isClosing() {
    return steps.stream().anyMatch(Step::isClosing);
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
    String upper = line.toUpperCase(Locale.ROOT);
    int space = upper.indexOf(' ');
    return switch (space < 0 ? upper : upper.substring(0, space)) {
      case "EHLO", "HELO" -> SmtpStage.EHLO;
      case "STARTTLS" -> SmtpStage.STARTTLS;
      case "AUTH" -> SmtpStage.AUTH;
      case "MAIL" -> SmtpStage.MAIL;
      case "RCPT" -> SmtpStage.RCPT;
      case "DATA" -> SmtpStage.DATA;
      case "." -> SmtpStage.END_OF_DATA;
      case "BDAT" -> upper.endsWith(" LAST") ? SmtpStage.END_OF_DATA : SmtpStage.CONTENT;
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
