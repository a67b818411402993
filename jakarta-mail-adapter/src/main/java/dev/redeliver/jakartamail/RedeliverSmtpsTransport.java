package dev.redeliver.jakartamail;

import jakarta.mail.Session;
import jakarta.mail.URLName;
import org.jspecify.annotations.Nullable;

/**
 * {@link RedeliverSmtpTransport} with implicit TLS (RFC 8314), switched on by {@code
 * mail.smtps.class=dev.redeliver.jakartamail.RedeliverSmtpsTransport}. Thread-safe; sends one
 * message at a time.
 */
public class RedeliverSmtpsTransport extends RedeliverSmtpTransport {
  /**
   * For Jakarta Mail.
   *
   * @param session where the {@code mail.smtps.*} and {@code redeliver.*} properties are
   * @param url where to connect to; may be null
   */
  public RedeliverSmtpsTransport(Session session, @Nullable URLName url) {
    super(session, url, "smtps", true);
  }
}
