package dev.redeliver.outbox;

import dev.redeliver.classify.Lane;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/** How the counts of failures by lane are stored, as in {@code GREYLIST=1,TRANSIENT=2}. */
final class FailureCounts {
  private FailureCounts() {}

  static String format(Map<Lane, Integer> counts) {
    Map<Lane, Integer> sorted = new EnumMap<>(Lane.class);
    sorted.putAll(counts);
    return sorted.entrySet().stream()
        .map(each -> each.getKey() + "=" + each.getValue())
        .collect(Collectors.joining(","));
  }

  /**
   * {@return what was stored}
   *
   * @throws OutboxException if it cannot be read
   */
  static Map<Lane, Integer> parse(String stored) {
    Map<Lane, Integer> counts = new EnumMap<>(Lane.class);
    if (stored.isEmpty()) {
      return counts;
    }
    for (String part : stored.split(",", -1)) {
      int equals = part.indexOf('=');
      try {
        counts.put(
            Lane.valueOf(part.substring(0, equals)), Integer.valueOf(part.substring(equals + 1)));
      } catch (IllegalArgumentException | StringIndexOutOfBoundsException e) {
        throw new OutboxException("'" + stored + "' are no counts of failures", e);
      }
    }
    return counts;
  }
}
