package dev.redeliver.delivery;

import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import java.util.Objects;

/** What one attempt did for one recipient. Immutable and thread-safe. */
public sealed interface RecipientResult {
  /**
   * The server took responsibility (RFC 5321 section 4.2.5): it answered 2yz to the final dot.
   *
   * @param reply that answer
   */
  record Accepted(SmtpReply reply) implements RecipientResult {
    /** Refuses nulls. */
    public Accepted {
      Objects.requireNonNull(reply, "reply");
    }
  }

  /**
   * The server certainly did not take the message for this recipient.
   *
   * @param failure why
   */
  record Failed(SmtpFailure failure) implements RecipientResult {
    /** Refuses nulls. */
    public Failed {
      Objects.requireNonNull(failure, "failure");
    }
  }

  /**
   * The content was complete and the answer never came: the server may have the message.
   *
   * @param failure what came instead
   */
  record Unknown(SmtpFailure failure) implements RecipientResult {
    /** Refuses nulls. */
    public Unknown {
      Objects.requireNonNull(failure, "failure");
    }
  }
}
