package dev.redeliver.outbox;

import dev.redeliver.reputation.Destination;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * A queue: the messages of one priority to one destination that go one after the other. A
 * destination has several, so that it gets several messages at a time. Immutable and thread-safe.
 *
 * @param priority how urgent its messages are
 * @param destination whose mailboxes they are for, as far as the name is short enough
 * @param slot which of the destination's queues, from 0
 */
record QueueName(Priority priority, String destination, int slot) {
  /** What the scheduler can name, all in all. */
  private static final int LONGEST = 80;

  private static final int DIGEST = 16;

  /** {@return the first queue of a destination} */
  static QueueName first(Priority priority, Destination destination) {
    String name = destination.kind() == Destination.Kind.PROVIDER ? "@" : "";
    return new QueueName(priority, bounded(name + destination.name()), 0);
  }

  /** {@return another one of the same destination} */
  QueueName inSlot(int number) {
    return new QueueName(priority, destination, number);
  }

  private static String bounded(String name) {
    return name.length() <= LONGEST
        ? name
        : name.substring(0, LONGEST - DIGEST - 1) + '~' + digest(name).substring(0, DIGEST);
  }

  private static String digest(String text) {
    MessageDigest sha = Digests.sha256();
    return HexFormat.of().formatHex(sha.digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** {@return the queue that is meant by what {@link #id()} gave} */
  static QueueName parse(String id) {
    int first = id.indexOf('/');
    int last = id.lastIndexOf('/');
    if (first < 1 || last <= first) {
      throw new OutboxException("'" + id + "' is not the name of a queue");
    }
    return new QueueName(
        Priority.valueOf(id.substring(0, first)),
        id.substring(first + 1, last),
        Integer.parseInt(id.substring(last + 1)));
  }

  /** {@return how it is stored} */
  String id() {
    return priority + "/" + destination + "/" + slot;
  }
}
