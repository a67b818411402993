package dev.redeliver.examples;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Evidence;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.RuleMatch;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a reply means, and what a policy does about it. Immutable.
 *
 * @param question the reply
 * @param classification what it means
 * @param outlook what follows; empty if nothing failed
 * @param trace all rules that match, the one that decides first
 * @param mismatch what is wrong if code and status contradict each other
 * @param remarks what else is worth knowing about the reply
 */
record Explanation(
    Question question,
    Classification classification,
    Optional<Outlook> outlook,
    List<RuleMatch> trace,
    Optional<String> mismatch,
    List<String> remarks) {
  static Explanation of(Question question, RetryPolicy policy) {
    Classification classification =
        policy.classifier().classify(question.stage().orElse(null), question.reply());
    Optional<Outlook> outlook =
        classification.handling() == Handling.PROCEED
            ? Optional.empty()
            : Optional.of(Outlook.of(policy, classification, Instant.now()));
    List<RuleMatch> trace =
        policy.classifier().trace(question.stage().orElse(null), question.reply());
    return new Explanation(
        question, classification, outlook, trace, mismatch(classification), remarks(question));
  }

  Optional<String> stage() {
    return question.stage().map(StageName::of);
  }

  SmtpReply reply() {
    return question.reply();
  }

  private static List<String> remarks(Question question) {
    SmtpReply reply = question.reply();
    List<String> remarks = new ArrayList<>();
    if (!question.strangeStage().isEmpty()) {
      remarks.add(
          "'"
              + printable(question.strangeStage())
              + "' is no stage; read without one. Stages: "
              + StageName.names()
              + ".");
    }
    reply.malformation().ifPresent(what -> remarks.add("Malformed: " + what + "."));
    if (reply.code() / 100 == 1) {
      remarks.add(
          "1yz is not SMTP: RFC 5321 section 4.2.1 has no such replies, HTTP has. A server that"
              + " says this is out of step, and its connection is not used again.");
    }
    if (reply.code() == 504) {
      remarks.add(
          "\"504 Gateway Timeout\" is HTTP. In SMTP 504 says that a command parameter is not"
              + " implemented (RFC 5321 section 4.2.3).");
    }
    dataStage(question, reply).ifPresent(remarks::add);
    return List.copyOf(remarks);
  }

  private static Optional<String> mismatch(Classification classification) {
    Evidence evidence = classification.evidence();
    return evidence
        .status()
        .filter(status -> evidence.isMismatch())
        .map(
            status ->
                "The code "
                    + evidence.code()
                    + " says "
                    + says(evidence.code() / 100)
                    + ", the status "
                    + status
                    + " says "
                    + says(status.classDigit())
                    + ". The code decides, and the status does not count (RFC 2034 section 4).");
  }

  private static String says(int firstDigit) {
    return switch (firstDigit) {
      case 2 -> "success";
      case 4 -> "transient";
      default -> "permanent";
    };
  }

  private static Optional<String> dataStage(Question question, SmtpReply reply) {
    boolean afterTheDot =
        question.stage().filter(stage -> stage == SmtpStage.END_OF_DATA).isPresent();
    if (!afterTheDot) {
      return Optional.empty();
    }
    return switch (reply.code() / 100) {
      case 0 ->
          Optional.of(
              "Without a code after the final dot nobody knows whether the server has the message.");
      case 1, 3 ->
          Optional.of(
              reply.code()
                  + " is no final answer after the final dot: until a 2yz, 4yz or 5yz comes, nobody"
                  + " knows whether the server has the message.");
      default -> Optional.empty();
    };
  }

  /** {@return whether the server has yet to say whether it takes the message} */
  boolean isOpen() {
    return outlook.isEmpty()
        && question.stage().filter(stage -> stage == SmtpStage.END_OF_DATA).isPresent()
        && reply().code() / 100 != 2;
  }

  /** What a person typed goes back to the screen: through the parser, as all server text does. */
  private static String printable(String text) {
    return SmtpReply.parse(text).text();
  }
}
