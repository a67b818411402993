package dev.redeliver.outbox;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.UUID;

/** Makes ids of messages: UUIDs of version 7 (RFC 9562), which sort by time. Thread-safe. */
final class Ids {
  private final SecureRandom random = new SecureRandom();

  /** {@return a new id} */
  String next(Instant now) {
    long high = (now.toEpochMilli() << 16) | 0x7000 | (random.nextInt() & 0x0fff);
    long low = (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low).toString();
  }
}
