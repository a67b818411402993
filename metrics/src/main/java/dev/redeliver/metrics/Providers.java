package dev.redeliver.metrics;

import dev.redeliver.classify.MailboxProvider;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.reputation.Destination;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The values of the tag {@code provider}: the known operators of mailboxes, {@code other}, and the
 * domains that the configuration names. Nothing else brings a domain into a tag. Immutable and
 * thread-safe.
 */
final class Providers {
  /** Recipients at several providers in one transaction. */
  static final String MIXED = "mixed";

  static final String OTHER = MailboxProvider.OTHER.token();

  private final Set<String> domains;

  /**
   * @param domains recipient domains in lower case that are values of their own
   */
  Providers(List<String> domains) {
    this.domains = Set.copyOf(domains);
  }

  /** {@return the values that recipients can have} */
  Set<String> tokens() {
    Set<String> tokens = new LinkedHashSet<>(MailboxProvider.tokens());
    tokens.addAll(domains);
    return tokens;
  }

  String of(Recipient recipient) {
    String domain = recipient.domain();
    if (!domains.isEmpty()) {
      String own = domain.toLowerCase(Locale.ROOT);
      if (domains.contains(own)) {
        return own;
      }
    }
    return MailboxProvider.ofDomain(domain).token();
  }

  /** {@return the one that all are at; {@value #MIXED} if there are several} */
  String ofAll(List<Recipient> recipients) {
    String common = OTHER;
    for (int i = 0; i < recipients.size(); i++) {
      String provider = of(recipients.get(i));
      if (i > 0 && !provider.equals(common)) {
        return MIXED;
      }
      common = provider;
    }
    return common;
  }

  /** A known provider's word is about all its domains, whatever the configuration names. */
  String of(Destination destination) {
    boolean own =
        destination.kind() == Destination.Kind.DOMAIN && domains.contains(destination.name());
    return own ? destination.name() : destination.provider();
  }

  /** {@return who runs a relay} */
  static String ofServer(String host) {
    return MailboxProvider.ofHost(host).token();
  }
}
