package dev.redeliver.classify;

import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A reply as the column {@code example} writes it: {@code rcpt: 550 5.1.1 User unknown}.
 *
 * @param stage what it answers, or null if that is not said
 * @param reply the reply
 * @param text the reply as it is written; {@code \n} stands between its lines
 */
record Example(@Nullable SmtpStage stage, SmtpReply reply, String text) {
  static Example parse(String text) {
    int colon = text.indexOf(": ");
    Optional<SmtpStage> stage = colon < 0 ? Optional.empty() : stage(text.substring(0, colon));
    String reply = stage.isPresent() ? text.substring(colon + 2) : text;
    return new Example(stage.orElse(null), SmtpReply.parse(reply.replace("\\n", "\n")), reply);
  }

  private static Optional<SmtpStage> stage(String token) {
    return Arrays.stream(SmtpStage.values())
        .filter(stage -> Stages.token(stage).equals(token.toLowerCase(Locale.ROOT)))
        .findFirst();
  }
}
