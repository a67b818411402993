package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real Prometheus is asked every question of the rules and of the dashboard about twelve hours in
 * which all the trouble happens that they are there for. A question without an answer is one that
 * nobody would miss until he needs it.
 */
@Timeout(120)
class TwelveHoursTest {
  private static final Instant END =
      TwelveHours.START.plus(Duration.ofMinutes(TwelveHours.MINUTES));

  @Test
  void everyRuleAndPanel_hasPoints(@TempDir Path folder) throws Exception {
    Path data = data(folder);
    SoftAssertions softly = new SoftAssertions();
    try (PrometheusServer prometheus = PrometheusServer.open(data, folder)) {
      Rules rules = Rules.read();
      assertThat(rules.all()).hasSameSizeAs(names(Files.readString(Rules.FILE)));
      for (Rules.Rule rule : rules.all()) {
        List<Json> series = prometheus.range(rules.query(rule), TwelveHours.START, END);
        softly
            .assertThat(longest(series))
            .as(rule.name())
            .isPositive()
            .isGreaterThanOrEqualTo(rule.pending());
      }
      for (Dashboard.Target target : Dashboard.read().targets()) {
        List<Json> series = prometheus.range(target.query(), TwelveHours.START, END);
        softly.assertThat(greatest(series)).as(target.name()).isPositive();
      }
    }
    softly.assertAll();
  }

  private static Path data(Path folder) throws Exception {
    Path promtool = Promtool.program("promtool");
    Path scrapes = folder.resolve("scrapes.txt");
    Path data = folder.resolve("data");
    new TwelveHours().write(scrapes);
    String said =
        Promtool.run(
            folder,
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "--quiet",
            scrapes.toString(),
            data.toString());
    assertThat(data).as(promtool + " " + said).isNotEmptyDirectory();
    return data;
  }

  private static List<String> names(String rules) {
    return Pattern.compile("- (?:record|alert): (\\S+)")
        .matcher(rules)
        .results()
        .map(match -> match.group(1))
        .toList();
  }

  /** {@return the longest time for which one of the series had a number each minute} */
  private static Duration longest(List<Json> series) {
    long longest = 0;
    for (Json each : series) {
      long begun = 0;
      long last = Long.MIN_VALUE;
      for (Json point : each.at("values").list()) {
        long at = point.list().get(0).number();
        if (!point.list().get(1).toString().equals("NaN")) {
          begun = at - last == 60 ? begun : at;
          last = at;
          longest = Math.max(longest, last - begun + 60);
        }
      }
    }
    return Duration.ofSeconds(longest);
  }

  /** A counter that is born at 1 shows an increase of 0 only: points alone would not do. */
  private static double greatest(List<Json> series) {
    return series.stream()
        .flatMap(each -> each.at("values").list().stream())
        .mapToDouble(point -> Double.parseDouble(point.list().get(1).toString()))
        .filter(value -> !Double.isNaN(value))
        .max()
        .orElse(Double.NEGATIVE_INFINITY);
  }
}
