package dev.redeliver.jakartamail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.mail.util.LineOutputStream;
import jakarta.mail.util.SharedByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/** What a message consists of. Immutable and thread-safe. */
final class Octets {
  private final byte[] bytes;

  private Octets(byte[] bytes) {
    this.bytes = bytes;
  }

  /** {@return these, not copied: nobody may change them any more} */
  static Octets of(byte[] bytes) {
    return new Octets(bytes);
  }

  /** {@return them, not copied} */
  byte[] bytes() {
    return bytes;
  }

  /** {@return a stream of them, without a copy} */
  SharedByteArrayInputStream read() {
    return new SharedByteArrayInputStream(bytes);
  }

  void writeTo(OutputStream out) throws IOException {
    out.write(bytes);
  }

  /** {@return how many there are on the wire, where line ends become CRLF} */
  long sizeOnWire() {
    long size = bytes.length;
    int before = '\n';
    for (byte c : bytes) {
      if ((c == '\n') != (before == '\r')) {
        size++;
      }
      before = c;
    }
    return before == '\n' ? size : size + (before == '\r' ? 1 : 2);
  }

  /**
   * Collects them. Never copies what it has to grow, and the result is not larger than it must be:
   * it may be kept for hours. Not thread-safe.
   *
   * <p>It is a stream of lines too, because the library looks for one in all jars on the class path
   * whenever it is given an ordinary stream, which takes as long as all the rest of writing a small
   * message.
   */
  static final class Writer extends OutputStream implements LineOutputStream {
    private static final byte[] LINE_END = {'\r', '\n'};
    private static final int SMALLEST = 2048;
    private static final int LARGEST = 1 << 20;

    private final List<byte[]> full = new ArrayList<>(0);
    private byte[] last = new byte[SMALLEST];
    private int used;
    private int before;

    /** Header lines are as the library's own stream writes them. */
    @Override
    public void writeln(String line) {
      byte[] octets = line.getBytes(isUtf8() ? UTF_8 : ISO_8859_1);
      write(octets, 0, octets.length);
      writeln();
    }

    private static boolean isUtf8() {
      String property = System.getProperty("mail.mime.allowutf8");
      return property == null || !property.equalsIgnoreCase("false");
    }

    @Override
    public void writeln() {
      write(LINE_END, 0, LINE_END.length);
    }

    /** Cannot fail, as there is nothing behind it. */
    @Override
    public void write(byte[] octets) {
      write(octets, 0, octets.length);
    }

    @Override
    public void write(int octet) {
      if (used == last.length) {
        grow();
      }
      last[used++] = (byte) octet;
    }

    @Override
    public void write(byte[] octets, int offset, int length) {
      int done = 0;
      while (done < length) {
        if (used == last.length) {
          grow();
        }
        int count = Math.min(length - done, last.length - used);
        System.arraycopy(octets, offset + done, last, used, count);
        used += count;
        done += count;
      }
    }

    private void grow() {
      full.add(last);
      before = Math.addExact(before, used);
      last = new byte[Math.min(LARGEST, before)];
      used = 0;
    }

    /** {@return all that was written} */
    Octets octets() {
      byte[] all = new byte[Math.addExact(before, used)];
      int position = 0;
      for (byte[] chunk : full) {
        System.arraycopy(chunk, 0, all, position, chunk.length);
        position += chunk.length;
      }
      System.arraycopy(last, 0, all, position, used);
      return new Octets(all);
    }
  }
}
