package dev.redeliver.outbox;

/**
 * Which message goes first where several could. What is urgent goes before all that is not, to
 * whatever destination; a message that waits for a later try keeps nobody.
 */
public enum Priority {
  /** Nobody waits for it, such as a newsletter. */
  BULK(0),
  /** Everything else. */
  NORMAL(1),
  /** Somebody waits for it, such as a one-time code. */
  URGENT(2);

  private final int rank;

  Priority(int rank) {
    this.rank = rank;
  }

  /** {@return how it is stored: the higher, the earlier} */
  int rank() {
    return rank;
  }

  /** {@return the priority that is stored so} */
  static Priority of(int rank) {
    for (Priority priority : values()) {
      if (priority.rank == rank) {
        return priority;
      }
    }
    throw new OutboxException("there is no priority " + rank);
  }
}
