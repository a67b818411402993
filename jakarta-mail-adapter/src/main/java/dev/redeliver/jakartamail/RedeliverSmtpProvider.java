package dev.redeliver.jakartamail;

import jakarta.mail.Provider;

/**
 * Makes {@link RedeliverSmtpTransport} known to Jakarta Mail. It has a protocol name of its own, so
 * nothing changes until {@code mail.smtp.class} names the transport. Immutable and thread-safe.
 */
public final class RedeliverSmtpProvider extends Provider {
  static final String PROTOCOL = "redeliver-smtp";

  /** For the service loader. */
  public RedeliverSmtpProvider() {
    super(Type.TRANSPORT, PROTOCOL, RedeliverSmtpTransport.class.getName(), "Redeliver", null);
  }
}
