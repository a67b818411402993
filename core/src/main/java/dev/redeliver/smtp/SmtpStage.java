package dev.redeliver.smtp;

/**
 * What the client was waiting for. Declared in the order in which a session passes through them.
 */
public enum SmtpStage {
  /** The TCP connection, name look-up included. */
  CONNECT,
  /** The server's first line (RFC 5321 section 3.1). */
  GREETING,
  /** The reply to EHLO or HELO. */
  EHLO,
  /** The reply to STARTTLS, and the TLS handshake. */
  STARTTLS,
  /** The authentication exchange (RFC 4954). */
  AUTH,
  /** The reply to MAIL FROM. */
  MAIL,
  /** The reply to one RCPT TO. */
  RCPT,
  /** The go-ahead after DATA. */
  DATA,
  /** The content on its way: the final dot has not been sent. */
  CONTENT,
  /** The reply to the final dot: the content is complete and the server may have it. */
  END_OF_DATA,
  /** Everything after the verdict: RSET, NOOP, QUIT. Never changes an outcome. */
  QUIT;

  /**
   * {@return whether the session had not yet reached its first MAIL} A permanent refusal here is
   * about the relay or our set-up, not about a message.
   */
  public boolean isBeforeMail() {
    return compareTo(MAIL) < 0;
  }
}
