package dev.redeliver.testkit;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads content up to the final dot and undoes dot-stuffing (RFC 5321 section 4.5.2). */
final class ContentReader {
  /** So that a client that never ends does not take the test's memory. */
  private static final int MAX_CONTENT = 256 * 1024 * 1024;

  private enum State {
    LINE_START,
    IN_LINE,
    CR,
    DOT,
    DOT_CR,
    END
  }

  private final Channel channel;
  private State state = State.LINE_START;
  private byte[] content = new byte[8 * 1024];
  private int size;
  private int received;

  ContentReader(Channel channel) {
    this.channel = channel;
  }

  /** {@return the bytes received so far, dot-stuffing and final dot included} */
  int received() {
    return received;
  }

  /**
   * Reads until so many bytes are received, or the content ends.
   *
   * @return false if the content ended or the client went away first
   */
  boolean readUpTo(int offset) throws IOException {
    while (received < offset) {
      if (!readByte()) {
        return false;
      }
    }
    return true;
  }

  /** {@return all of the content, or null if the client went away before its end} */
  byte @Nullable [] readToEnd() throws IOException {
    boolean more = state != State.END;
    while (more) {
      more = readByte();
    }
    return state == State.END ? Arrays.copyOf(content, size) : null;
  }

  private boolean readByte() throws IOException {
    int c = state == State.END ? -1 : channel.read();
    if (c < 0) {
      return false;
    }
    received++;
    state = next(c);
    return state != State.END;
  }

  private State next(int c) throws IOException {
    return switch (state) {
      case LINE_START -> c == '.' ? State.DOT : keep(c);
      case DOT -> c == '\r' ? State.DOT_CR : keep(c);
      case DOT_CR -> c == '\n' ? State.END : keepAfterCr(c);
      case CR -> c == '\n' ? keepLineEnd() : keep(c);
      case IN_LINE, END -> keep(c);
    };
  }

  private State keepAfterCr(int c) throws IOException {
    append('\r');
    return keep(c);
  }

  private State keepLineEnd() throws IOException {
    append('\n');
    return State.LINE_START;
  }

  private State keep(int c) throws IOException {
    append(c);
    return c == '\r' ? State.CR : State.IN_LINE;
  }

  private void append(int c) throws IOException {
    if (size == content.length) {
      if (size >= MAX_CONTENT) {
        throw new IOException("content longer than " + MAX_CONTENT + " bytes");
      }
      content = Arrays.copyOf(content, size * 2);
    }
    content[size++] = (byte) c;
  }
}
