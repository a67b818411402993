package dev.redeliver.delivery;

import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * How a relay of an asynchronous sender stood at one moment. Immutable and thread-safe.
 *
 * @param place its place in the sender's list, from 1; names it in metrics
 * @param server its host
 * @param state whether it can be used
 * @param busy connections in use, or being opened
 * @param idle connections that are open and wait for a message
 * @param obstacle why it could last not be used; empty unless it is not, or not fully, in use
 * @param nextProbe when it is asked again; empty if it is in use
 */
public record RelayStatus(
    int place,
    String server,
    State state,
    int busy,
    int idle,
    Optional<ConnectionFailure> obstacle,
    Optional<Instant> nextProbe) {
  /** Refuses nulls. */
  public RelayStatus {
    Objects.requireNonNull(server, "server");
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(obstacle, "obstacle");
    Objects.requireNonNull(nextProbe, "nextProbe");
  }

  /** Whether a relay can be used. */
  public enum State {
    /** It is used, with all its connections. */
    UP,
    /** It is used again, with few connections at first. */
    RECOVERING,
    /** It cannot be reached. */
    DOWN,
    /** It can be reached, but wants no messages from us for a while. */
    SUSPENDED,
    /** It does not take our set-up, such as a password; somebody must act. */
    HELD;

    private final String token = name().toLowerCase(Locale.ROOT);

    /** {@return the name in lower case, as in metrics} */
    public String token() {
      return token;
    }

    /** {@return whether messages go to it} */
    public boolean isUsable() {
      return this == UP || this == RECOVERING;
    }
  }
}
