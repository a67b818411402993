package dev.redeliver.jakartamail;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.policy.UnknownOutcome;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.net.IDN;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of one message: groups expanded, each mailbox once, and each found again by the
 * index of its {@link Recipient}. Immutable and thread-safe.
 */
final class Recipients {
  private final List<InternetAddress> byIndex;
  private final Envelope envelope;

  private Recipients(List<InternetAddress> byIndex, Envelope envelope) {
    this.byIndex = byIndex;
    this.envelope = envelope;
  }

  /**
   * Local parts are case-sensitive and InternetAddress.equals is not: the form on the wire tells
   * who is the same.
   */
  static Recipients of(@Nullable Address @Nullable [] addresses) throws MessagingException {
    if (addresses == null || addresses.length == 0) {
      throw new SendFailedException("No recipient addresses");
    }
    Map<String, InternetAddress> unique = new LinkedHashMap<>();
    for (Address address : addresses) {
      for (InternetAddress mailbox : mailboxes(address)) {
        unique.putIfAbsent(mailboxOf(wireForm(mailbox.getAddress())), mailbox);
      }
    }
    if (unique.isEmpty()) {
      throw new SendFailedException("No recipient addresses");
    }
    List<InternetAddress> byIndex = List.copyOf(unique.values());
    List<String> wire = byIndex.stream().map(mailbox -> wireForm(mailbox.getAddress())).toList();
    return new Recipients(byIndex, Envelope.of("", wire));
  }

  /** {@return the recipients of a stored message, whose address objects are gone} */
  static Recipients of(Envelope envelope) {
    return new Recipients(List.of(), envelope);
  }

  private static List<InternetAddress> mailboxes(@Nullable Address address)
      throws MessagingException {
    if (!(address instanceof InternetAddress mailbox) || mailbox.getAddress() == null) {
      throw new MessagingException(address + " is not an InternetAddress");
    }
    if (!mailbox.isGroup()) {
      return List.of(mailbox);
    }
    try {
      return List.of(mailbox.getGroup(true));
    } catch (AddressException e) {
      throw new SendFailedException("Group address cannot be read: " + mailbox.getAddress(), e);
    }
  }

  /** Domains are the same in upper and lower case (RFC 5321, 2.4). */
  private static String mailboxOf(String wire) {
    int at = wire.lastIndexOf('@');
    return wire.substring(0, at + 1) + wire.substring(at + 1).toLowerCase(Locale.ROOT);
  }

  /** A domain outside ASCII has an ASCII form (RFC 5891); a local part has none. */
  private static String wireForm(String address) {
    int at = address.lastIndexOf('@');
    if (isAscii(address) || at < 0 || !isAscii(address.substring(0, at))) {
      return address;
    }
    try {
      return address.substring(0, at + 1) + IDN.toASCII(address.substring(at + 1));
    } catch (IllegalArgumentException e) {
      return address;
    }
  }

  /** {@return the same recipients, for a message with this Message-ID and its own wish} */
  Recipients of(String messageId, Optional<UnknownOutcome> unknownOutcome) {
    return new Recipients(byIndex, new Envelope(messageId, envelope.recipients(), unknownOutcome));
  }

  Envelope envelope() {
    return envelope;
  }

  /** {@return why the address cannot go over the wire as it is; empty if it can} */
  static Optional<String> problem(String address, boolean utf8) {
    for (int i = 0; i < address.length(); i++) {
      char c = address.charAt(i);
      if (c < ' ' || c == 0x7f || c == '<' || c == '>') {
        return Optional.of(
            "character " + Integer.toHexString(c) + " (hex) at " + i + " of an address");
      }
      if (c > 0x7f && !utf8) {
        return Optional.of(
            "the address has non-ASCII characters, and SMTPUTF8 (RFC 6531) is not possible here");
      }
    }
    return Optional.empty();
  }

  static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  /** {@return the addresses for the mail library, in the wire form, in the same order} */
  static Address[] forWire(List<Recipient> recipients) {
    return recipients.stream()
        .map(
            recipient -> {
              InternetAddress address = new InternetAddress();
              address.setAddress(recipient.address());
              return address;
            })
        .toArray(Address[]::new);
  }

  /**
   * {@return the application's own address objects, by outcome} What an outbox has is accepted, as
   * what a relay has in its queue.
   */
  ByOutcome byOutcome(DeliveryReport report) {
    return new ByOutcome(
        addresses(report, Recipients::isTakenOver),
        addresses(report, entry -> entry.outcome() == Outcome.PENDING && !isTakenOver(entry)),
        addresses(report, entry -> entry.outcome() == Outcome.REFUSED),
        addresses(report, entry -> entry.outcome() == Outcome.UNKNOWN));
  }

  private static boolean isTakenOver(RecipientReport entry) {
    return entry.outcome() == Outcome.ACCEPTED || entry.isHandedOver();
  }

  private Address[] addresses(DeliveryReport report, Predicate<RecipientReport> which) {
    return report.recipients().stream()
        .filter(which)
        .map(entry -> byIndex.get(entry.recipient().index()))
        .toArray(Address[]::new);
  }

  /** The four kinds of address arrays. */
  @SuppressWarnings("ArrayRecordComponent") // only carries them from the report to the exception
  record ByOutcome(Address[] accepted, Address[] pending, Address[] refused, Address[] unknown) {}
}
