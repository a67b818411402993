package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Redeliverer;
import jakarta.mail.Authenticator;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** The mail session of a sender's connections: a copy, so that the application's stays as it is. */
final class SenderSession {
  private SenderSession() {}

  /**
   * {@return a session with the same settings, credentials and debug output, and this deliverer}
   */
  static Session copyOf(Session original, Redeliverer redeliverer) {
    Properties properties = new Properties();
    original
        .getProperties()
        .stringPropertyNames()
        .forEach(name -> properties.setProperty(name, original.getProperty(name)));
    properties.putAll(original.getProperties());
    Session copy = Session.getInstance(properties, new Delegate(original));
    copy.setDebugOut(original.getDebugOut());
    copy.setDebug(original.getDebug());
    SessionRedeliverers.set(copy, redeliverer);
    return copy;
  }

  /** {@return {@code smtp}, or {@code smtps} if the session says so} */
  static String protocol(Session session) {
    String named = session.getProperty("mail.transport.protocol.rfc822");
    named = named == null ? session.getProperty("mail.transport.protocol") : named;
    return named != null && named.toLowerCase(Locale.ROOT).endsWith("smtps") ? "smtps" : "smtp";
  }

  static RedeliverSmtpTransport transport(Session session, String protocol) {
    return protocol.equals("smtps")
        ? new RedeliverSmtpsTransport(session, null)
        : new RedeliverSmtpTransport(session, null);
  }

  /** Asks the application's session, which knows its authenticator and does not show it. */
  private static final class Delegate extends Authenticator {
    private final Session original;

    Delegate(Session original) {
      this.original = original;
    }

    @Override
    protected @Nullable PasswordAuthentication getPasswordAuthentication() {
      InetAddress site = getRequestingSite();
      String host = site == null ? null : site.getHostName();
      PasswordAuthentication kept =
          original.getPasswordAuthentication(
              new URLName(
                  getRequestingProtocol(),
                  host,
                  getRequestingPort(),
                  null,
                  getDefaultUserName(),
                  null));
      return kept != null
          ? kept
          : original.requestPasswordAuthentication(
              site,
              getRequestingPort(),
              getRequestingProtocol(),
              getRequestingPrompt(),
              getDefaultUserName());
    }
  }
}
