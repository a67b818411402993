package dev.redeliver.smtp;

import java.util.Objects;

/**
 * Why a step of a session did not succeed: the server refused it, no answer came, or our own side
 * could not do it. Immutable and thread-safe.
 */
public sealed interface SmtpFailure {
  /** {@return what the client was waiting for} */
  SmtpStage stage();

  /** {@return one line for people, safe to log} */
  String describe();

  /**
   * The server answered, and not with success.
   *
   * @param stage what the answer was to
   * @param reply the answer
   */
  record Refused(SmtpStage stage, SmtpReply reply) implements SmtpFailure {
    /** Refuses nulls. */
    public Refused {
      Objects.requireNonNull(stage, "stage");
      Objects.requireNonNull(reply, "reply");
    }

    @Override
    public String describe() {
      return reply.toString();
    }
  }

  /**
   * No answer came.
   *
   * @param stage what the client was waiting for
   * @param fault what happened
   * @param detail the library's words, cleaned for logs; may be empty
   */
  record Disconnected(SmtpStage stage, Fault fault, String detail) implements SmtpFailure {
    /** Refuses nulls, and cleans and bounds the detail. */
    public Disconnected {
      Objects.requireNonNull(stage, "stage");
      Objects.requireNonNull(fault, "fault");
      detail = SmtpReply.parse(detail).toString();
    }

    @Override
    public String describe() {
      return fault.words()
          + (fault == Fault.NOT_TRIED ? "" : " at " + stage)
          + (detail.isEmpty() ? "" : ": " + detail);
    }
  }

  /**
   * Our own side could not do it; the server has nothing to do with it.
   *
   * @param stage the step that could not be done
   * @param problem what is wrong
   * @param detail the particulars, cleaned for logs; may be empty
   */
  record Local(SmtpStage stage, Problem problem, String detail) implements SmtpFailure {
    /** Refuses nulls, and cleans and bounds the detail. */
    public Local {
      Objects.requireNonNull(stage, "stage");
      Objects.requireNonNull(problem, "problem");
      detail = SmtpReply.parse(detail).toString();
    }

    @Override
    public String describe() {
      return problem.words() + (detail.isEmpty() ? "" : ": " + detail);
    }
  }

  /** What came instead of an answer. */
  enum Fault {
    /** Nobody listens at the address. */
    REFUSED("connection refused"),
    /** The connection ended before the answer was complete. */
    LOST("connection lost"),
    /** The answer did not come in time. */
    TIMEOUT("timed out"),
    /** The host's name could not be resolved. */
    DNS("host name not resolved"),
    /** The TLS handshake failed, but may succeed later. */
    TLS_HANDSHAKE("TLS handshake failed"),
    /** What came is no SMTP reply: the two sides no longer agree on where they are. */
    GARBLED("no SMTP reply"),
    /** Nothing was asked: the delivery ended before an attempt could be made. */
    NOT_TRIED("not tried");

    private final String words;

    Fault(String words) {
      this.words = words;
    }

    /** {@return the fault in a few words} */
    public String words() {
      return words;
    }
  }

  /** What is wrong on our own side. */
  enum Problem {
    /** The peer's certificate is not trusted, or TLS is demanded and not offered. */
    TLS_SETUP("TLS is not possible with this set-up"),
    /** No password, or no mechanism that both sides have. */
    CREDENTIALS_SETUP("cannot authenticate with this set-up"),
    /** The message cannot be written, for example because an attachment is missing. */
    CONTENT("the message cannot be written"),
    /** The message is larger than the server said it takes (RFC 1870). */
    SIZE("the message is too large"),
    /** The address cannot be sent as it is, for example non-ASCII without SMTPUTF8 (RFC 6531). */
    ADDRESS("the address cannot be used"),
    /** Anything else that the mail library refuses to do. */
    OTHER("the mail library failed");

    private final String words;

    Problem(String words) {
      this.words = words;
    }

    /** {@return the problem in a few words} */
    public String words() {
      return words;
    }
  }
}
