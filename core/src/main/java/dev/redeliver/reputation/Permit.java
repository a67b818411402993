package dev.redeliver.reputation;

/**
 * Leave for one attempt at one destination. To be given back exactly once, to one of {@link
 * DestinationGuard#answered}, {@link DestinationGuard#refused} and {@link
 * DestinationGuard#abandon}. Immutable and thread-safe.
 */
public final class Permit {
  private final Gate gate;
  private final long begun;
  private final Pace.Turn turn;

  Permit(Gate gate, long begun, Pace.Turn turn) {
    this.gate = gate;
    this.begun = begun;
    this.turn = turn;
  }

  /** {@return what the leave is for} */
  public Destination destination() {
    return gate.destination();
  }

  Gate gate() {
    return gate;
  }

  long begun() {
    return begun;
  }

  Pace.Turn turn() {
    return turn;
  }
}
