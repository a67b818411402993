package dev.redeliver.classify;

import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads failures by a table of rules. Immutable and thread-safe. */
public final class ReplyClassifier {
  private static final ReplyClassifier STANDARD = new ReplyClassifier();

  private ReplyClassifier() {}

  /** {@return the classifier with the built-in rules} */
  public static ReplyClassifier standard() {
    return STANDARD;
  }

  /** {@return what a failure means} */
  public Classification classify(SmtpFailure failure) {
    if (failure instanceof SmtpFailure.Refused refused) {
      return classify(refused.stage(), refused.reply());
    }
    return classify(failure.stage(), SmtpReply.parse("451 " + failure.describe()));
  }

  /**
   * {@return what a reply means}
   *
   * @param stage what it answered, or null if that is not known
   * @param reply the reply
   */
  public Classification classify(@Nullable SmtpStage stage, SmtpReply reply) {
    return new Classification(
        reply.severity(),
        Cause.OTHER,
        Scope.RECIPIENT,
        Lane.TRANSIENT,
        switch (reply.severity()) {
          case SUCCESS, INTERMEDIATE -> Handling.PROCEED;
          case TRANSIENT -> Handling.RETRY;
          case PERMANENT -> Handling.FAIL;
        },
        false,
        Optional.empty(),
        "interim",
        reply.toString(),
        "",
        "",
        "");
  }
}
