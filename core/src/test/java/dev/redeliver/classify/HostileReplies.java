package dev.redeliver.classify;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Replies that no sane server sends: real ones with parts moved, doubled, lost and changed, and
 * plain noise. Each depends on seed and number only. Immutable and thread-safe.
 */
final class HostileReplies {
  /** What has a meaning somewhere between the wire and a rule, and what breaks naive code. */
  private static final List<String> PIECES =
      List.of(
          "450",
          "421-",
          "550 ",
          "554-5.7.1 ",
          "999",
          "4.7.1",
          "5.1.1 ",
          "4.999.999",
          "2.0.0",
          "#",
          "(",
          "\r\n",
          "\n",
          "\r",
          "\r\n550 ",
          "\n451-4.3.0 ",
          "\0",
          "\u001b[31m",
          "\u202e",
          "\u2028",
          "\ufeff",
          "\ud83d\ude00",
          "\ud83d",
          "\ude00",
          "\u00e9",
          "e\u0301",
          "\u0130",
          "\u7070\u540d\u5355",
          "\u0e44\u0e21\u0e48",
          "'",
          "\u2019",
          "@",
          "<a@b.example>",
          "a@",
          "@b",
          "[192.0.2.1]",
          "192.0.2.1.",
          "1.2.3.4.5",
          "2001:db8::1",
          "::",
          "1:1:1:1:1:1:1:1:1",
          "try again in 300 seconds",
          "wait 99999999999999 hours",
          "retry-after: ",
          "again at 14:05 utc",
          "until 25:61:61 utc",
          "retry at 2026-02-30T14:05:00Z",
          "retry at 2026-11-24 14:05 utc",
          "in for after not before",
          "gsmtp",
          "-",
          "_",
          "/",
          "*",
          "|",
          " ");

  private final long seed;
  private final List<String> real;

  HostileReplies(long seed, List<String> real) {
    this.seed = seed;
    this.real = List.copyOf(real);
  }

  String reply(long number) {
    Random random = new Random(seed * 1_000_003 + number);
    return switch (random.nextInt(1000)) {
      case 0 -> repeated(random, 70_000);
      case 1 -> repeated(random, 5_000).replace(' ', '\n');
      default -> random.nextInt(8) == 0 ? noise(random) : changed(random);
    };
  }

  private String changed(Random random) {
    StringBuilder reply = new StringBuilder(any(random, real));
    for (int changes = random.nextInt(6); changes >= 0; changes--) {
      change(reply, random);
    }
    return reply.toString();
  }

  private void change(StringBuilder reply, Random random) {
    int at = random.nextInt(reply.length() + 1);
    int to = Math.min(reply.length(), at + random.nextInt(12));
    switch (random.nextInt(7)) {
      case 0 -> reply.delete(at, to);
      case 1 -> reply.insert(at, reply.substring(at, to));
      case 2 -> reply.insert(at, any(random, PIECES));
      case 3 -> reply.insert(at, (char) random.nextInt(0x100));
      case 4 -> reply.insert(at, (char) random.nextInt(0x10000));
      case 5 -> reply.insert(at, any(random, real));
      default -> reply.replace(at, to, any(random, PIECES));
    }
  }

  /** Bytes, words or pieces at random, perhaps behind a code. */
  private static String noise(Random random) {
    StringBuilder reply = new StringBuilder();
    if (random.nextBoolean()) {
      reply.append(random.nextInt(700)).append(random.nextBoolean() ? ' ' : '-');
    }
    int kind = random.nextInt(3);
    for (int i = random.nextInt(60); i > 0; i--) {
      reply.append(
          switch (kind) {
            case 0 -> String.valueOf((char) random.nextInt(0x100));
            case 1 -> String.valueOf((char) random.nextInt(0x10000));
            default -> any(random, PIECES);
          });
    }
    return reply.toString();
  }

  private String repeated(Random random, int length) {
    List<String> units = new ArrayList<>(PIECES);
    units.addAll(real);
    String unit = any(random, units) + (random.nextBoolean() ? " " : "");
    return "450 " + unit.repeat(random.nextInt(length) / unit.length());
  }

  private static String any(Random random, List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
