package dev.redeliver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;

/** What AUTH mechanisms put into their tokens (RFC 4616, and Google's XOAUTH2). */
final class Sasl {
  /** What a client authenticates with. */
  record Credentials(String user, String secret) {}

  private Sasl() {}

  static String encode(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  /** Throws IllegalArgumentException for what is not Base64; "=" stands for an empty token. */
  static String decode(String token) {
    return token.equals("=") ? "" : new String(Base64.getDecoder().decode(token), UTF_8);
  }

  static Credentials plain(String token) {
    String[] parts = decode(token).split("\0", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("PLAIN needs 3 parts, got " + parts.length);
    }
    return new Credentials(parts[1], parts[2]);
  }

  static Credentials xoauth2(String token) {
    String user = "";
    String secret = "";
    for (String part : decode(token).split("\u0001", -1)) {
      if (part.startsWith("user=")) {
        user = part.substring("user=".length());
      } else if (part.startsWith("auth=Bearer ")) {
        secret = part.substring("auth=Bearer ".length());
      }
    }
    return new Credentials(user, secret);
  }
}
