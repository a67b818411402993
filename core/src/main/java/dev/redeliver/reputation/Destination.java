package dev.redeliver.reputation;

import dev.redeliver.classify.MailboxProvider;
import java.util.Locale;
import java.util.Objects;

/**
 * Whose word a reply is: that of a relay about all mail over it, or that of who has the mailboxes.
 * All domains of a known provider are one destination, because it counts them together. Immutable
 * and thread-safe.
 *
 * @param kind relay, provider or domain
 * @param name the relay's host, the provider's token or the domain, in lower case
 */
public record Destination(Kind kind, String name) {
  private static final String OTHER = MailboxProvider.OTHER.token();

  /** What a destination is. */
  public enum Kind {
    /** A server that passes on mail, for all that goes over it. */
    RELAY,
    /** One of the operators of mailboxes that are known by name. */
    PROVIDER,
    /** A recipient domain. */
    DOMAIN
  }

  /** Refuses nulls. */
  public Destination {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(name, "name");
  }

  /**
   * {@return the destination of all mail over a relay}
   *
   * @param host its name
   */
  public static Destination relay(String host) {
    return new Destination(Kind.RELAY, host.toLowerCase(Locale.ROOT));
  }

  /**
   * {@return the destination of mail to a domain}
   *
   * @param domain the recipient's domain, in any case; empty for an address without one
   */
  public static Destination ofDomain(String domain) {
    String token = MailboxProvider.ofDomain(domain).token();
    return token.equals(OTHER)
        ? new Destination(Kind.DOMAIN, domain.toLowerCase(Locale.ROOT))
        : new Destination(Kind.PROVIDER, token);
  }

  /** {@return the provider's token as in metrics; {@code other} where it is not known} */
  public String provider() {
    return switch (kind) {
      case PROVIDER -> name;
      case RELAY -> MailboxProvider.ofHost(name).token();
      case DOMAIN -> OTHER;
    };
  }

  /** {@return the name} */
  @Override
  public String toString() {
    return name;
  }
}
