package dev.redeliver.delivery;

import java.util.Optional;

/**
 * How opening a connection ended. Immutable and thread-safe.
 *
 * @param attempts tries made, at least 1
 * @param lastFailure why the last one failed; empty if it succeeded
 */
public record ConnectReport(int attempts, Optional<ConnectionFailure> lastFailure) {
  /** {@return whether the connection is open} */
  public boolean isConnected() {
    return lastFailure.isEmpty();
  }
}
