package dev.redeliver.benchmarks;

import jakarta.mail.MessagingException;

/** One way to send, ready for use. */
interface Sender extends AutoCloseable {
  String name();

  int connections();

  /**
   * Sends messages for so long, and waits until all are accepted.
   *
   * @return how many
   */
  int send(long nanos) throws Exception;

  /** {@return whether it runs in this process, so that its CPU time and memory can be told} */
  default boolean isInProcess() {
    return true;
  }

  @Override
  void close() throws MessagingException;
}
