package dev.redeliver.outbox;

import jakarta.mail.Session;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.HexFormat;

/** Names of processes. */
final class Nodes {
  /** Of the 50 characters that the scheduler stores. */
  private static final int LONGEST_HOST = 24;

  private static final SecureRandom RANDOM = new SecureRandom();

  private Nodes() {}

  /** {@return a name that no other process has or had: host, process, and chance} */
  static String name() {
    byte[] chance = new byte[3];
    RANDOM.nextBytes(chance);
    return host() + "-" + ProcessHandle.current().pid() + "-" + HexFormat.of().formatHex(chance);
  }

  /** {@return what this machine calls itself in mail: what the session says, else its name} */
  static String host(Session session) {
    String own = session.getProperty("mail.smtp.localhost");
    String host = own == null || own.isBlank() ? host() : own;
    return host.replaceAll("[^A-Za-z0-9.:\\[\\]-]", "");
  }

  private static String host() {
    try {
      String host = InetAddress.getLocalHost().getHostName();
      return host.length() <= LONGEST_HOST ? host : host.substring(0, LONGEST_HOST);
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }
}
