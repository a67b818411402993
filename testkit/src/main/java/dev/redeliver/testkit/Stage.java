package dev.redeliver.testkit;

import java.util.Locale;

/** The points of an SMTP session at which a {@link ScriptedSmtpServer} can be scripted. */
public enum Stage {
  /**
   * The TCP connection was accepted and nothing was sent; with implicit TLS, before the handshake.
   * There is no normal answer.
   */
  CONNECT,
  /** The server's first line. A scripted reply other than 2yz makes it refuse all but QUIT. */
  GREETING,
  /** The reply to EHLO. */
  EHLO,
  /** The reply to HELO. */
  HELO,
  /** The reply to STARTTLS. After a scripted {@code 220} the handshake follows, as usual. */
  STARTTLS,
  /**
   * The verdict, after the credentials were received. After a scripted {@code 334} the server reads
   * one more line and asks the scripts again.
   */
  AUTH,
  /** The reply to MAIL. */
  MAIL,
  /** The reply to one RCPT. */
  RCPT,
  /** The reply to DATA. Content is read only after a {@code 354}. */
  DATA,
  /**
   * The content on its way, after {@link SmtpScript#afterBytes} bytes of it. There is no normal
   * answer; the rest of the content is read unless the script ends the connection.
   */
  CONTENT,
  /** The reply to the final dot. The message counts as accepted if it is 2yz. */
  END_OF_DATA,
  /**
   * Between transactions: after the reply to the final dot or to RSET, before the next command.
   * There is no normal answer.
   */
  IDLE,
  /** The reply to RSET. */
  RSET,
  /** The reply to NOOP. */
  NOOP,
  /** The reply to QUIT. The connection is closed afterwards, whatever the reply. */
  QUIT,
  /** The reply to any other command; the normal one is a {@code 502}. */
  OTHER;

  /** {@return the stage that the command is answered at} */
  static Stage ofVerb(String verb) {
    return switch (verb.toUpperCase(Locale.ROOT)) {
      case "EHLO" -> EHLO;
      case "HELO" -> HELO;
      case "STARTTLS" -> STARTTLS;
      case "AUTH" -> AUTH;
      case "MAIL" -> MAIL;
      case "RCPT" -> RCPT;
      case "DATA" -> DATA;
      case "RSET" -> RSET;
      case "NOOP" -> NOOP;
      case "QUIT" -> QUIT;
      default -> OTHER;
    };
  }
}
