package dev.redeliver.metrics;

import static dev.redeliver.metrics.Events.ANN;
import static dev.redeliver.metrics.Events.accepted;
import static dev.redeliver.metrics.Events.attempt;
import static dev.redeliver.metrics.Events.delivery;
import static dev.redeliver.metrics.Events.policy;
import static dev.redeliver.metrics.Events.report;
import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.classify.Cause;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.delivery.SenderStatus;
import dev.redeliver.reputation.DestinationStatus;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
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
    Set<String> scraped = scrape();
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
    String scraped = String.join("\n", scrape());
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

  private static Set<String> scrape() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    RedeliverMetrics metrics = RedeliverMetrics.boundTo(registry, policy("shop"));
    metrics.senderOpened(
        () ->
            new SenderStatus(
                1,
                1,
                1,
                Optional.empty(),
                Arrays.stream(RelayStatus.State.values())
                    .map(PrometheusRulesTest::relay)
                    .toList()));
    metrics.handoverRejected("full");
    Supplier<List<DestinationStatus>> guard = List::of;
    metrics.guardOpened(guard);
    metrics.attemptFinished(attempt(1, Duration.ofSeconds(1), accepted(ANN)));
    metrics.attemptFinished(attempt(2, Duration.ofSeconds(1), accepted(ANN)));
    for (Outcome outcome : Outcome.values()) {
      metrics.deliveryFinished(
          delivery(Duration.ofSeconds(1), report(ANN, outcome, 1, accepted(ANN))));
    }
    metrics.connectionFailed(Events.connection(Cause.TLS, false));
    return new TreeSet<>(registry.scrape().lines().toList());
  }

  private static RelayStatus relay(RelayStatus.State state) {
    return new RelayStatus(1, "mx.example.org", state, 1, 1, Optional.empty(), Optional.empty());
  }
}
