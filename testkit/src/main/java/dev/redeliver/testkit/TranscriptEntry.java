package dev.redeliver.testkit;

/**
 * One line of what was said on a connection. Immutable and thread-safe.
 *
 * <p>Content is one entry that tells its size. What the client sent for AUTH is shown as received:
 * do not use real credentials with this server.
 *
 * @param connection the number of the connection, from 1
 * @param direction who said it
 * @param line what was said, without its end
 */
public record TranscriptEntry(int connection, Direction direction, String line) {
  /** Who said a line. */
  public enum Direction {
    /** A line from the client. */
    CLIENT,
    /** A line from the server. */
    SERVER,
    /** Nobody: a connection was opened, lost, reset or encrypted. */
    EVENT
  }

  /** {@return the entry in the usual notation, such as {@code 1 C: NOOP}} */
  @Override
  public String toString() {
    String who =
        switch (direction) {
          case CLIENT -> "C: ";
          case SERVER -> "S: ";
          case EVENT -> "-- ";
        };
    return connection + " " + who + line;
  }
}
