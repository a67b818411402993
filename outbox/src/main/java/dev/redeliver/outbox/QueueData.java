package dev.redeliver.outbox;

import com.github.kagkarlsson.scheduler.serializer.Serializer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the scheduler keeps with a queue, in two octets: the version of this form, and whether the
 * queue waits for its destination or a relay. Immutable and thread-safe.
 *
 * @param asleep whether new messages are no reason to look after the queue before its time
 */
record QueueData(boolean asleep) {
  static final QueueData AWAKE = new QueueData(false);
  static final QueueData ASLEEP = new QueueData(true);

  private static final byte VERSION = 1;

  byte[] octets() {
    return new byte[] {VERSION, (byte) (asleep ? 1 : 0)};
  }

  /**
   * What a newer version has written is no reason to leave the queue alone: it is as good as new.
   */
  static QueueData of(byte @Nullable [] octets) {
    return Arrays.equals(octets, ASLEEP.octets()) ? ASLEEP : AWAKE;
  }

  /** The scheduler's own form is that of Java's objects, which the next change makes unreadable. */
  static final class Form implements Serializer {
    @Override
    public byte @Nullable [] serialize(@Nullable Object data) {
      return data instanceof QueueData queue ? queue.octets() : null;
    }

    @Override
    public <T> @Nullable T deserialize(Class<T> type, byte @Nullable [] octets) {
      return type.cast(of(octets));
    }
  }
}
