package dev.redeliver.metrics;

import dev.redeliver.delivery.Attempt;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What one transaction did for its recipients together; the {@code outcome} of an attempt. */
enum AttemptOutcome {
  /** Every recipient was accepted. */
  DELIVERED,
  /** Some were accepted, some were not. */
  PARTIAL,
  /** None was accepted, and not all were refused for good. */
  DEFERRED,
  /** All were refused for good. */
  REJECTED,
  /** For one at least the answer to the content never came. */
  UNKNOWN;

  private final String token = name().toLowerCase(Locale.ROOT);

  String token() {
    return token;
  }

  static AttemptOutcome of(Attempt attempt) {
    Set<Disposition> seen = EnumSet.noneOf(Disposition.class);
    attempt.recipients().forEach(recipient -> seen.add(Disposition.of(recipient)));
    if (seen.contains(Disposition.UNKNOWN)) {
      return UNKNOWN;
    }
    if (seen.contains(Disposition.ACCEPTED)) {
      return seen.size() == 1 ? DELIVERED : PARTIAL;
    }
    return seen.equals(EnumSet.of(Disposition.REFUSED)) ? REJECTED : DEFERRED;
  }
}
