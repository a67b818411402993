package dev.redeliver.policy;

import dev.redeliver.classify.Lane;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Every configuration key: what may be set is what is listed here. Thread-safe. */
public final class PolicyKeys {
  static final String PREFIX = "redeliver.";

  /** One key; its default may depend on the profile. */
  record Key(String name, Function<Profile, String> byDefault, String bounds, String meaning) {}

  static final List<Lane> LANES =
      Arrays.stream(Lane.values()).filter(lane -> lane != Lane.IMMEDIATE).toList();

  private static final List<Key> ALL = all();

  private static final String HEADER =
      """
      | key | default (interactive / background / rfc5321) | may be | meaning |
      |---|---|---|---|
      """;

  private PolicyKeys() {}

  static List<Key> list() {
    return ALL;
  }

  private static List<Key> all() {
    List<Key> keys = new ArrayList<>(general());
    keys.addAll(ofOperator());
    LANES.forEach(lane -> keys.addAll(ofLane(lane)));
    keys.addAll(ofSender());
    keys.addAll(ofOutbox());
    return List.copyOf(keys);
  }

  private static List<Key> ofSender() {
    SenderSettings start = SenderSettings.builder().build();
    return List.of(
        key(
            "sender.relays",
            "",
            "list of `host:port` or `host:port=weight`",
            "in order: the next one helps out; with weights: shared. Empty: the session's host"),
        key(
            "sender.connections",
            Integer.toString(start.connections()),
            "1 to 1000",
            "most connections to one relay"),
        key(
            "sender.messages-per-connection",
            Integer.toString(start.messagesPerConnection()),
            "1 to 1000000",
            "most transactions on one connection"),
        key(
            "sender.connection-age",
            Durations.format(start.connectionAge()),
            "1s to 1d",
            "how old a connection may be when a transaction starts"),
        key(
            "sender.idle-check",
            Durations.format(start.idleCheck()),
            "0s to 1d",
            "after how long idle the server is asked first (NOOP)"),
        key(
            "sender.idle-close",
            Durations.format(start.idleClose()),
            "1s to 1d",
            "after how long idle a connection is closed"),
        key(
            "sender.max-in-flight",
            Integer.toString(start.maxInFlight()),
            "1 to 10000000",
            "most messages that have not ended, waiting ones included"),
        key(
            "sender.back-pressure",
            start.backPressure().token(),
            "`wait`, `reject`",
            "what happens to a message beyond that"));
  }

  private static List<Key> ofOutbox() {
    OutboxSettings start = OutboxSettings.DEFAULT;
    return List.of(
        key(
            "outbox",
            "",
            "a file, or a JDBC URL of PostgreSQL",
            "the database that keeps messages until they are delivered; empty: none"),
        key(
            "outbox.poll",
            Durations.format(start.poll()),
            "10ms to 1h",
            "how often the database is asked for what is due"),
        key(
            "outbox.lease",
            Durations.format(start.lease()),
            "1s to 1d",
            "after how long without a sign of life another process goes on with what a process sent"),
        key(
            "outbox.retention",
            Durations.format(start.retention()),
            "0s to 3650d",
            "how long what has ended can be looked up and its idempotency key is known"),
        key(
            "outbox.queues-per-destination",
            Integer.toString(start.queuesPerDestination()),
            "1 to 64",
            "attempts at one destination at a time at most, over all processes"),
        key(
            "outbox.dsn",
            Boolean.toString(start.dsn()),
            "`true`, `false`",
            "whether the sender gets a notification (RFC 3464) of what failed"));
  }

  private static List<Key> general() {
    return List.of(
        key("enabled", "true", "`true`, `false`", "off, transports behave as without Redeliver"),
        key("name", "default", "1 to 40 of `a-z`, `0-9`, `-`", "names the sender in metrics"),
        key(
            "profile",
            "interactive",
            "`interactive`, `background`, `rfc5321`",
            "where all other settings start from"),
        new Key(
            PREFIX + "retry.max-attempts",
            profile -> attempts(profile.maxAttempts()),
            "1 to 1000, `unbounded`",
            "attempts per recipient, the first included"),
        new Key(
            PREFIX + "retry.deadline",
            profile -> Durations.format(profile.deadline()),
            "1s to 30d",
            "how long after the hand-over an attempt may still start"),
        key("retry.jitter", "0.2", "0 up to, not including, 1", "share taken off delays at random"),
        key(
            "retry.allow-list",
            "true",
            "`true`, `false`",
            "5yz that are known to pass are tried later; off, every 5yz is final"),
        key(
            "unknown-outcome",
            "resend",
            "`resend`, `report`",
            "when the reply to the content never came: send once more, or leave it to you"),
        key(
            "pipelining",
            "true",
            "`true`, `false`",
            "`RedeliverSmtpTransport` sends commands in groups where the server offers it (RFC 2920)"),
        key(
            "rules",
            "",
            "a readable file, or `classpath:NAME`",
            "reply rules of your own, before the built-in ones"),
        key(
            "alert.threshold",
            "3",
            "1 to 1000, `first`",
            "reputation signals within the window that raise an alert"),
        key("alert.window", "10m", "1s to 30d", "how long a signal counts, and quiet resolves"),
        key(
            "metrics.registry",
            "none",
            "`none`, `global`, `pkg.Class#member`",
            "where meters go without code; a public static field or no-argument method"));
  }

  private static List<Key> ofOperator() {
    GuardSettings start = GuardSettings.DEFAULT;
    return List.of(
        key(
            "metrics.domains",
            "",
            "list of at most 100 domains",
            "recipient domains that are a `provider` of their own in metrics"),
        key(
            "log.addresses",
            "masked",
            "`none`, `masked`, `full`",
            "how much of a recipient's address log lines show"),
        key(
            "guard.enabled",
            Boolean.toString(start.enabled()),
            "`true`, `false`",
            "destinations that want less mail get it more slowly, or later"),
        key(
            "guard.pause",
            Durations.format(start.pause()),
            "1s to 30d",
            "how long mail pauses to where a reputation alert came from"),
        key(
            "guard.max-rate",
            "unlimited",
            "0.1 to 1000000, `unlimited`",
            "messages a minute to one destination at most"),
        key(
            "guard.max-connections",
            "unlimited",
            "1 to 1000, `unlimited`",
            "attempts at one destination at a time at most"),
        key(
            "guard.by-provider",
            Boolean.toString(start.byProvider()),
            "`true`, `false`",
            "thresholds and pauses known of a provider go before `alert.*` and `guard.pause`"));
  }

  private static String attempts(int maxAttempts) {
    return maxAttempts == RetryPolicy.UNBOUNDED ? "unbounded" : Integer.toString(maxAttempts);
  }

  private static Key key(String name, String byDefault, String bounds, String meaning) {
    return new Key(PREFIX + name, profile -> byDefault, bounds, meaning);
  }

  private static List<Key> ofLane(Lane lane) {
    String name = PREFIX + "lane." + lane.token();
    return List.of(
        laneKey(
            lane,
            name + ".initial-delay",
            backoff -> Durations.format(backoff.initial()),
            "1ms to 30d",
            "delay after the first failure"),
        laneKey(
            lane,
            name + ".multiplier",
            backoff -> Double.toString(backoff.multiplier()),
            "1.0 to 10.0",
            "what each further delay is multiplied by"),
        laneKey(
            lane,
            name + ".max-delay",
            backoff -> Durations.format(backoff.cap()),
            "initial-delay to 30d",
            "longest delay"),
        laneKey(
            lane,
            name + ".defer",
            backoff -> Boolean.toString(backoff.deferred()),
            "`true`, `false`",
            "name the next try instead of waiting for it"));
  }

  private static Key laneKey(
      Lane lane, String name, Function<Backoff, String> value, String bounds, String meaning) {
    return new Key(
        name, profile -> value.apply(RetryPolicy.of(profile).backoff(lane)), bounds, meaning);
  }

  /** {@return all keys as a Markdown table, with the default of each profile where they differ} */
  public static String markdownTable() {
    return ALL.stream()
        .map(
            key ->
                "| `"
                    + key.name()
                    + "` | "
                    + defaults(key)
                    + " | "
                    + key.bounds()
                    + " | "
                    + key.meaning()
                    + " |\n")
        .collect(Collectors.joining("", HEADER, ""));
  }

  private static String defaults(Key key) {
    List<String> values = Arrays.stream(Profile.values()).map(key.byDefault()).distinct().toList();
    if (values.size() == 1) {
      return values.get(0).isEmpty() ? "" : "`" + values.get(0) + "`";
    }
    return Arrays.stream(Profile.values())
        .map(key.byDefault())
        .map(value -> "`" + value + "`")
        .collect(Collectors.joining(" / "));
  }

  /** {@return the known key that is nearest to a wrong one, or an empty string if none is near} */
  static String nearest(String wrong) {
    String nearest = "";
    String lower = wrong.toLowerCase(Locale.ROOT);
    int least = Math.max(2, wrong.length() / 5) + 1;
    for (Key key : ALL) {
      int distance = distance(lower, key.name());
      if (distance < least) {
        least = distance;
        nearest = key.name();
      }
    }
    return nearest;
  }

  /** Levenshtein's distance, row by row. */
  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
