package dev.redeliver.classify;

import dev.redeliver.smtp.EnhancedStatus;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What of a failure a rule went by. Immutable and thread-safe; {@link #toString} is for people.
 *
 * @param stage what the reply answered, if that is known
 * @param code the basic code; 0 if there is none
 * @param status the enhanced status, if there is one
 * @param words the phrase of the rule that matched, as the table writes it, if it asks for one
 * @param fault what happened instead of a reply, if none came
 */
public record Evidence(
    Optional<SmtpStage> stage,
    int code,
    Optional<EnhancedStatus> status,
    Optional<String> words,
    Optional<String> fault) {
  /** Refuses nulls. */
  public Evidence {
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(words, "words");
    Objects.requireNonNull(fault, "fault");
  }

  /** {@return the evidence of a failure without a reply} */
  public static Evidence of(SmtpFailure failure) {
    return new Evidence(
        Optional.of(failure.stage()),
        0,
        Optional.empty(),
        Optional.empty(),
        Optional.of(failure.describe()));
  }

  /** {@return no evidence, for a classification that comes from no failure} */
  public static Evidence none() {
    return new Evidence(Optional.empty(), 0, Optional.empty(), Optional.empty(), Optional.of(""));
  }

  static Evidence of(@Nullable SmtpStage stage, SmtpReply reply, Optional<String> words) {
    return new Evidence(
        Optional.ofNullable(stage), reply.code(), reply.enhancedStatus(), words, Optional.empty());
  }

  /**
   * {@return whether the class of the enhanced status contradicts the basic code} The basic code
   * decides then, and the status does not count (RFC 2034 section 4).
   */
  public boolean isMismatch() {
    return code != 0 && status.isPresent() && !status.get().agreesWith(code);
  }

  @Override
  public String toString() {
    if (fault.isPresent()) {
      return fault.get();
    }
    StringBuilder text = new StringBuilder(code == 0 ? "no code" : "code " + code);
    status.ifPresent(value -> text.append(", status ").append(value));
    if (isMismatch()) {
      text.append(" disagrees");
    }
    words.ifPresent(phrase -> text.append(", text '").append(phrase).append('\''));
    stage.ifPresent(value -> text.append(", stage ").append(value));
    return text.toString();
  }
}
