package dev.redeliver.delivery;

import java.util.Locale;
import java.util.Objects;

/**
 * One recipient of one message. Immutable and thread-safe.
 *
 * <p>Two recipients are the same only if index and address are: local parts are case-sensitive (RFC
 * 5321 section 2.4), and the index keeps the mail library's own address objects findable.
 *
 * @param index the place in the envelope, from 0
 * @param address the mailbox as it goes after RCPT TO, without angle brackets
 */
public record Recipient(int index, String address) {
  /** Refuses a negative index and a null address. */
  public Recipient {
    Objects.requireNonNull(address, "address");
    if (index < 0) {
      throw new IllegalArgumentException("index must not be negative, but is " + index);
    }
  }

  /** {@return what follows the last {@code @}, in lower case; empty if there is none} */
  public String domain() {
    int at = address.lastIndexOf('@');
    return at < 0 ? "" : address.substring(at + 1).toLowerCase(Locale.ROOT);
  }

  /** {@return the address} */
  @Override
  public String toString() {
    return address;
  }
}
