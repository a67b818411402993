package dev.redeliver.classify;

import java.util.Locale;

/** What a failure is about. */
public enum Cause {
  /** No failure: the server accepted, or asked to go on. */
  SUCCESS,
  /** The recipient does not exist. */
  MAILBOX_UNKNOWN,
  /** The recipient's storage is used up. */
  MAILBOX_FULL,
  /** The recipient exists, but does not take mail: disabled, locked, expired. */
  MAILBOX_DISABLED,
  /** The message or a part of it is larger than allowed. */
  MESSAGE_TOO_LARGE,
  /** A first contact is put off on purpose (RFC 6647). */
  GREYLISTED,
  /** Too many messages, connections or recipients per time; nobody's reputation is blamed. */
  RATE_LIMITED,
  /** The sending address, network or domain is blamed or on a blocklist. */
  REPUTATION,
  /** The message itself was judged spam, phishing or harmful. */
  SPAM_CONTENT,
  /** Another administrative refusal. */
  POLICY,
  /** SPF, DKIM, DMARC, ARC, reverse DNS or the HELO name did not convince. */
  AUTHENTICATION,
  /** SMTP AUTH is missing or failed. */
  CREDENTIALS,
  /** Encryption is required, missing or failed. */
  TLS,
  /** The server does not relay to this domain for us. */
  RELAY_DENIED,
  /** Too many recipients in one transaction. */
  TOO_MANY_RECIPIENTS,
  /** The server's own trouble: overload, maintenance, storage, local errors. */
  SERVER_TEMPORARY,
  /** The destination's domain or route does not work. */
  ROUTING_DNS,
  /** The connection was refused, lost or timed out. */
  CONNECTION,
  /** A command was unknown, out of order or malformed. */
  PROTOCOL,
  /** An address is malformed or cannot be transported. */
  ADDRESS_SYNTAX,
  /** The sender's own account, domain or tenant is blocked. */
  SENDER_SUSPENDED,
  /** The message's time in a queue is over. */
  EXPIRED,
  /** The answer names nothing. */
  OTHER;

  private final String token = name().toLowerCase(Locale.ROOT).replace('_', '-');

  /** {@return the name in lower case with hyphens, as in the rule table, output and metrics} */
  public String token() {
    return token;
  }
}
