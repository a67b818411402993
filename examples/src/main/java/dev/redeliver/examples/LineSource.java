package dev.redeliver.examples;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Lines of any length and content: only LF ends one, and what is too long to matter is left out.
 * Not thread-safe.
 *
 * <p>{@link java.io.BufferedReader#readLine} would also split at a lone CR, and keep lines of any
 * length.
 */
final class LineSource {
  /** More than a reply keeps of its text. */
  private static final int MAX_LENGTH = 100_000;

  private final BufferedInputStream in;

  LineSource(InputStream in) {
    this.in = new BufferedInputStream(in, 1 << 16);
  }

  /** {@return the next line without its CR LF or LF; empty at the end} */
  Optional<String> next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int c = in.read();
    if (c < 0) {
      return Optional.empty();
    }
    for (; c >= 0 && c != '\n'; c = in.read()) {
      if (line.size() < MAX_LENGTH) {
        line.write(c);
      }
    }
    String text = decode(line.toByteArray());
    return Optional.of(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
  }

  /** As the library reads the wire: UTF-8 where it is, otherwise ISO 8859-1. */
  private static String decode(byte[] octets) {
    String utf8 = new String(octets, StandardCharsets.UTF_8);
    return utf8.indexOf('\uFFFD') < 0 ? utf8 : new String(octets, StandardCharsets.ISO_8859_1);
  }

  /** {@return whether reading on would not wait for anybody} */
  boolean isReady() throws IOException {
    return in.available() > 0;
  }
}
