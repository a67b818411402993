package dev.redeliver.jakartamail;

import jakarta.mail.Provider;

/**
 * Makes {@link RedeliverSmtpsTransport} known to Jakarta Mail. It has a protocol name of its own,
 * so nothing changes until {@code mail.smtps.class} names the transport. Immutable and thread-safe.
 */
public final class RedeliverSmtpsProvider extends Provider {
  static final String PROTOCOL = "redeliver-smtps";

  /** For the service loader. */
  public RedeliverSmtpsProvider() {
    super(Type.TRANSPORT, PROTOCOL, RedeliverSmtpsTransport.class.getName(), "Redeliver", null);
  }
}
