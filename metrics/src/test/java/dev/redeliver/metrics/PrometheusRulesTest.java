package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The rules for Prometheus: they are about meters that exist, they fire, and each has a runbook.
 */
class PrometheusRulesTest {
  private static final Path RULES =
      Path.of("src/main/resources/META-INF/redeliver/prometheus/rules.yml");
  private static final Path TESTS = Path.of("src/test/resources/prometheus/rules-test.yml");
  private static final Path RUNBOOKS = Path.of("../docs/runbooks");
  private static final Pattern ALERT = Pattern.compile("- alert: (\\w+)");
  private static final Pattern METRIC = Pattern.compile("(?<![:\\w])redeliver_[a-z_]+");
  private static final Pattern PROMQL = Pattern.compile("```promql\n(.*?)```", Pattern.DOTALL);
  private static final Pattern MATCHER = Pattern.compile("\\b([a-z]+)(?:=|=~|!=)\"([^\"{}]+)\"");

  @Test
  void rules_areWellFormed(@TempDir Path folder) throws Exception {
    assertThat(Promtool.run(folder, "check", "rules", RULES.toString())).contains("SUCCESS");
  }

  @Test
  void everyAlert_firesAndResolves(@TempDir Path folder) throws Exception {
    assertThat(Promtool.run(folder, "test", "rules", TESTS.toString())).contains("SUCCESS");

    String tests = Files.readString(TESTS);
    for (String alert : alerts()) {
      assertThat(expected(tests, alert)).as(alert).startsWith("0").contains("1").endsWith("0");
    }
  }

  /** {@return how many alerts of a name the tests expect, one digit after the other} */
  private static String expected(String tests, String alert) {
    Pattern value =
        Pattern.compile(
            "alertname=\"" + alert + "\",[^\n]*\n[^\n]*\n *exp_samples: [^\n]*value: (\\d)");
    return value
        .matcher(tests)
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.joining());
  }

  @Test
  void everyAlert_hasItsRunbook() throws IOException {
    try (Stream<Path> pages = Files.list(RUNBOOKS)) {
      assertThat(pages.map(page -> page.getFileName().toString().replace(".md", "")))
          .containsExactlyInAnyOrderElementsOf(alerts());
    }
    for (String alert : alerts()) {
      assertThat(Files.readString(RULES)).contains("docs/runbooks/" + alert + ".md");
      assertThat(Files.readString(RUNBOOKS.resolve(alert + ".md")))
          .startsWith("# " + alert + "\n")
          .contains("## Look", "## Do", "## Ends");
    }
  }

  @Test
  void everyExpression_isAboutMetersThatExist() throws IOException {
    Set<String> scraped = Scrape.lines();
    List<String> texts = new ArrayList<>(List.of(Files.readString(RULES)));
    for (String alert : alerts()) {
      Matcher promql = PROMQL.matcher(Files.readString(RUNBOOKS.resolve(alert + ".md")));
      assertThat(promql.find()).as(alert).isTrue();
      texts.add(promql.group(1));
    }
    for (String text : texts) {
      assertThat(METRIC.matcher(text).results().map(match -> match.group()))
          .allSatisfy(name -> assertThat(scraped).anyMatch(line -> line.matches(name + "[{ ].*")));
    }
  }

  /** A label's value that nothing has would make a rule silent for ever. */
  @Test
  void everyLabel_hasAValueThatExists() throws IOException {
    String scraped = String.join("\n", Scrape.lines());
    Matcher labels = MATCHER.matcher(Files.readString(RULES));
    int count = 0;
    while (labels.find()) {
      for (String value : labels.group(2).split("\\|", -1)) {
        assertThat(scraped).contains(labels.group(1) + "=\"" + value + "\"");
        count++;
      }
    }
    assertThat(count).isGreaterThan(10);
  }

  private static List<String> alerts() throws IOException {
    return ALERT.matcher(Files.readString(RULES)).results().map(match -> match.group(1)).toList();
  }
}
