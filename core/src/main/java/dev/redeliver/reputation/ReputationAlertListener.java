package dev.redeliver.reputation;

/**
 * Is told when a server begins, goes on, or ceases to blame the sender, in the thread that
 * delivers. Implementations must be thread-safe and quick; what they throw is logged and changes
 * nothing, except for an {@link Error}.
 */
@FunctionalInterface
public interface ReputationAlertListener {
  /**
   * An alert was raised, became critical, or was resolved.
   *
   * @param alert the alert as it is now
   */
  void reputationAlert(ReputationAlert alert);
}
