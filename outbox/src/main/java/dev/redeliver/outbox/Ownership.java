package dev.redeliver.outbox;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The right to send what is in a database: of a file, one process's at a time, until it ends or
 * gives it back; of a server, everybody's. Not thread-safe.
 */
final class Ownership implements AutoCloseable {
  /**
   * What outboxes of this process have. To close a second channel on a file that is locked gives
   * the lock back, on most systems, whichever channel it was taken with.
   */
  private static final Set<Path> TAKEN = new HashSet<>();

  private final @Nullable Path file;
  private @Nullable FileChannel channel;

  /**
   * Makes one that nobody has yet.
   *
   * @param file the database; null if all may send
   */
  Ownership(@Nullable Path file) {
    this.file = file == null ? null : Path.of(file.toAbsolutePath() + ".lock");
  }

  /** {@return whether nobody else can send, as long as this is held} */
  boolean isExclusive() {
    return file != null;
  }

  /**
   * {@return whether it was to be had}
   *
   * @throws OutboxException if the lock file cannot be made
   */
  boolean take() {
    if (file == null || channel != null) {
      return true;
    }
    synchronized (TAKEN) {
      try {
        channel = TAKEN.contains(file) ? null : lock(file);
      } catch (IOException e) {
        throw new OutboxException(file + " cannot be locked: " + e.getMessage(), e);
      }
      return channel != null && TAKEN.add(file);
    }
  }

  /** {@return null if another process has it} */
  private static @Nullable FileChannel lock(Path file) throws IOException {
    FileChannel opened =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (isLocked(opened)) {
      return opened;
    }
    opened.close();
    return null;
  }

  /** Another class loader of the same process has it as another process has it. */
  private static boolean isLocked(FileChannel opened) throws IOException {
    try {
      FileLock lock = opened.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  @Override
  public void close() {
    FileChannel held = channel;
    channel = null;
    if (file == null || held == null) {
      return;
    }
    synchronized (TAKEN) {
      try {
        held.close();
      } catch (IOException e) {
        throw new OutboxException(file + " cannot be unlocked: " + e.getMessage(), e);
      } finally {
        TAKEN.remove(file);
      }
    }
  }
}
