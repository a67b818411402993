package dev.redeliver.examples;

import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.Session;
import java.util.Properties;

/** How programs here reach the server that they have started themselves. */
final class LocalSession {
  private static final String LIMIT_MILLIS = "10000";

  private LocalSession() {}

  static Session to(ScriptedSmtpServer server) {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", server.host());
    properties.setProperty("mail.smtp.port", Integer.toString(server.port()));
    properties.setProperty("mail.smtp.connectiontimeout", LIMIT_MILLIS);
    properties.setProperty("mail.smtp.timeout", LIMIT_MILLIS);
    properties.setProperty("mail.smtp.writetimeout", LIMIT_MILLIS);
    return Session.getInstance(properties);
  }
}
