package dev.redeliver.examples;

import dev.redeliver.examples.Reckoning.Copy;
import dev.redeliver.testkit.ReceivedMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What the demo's server has taken, on the disk before the server says so: the end of the process,
 * however it comes, takes nothing away. Thread-safe.
 *
 * <p>The first line names the seed; each further line is time, Message-ID and recipient, separated
 * by tabs.
 */
final class Journal implements AutoCloseable {
  private static final String SEED = "seed\t";

  private final FileChannel file;
  private final List<Copy> copies = new ArrayList<>();

  private Journal(FileChannel file) {
    this.file = file;
  }

  /**
   * Opens one, and reads what is in it.
   *
   * @param seed which letters it is about
   * @throws IOException if it cannot be read, is about other letters, or another process has it
   */
  static Journal open(Path path, long seed) throws IOException {
    Journal journal =
        new Journal(
            FileChannel.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE));
    boolean read = false;
    try {
      journal.read(path, seed);
      read = true;
      return journal;
    } finally {
      if (!read) {
        journal.close();
      }
    }
  }

  private void read(Path path, long seed) throws IOException {
    if (file.tryLock() == null) {
      throw new IOException("another demo uses " + path);
    }
    String text = text();
    int end = text.lastIndexOf('\n') + 1;
    List<String> lines = text.substring(0, end).lines().toList();
    // A line without its end was not answered.
    file.truncate(text.substring(0, end).getBytes(StandardCharsets.UTF_8).length);
    file.position(file.size());
    if (lines.isEmpty()) {
      append(SEED + seed + "\n");
    } else if (!lines.get(0).equals(SEED + seed)) {
      throw new IOException(
          path + " is of a demo with " + lines.get(0).replace('\t', ' ') + ", not " + seed);
    }
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      String[] cells = line.split("\t", -1);
      copies.add(new Copy(cells[1], cells[2]));
    }
  }

  private String text() throws IOException {
    ByteBuffer octets = ByteBuffer.allocate(Math.toIntExact(file.size()));
    while (octets.hasRemaining() && file.read(octets) >= 0) {
      // Until all is read.
    }
    return new String(octets.array(), 0, octets.position(), StandardCharsets.UTF_8);
  }

  private void append(String text) throws IOException {
    ByteBuffer octets = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (octets.hasRemaining()) {
      file.write(octets);
    }
    file.force(true);
  }

  /** Notes what the server takes. When this returns, it is on the disk. */
  synchronized void add(ReceivedMessage message) {
    StringBuilder lines = new StringBuilder();
    List<Copy> taken = Demo.copies(message).toList();
    for (Copy copy : taken) {
      lines
          .append(Instant.now())
          .append('\t')
          .append(copy.messageId())
          .append('\t')
          .append(copy.recipient())
          .append('\n');
    }
    try {
      append(lines.toString());
    } catch (IOException e) {
      throw new UncheckedIOException("the journal cannot be written", e);
    }
    copies.addAll(taken);
  }

  /** {@return what the server has, taken by this process and those before} */
  synchronized List<Copy> copies() {
    return List.copyOf(copies);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
