package dev.redeliver.jakartamail;

/**
 * Whether a message's content has been written in an attempt: all that can be known about the stage
 * without the mail library's help. Not thread-safe.
 */
final class BodyTracker {
  private boolean begun;
  private boolean complete;

  void begin() {
    begun = true;
  }

  void complete() {
    complete = true;
  }

  /** {@return whether the server went as far as asking for the content} */
  boolean isBegun() {
    return begun;
  }

  /** {@return whether all of it was written: from here on the server may have the message} */
  boolean isComplete() {
    return complete;
  }
}
