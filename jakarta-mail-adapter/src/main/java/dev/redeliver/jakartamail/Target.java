package dev.redeliver.jakartamail;

import jakarta.mail.Session;
import jakarta.mail.URLName;
import org.jspecify.annotations.Nullable;

/**
 * Where the application connected to, for connecting there again. Immutable and thread-safe. Its
 * string form leaves the password out.
 */
record Target(@Nullable String host, int port, @Nullable String user, @Nullable String password) {
  /** {@return the server's name for people and alerts, as the application gave it} */
  String server(@Nullable Session session, @Nullable URLName url) {
    String protocol = url == null || url.getProtocol() == null ? "smtp" : url.getProtocol();
    String name = host != null ? host : url == null ? null : url.getHost();
    if (name == null && session != null) {
      name = session.getProperty("mail." + protocol + ".host");
      name = name != null ? name : session.getProperty("mail.host");
    }
    return name == null || name.isEmpty() ? "localhost" : name;
  }

  @Override
  public String toString() {
    return "Target[" + host + ":" + port + "]";
  }
}
