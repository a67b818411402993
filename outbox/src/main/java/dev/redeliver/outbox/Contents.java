package dev.redeliver.outbox;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The octets of messages that are sent one after the other. Reads ahead, first a few, as a slow
 * server's messages do not get their turn. Used by one thread.
 */
final class Contents {
  private static final int MOST = Store.CONTENTS;
  private static final int FIRST = 4;
  private static final long MOST_OCTETS = 256 << 10;

  private final Store store;
  private final Map<ByteBuffer, Store.Content> read = new HashMap<>();
  private List<Parcel> coming = List.of();
  private int ahead = FIRST;

  Contents(Store store) {
    this.store = store;
  }

  /** Says which messages are going to be sent, in this order. */
  void coming(List<Parcel> parcels) {
    coming = parcels;
  }

  /**
   * {@return the octets of a message}
   *
   * @throws OutboxException if they are not there, or cannot be decrypted
   */
  byte[] of(Parcel parcel) {
    ByteBuffer name = ByteBuffer.wrap(parcel.bodyId());
    if (!read.containsKey(name)) {
      read.clear();
      read.putAll(read(names(parcel)));
      ahead = Math.min(2 * ahead, MOST);
    }
    Store.Content content = read.get(name);
    if (content == null) {
      throw new OutboxException("the content of the message is gone");
    }
    byte[] octets = store.open(parcel.bodyId(), content);
    // A mailing's messages have the same octets one after the other.
    read.put(name, Store.Content.opened(octets));
    return octets;
  }

  /** What cannot be read of those that come later is no reason to leave the first one. */
  private Map<ByteBuffer, Store.Content> read(List<byte[]> names) {
    try {
      return store.contents(names);
    } catch (OutboxException e) {
      if (names.size() == 1) {
        throw e;
      }
      return store.contents(names.subList(0, 1));
    }
  }

  private List<byte[]> names(Parcel parcel) {
    List<byte[]> names = new ArrayList<>(List.of(parcel.bodyId()));
    long octets = parcel.size();
    int next = 0;
    while (next < coming.size() && !coming.get(next).id().equals(parcel.id())) {
      next++;
    }
    for (next++; next < coming.size() && names.size() < ahead; next++) {
      octets += coming.get(next).size();
      if (octets > MOST_OCTETS) {
        break;
      }
      names.add(coming.get(next).bodyId());
    }
    return names;
  }
}
