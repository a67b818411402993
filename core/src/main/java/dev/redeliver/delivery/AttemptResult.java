package dev.redeliver.delivery;

import java.util.Map;
import java.util.Objects;

/**
 * The facts of one attempt: no judgement, no decision. Immutable and thread-safe.
 *
 * @param server the host that answered, as the application named it; it names alerts
 * @param connectionReused whether the connection had been open before the attempt
 * @param results one result for each recipient that was asked for
 */
public record AttemptResult(
    String server, boolean connectionReused, Map<Recipient, RecipientResult> results) {
  /** Refuses nulls. */
  public AttemptResult {
    Objects.requireNonNull(server, "server");
    results = Map.copyOf(results);
  }
}
