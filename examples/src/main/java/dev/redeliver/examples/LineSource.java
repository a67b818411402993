package dev.redeliver.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Lines of any length and content: only LF ends one, and what is too long to matter is left out.
 * Not thread-safe.
 *
 * <p>{@link BufferedReader#readLine} would also split at a lone CR, and keep lines of any length.
 */
final class LineSource {
  /** More than a reply keeps of its text. */
  private static final int MAX_LENGTH = 100_000;

  private final BufferedReader reader;

  /** Octets that are not UTF-8 are read as replacement characters. */
  LineSource(InputStream in) {
    reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8), 1 << 16);
  }

  /** {@return the next line without its CR LF or LF; empty at the end} */
  Optional<String> next() throws IOException {
    StringBuilder line = new StringBuilder();
    int c = reader.read();
    if (c < 0) {
      return Optional.empty();
    }
    for (; c >= 0 && c != '\n'; c = reader.read()) {
      if (line.length() < MAX_LENGTH) {
        line.append((char) c);
      }
    }
    int end = line.length() - 1;
    if (end >= 0 && line.charAt(end) == '\r') {
      line.setLength(end);
    }
    return Optional.of(line.toString());
  }

  /** {@return whether reading on would not wait for anybody} */
  boolean isReady() throws IOException {
    return reader.ready();
  }
}
