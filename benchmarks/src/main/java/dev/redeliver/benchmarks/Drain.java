package dev.redeliver.benchmarks;

/** A queue in a database, and what empties it. */
interface Drain {
  /** {@return what was measured, as in {@code plain.sqlite}} */
  String name();

  /**
   * Fills the queue, and measures how long it takes to empty it.
   *
   * @param entries how many there are, all due
   * @return how many of them were done in a second; filling does not count
   * @throws IllegalStateException if anything is left, or was done twice
   * @throws Exception if the database fails
   */
  double perSecond(int entries) throws Exception;
}
