package dev.redeliver.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The rules for Prometheus, as far as tests look at them. */
record Rules(List<Rule> all) {
  static final Path FILE = Path.of("src/main/resources/META-INF/redeliver/prometheus/rules.yml");

  private static final Pattern RULE =
      Pattern.compile(
          "- (record|alert): (\\S+)\n +expr: (?:>-|\\|)\n((?: {10}.*\n?)+)(?: +for: (\\d+)([mh])\n)?");

  /**
   * A recording or an alerting rule.
   *
   * @param pending how long an alert has to be true before it fires
   */
  record Rule(boolean isAlert, String name, String expr, Duration pending) {}

  static Rules read() throws IOException {
    List<Rule> found = new ArrayList<>();
    Matcher rule = RULE.matcher(Files.readString(FILE));
    while (rule.find()) {
      found.add(
          new Rule(
              rule.group(1).equals("alert"),
              rule.group(2),
              rule.group(3).strip(),
              pending(rule.group(4), rule.group(5))));
    }
    return new Rules(found);
  }

  private static Duration pending(String count, String unit) {
    if (count == null) {
      return Duration.ZERO;
    }
    return unit.equals("h")
        ? Duration.ofHours(Long.parseLong(count))
        : Duration.ofMinutes(Long.parseLong(count));
  }

  /** {@return a rule's expression, with those of the recorded ones where their names stand} */
  String query(Rule rule) {
    String query = rule.expr();
    for (Rule other : all) {
      if (!other.isAlert()) {
        query = query.replace(other.name(), "(" + other.expr() + ")");
      }
    }
    return query;
  }
}
