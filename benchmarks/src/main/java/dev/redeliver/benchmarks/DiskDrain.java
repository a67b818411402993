package dev.redeliver.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes to a file that are on the disk before the next: what no queue's commits can exceed. */
final class DiskDrain implements Drain {
  private static final int MOST = 1_000;
  private static final int PAGE = 8 << 10;

  private final Path directory;

  DiskDrain(Path directory) {
    this.directory = directory;
  }

  @Override
  public String name() {
    return "fsync";
  }

  @Override
  public double perSecond(int entries) throws IOException {
    int writes = Math.min(entries, MOST);
    try (FileChannel file =
        FileChannel.open(
            directory.resolve("fsync"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      long start = System.nanoTime();
      for (int i = 0; i < writes; i++) {
        file.write(ByteBuffer.allocate(PAGE), 0);
        file.force(false);
      }
      return writes * 1e9 / (System.nanoTime() - start);
    }
  }
}
