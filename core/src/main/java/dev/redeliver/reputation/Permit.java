package dev.redeliver.reputation;

/**
 * Leave for one attempt at one destination. To be given back exactly once, to one of {@link
 * DestinationGuard#answered}, {@link DestinationGuard#refused} and {@link
 * DestinationGuard#abandon}. Immutable and thread-safe.
 */
public final class Permit {
  private final Gate gate;
  private final long begun;
  private final boolean probe;

  Permit(Gate gate, long begun, boolean probe) {
    this.gate = gate;
    this.begun = begun;
    this.probe = probe;
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

  /** {@return whether the attempt finds out if a pause is over} */
  boolean isProbe() {
    return probe;
  }
}
