package dev.redeliver.jakartamail;

import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import org.jspecify.annotations.Nullable;

/**
 * One command and what came of it. Immutable and thread-safe.
 *
 * @param stage what the client waited for
 * @param command what it had sent, credentials redacted; empty before the greeting
 * @param reply the answer; null if none came
 * @param fault why none came; null if one did
 */
record Step(
    SmtpStage stage, String command, @Nullable SmtpReply reply, @Nullable SmtpFailure fault) {
  /** {@return whether the server agreed, in the way that the stage asks for} */
  boolean isPositive() {
    return reply != null
        && switch (stage) {
          case DATA -> reply.severity() == Severity.INTERMEDIATE;
          // 334 asks for the next part of the exchange (RFC 4954 section 4).
          case AUTH ->
              reply.severity() == Severity.SUCCESS || reply.severity() == Severity.INTERMEDIATE;
          default -> reply.severity() == Severity.SUCCESS;
        };
  }

  /** {@return whether the server refused with a proper 4yz or 5yz} */
  boolean isRefused() {
    return reply != null && reply.code() >= 400;
  }

  /** {@return whether the server takes itself to be somewhere else in the session} */
  boolean isOutOfSequence() {
    return reply != null && reply.code() == 503;
  }

  /** {@return whether the server announced that it closes the connection (RFC 5321, 3.8)} */
  boolean isClosing() {
    return reply != null && reply.code() == 421;
  }

  /** {@return why the step failed; an answer out of place means that the two sides lost step} */
  SmtpFailure failure() {
    if (fault != null) {
      return fault;
    }
    if (reply != null && isRefused()) {
      return new SmtpFailure.Refused(stage, reply);
    }
    return new SmtpFailure.Disconnected(stage, SmtpFailure.Fault.GARBLED, String.valueOf(reply));
  }
}
