package dev.redeliver.policy;

import java.util.Locale;

/** How much of an address a log line shows. */
public enum AddressLog {
  /** Nothing. */
  NONE,
  /** The first character of the local part, and the domain. */
  MASKED,
  /** All of it. */
  FULL;

  private final String token = name().toLowerCase(Locale.ROOT);

  /** {@return the name as in the configuration} */
  public String token() {
    return token;
  }
}
