package dev.redeliver.metrics;

import dev.redeliver.delivery.Recipient;
import java.util.Set;

/** Who runs a recipient's mailbox, from a closed set. */
final class Providers {
  private Providers() {}

  static String of(Recipient recipient) {
    return "other";
  }

  static Set<String> ids() {
    return Set.of("other");
  }
}
