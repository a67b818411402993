package dev.redeliver.examples;

import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.Locale;
import java.util.Optional;

/**
 * One reply to explain.
 *
 * @param stage what it answered; empty if that is not known
 * @param strangeStage what was given as a stage and is none; empty if nothing was
 * @param reply the reply
 */
record Question(Optional<SmtpStage> stage, String strangeStage, SmtpReply reply) {
  private static final int LONGEST_STAGE = 20;

  /** {@return the question that a line {@code [stage TAB] reply} asks} */
  static Question ofLine(String line) {
    int tab = line.indexOf('\t');
    if (tab < 0 || tab > LONGEST_STAGE || startsWithDigit(line)) {
      return new Question(Optional.empty(), "", reply(line));
    }
    String name = line.substring(0, tab).strip();
    Optional<SmtpStage> stage = StageName.parse(name);
    boolean none = name.isEmpty() || name.toLowerCase(Locale.ROOT).equals("unknown");
    return new Question(
        stage, stage.isPresent() || none ? "" : name, reply(line.substring(tab + 1)));
  }

  static Question of(Optional<SmtpStage> stage, String text) {
    return new Question(stage, "", reply(text));
  }

  /** A reply may itself have a tab after its code. */
  private static boolean startsWithDigit(String line) {
    return Character.isDigit(line.charAt(0));
  }

  private static SmtpReply reply(String text) {
    return SmtpReply.parse(text.replace("\\n", "\n"));
  }
}
