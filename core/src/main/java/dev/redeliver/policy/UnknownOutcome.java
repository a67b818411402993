package dev.redeliver.policy;

import java.util.Locale;

/**
 * What to do when the content was complete and the reply never came (RFC 1047, RFC 5321 section
 * 4.2.5): the server may have the message.
 */
public enum UnknownOutcome {
  /** Send it once more, with the same Message-ID: rather twice than not at all. */
  RESEND,
  /** Leave it to the application: rather not at all than twice. */
  REPORT;

  private final String token = name().toLowerCase(Locale.ROOT);

  /** {@return the name as in the configuration} */
  public String token() {
    return token;
  }
}
