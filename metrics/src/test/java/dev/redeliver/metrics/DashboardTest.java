package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard is sound, and asks for what is there. Whether it shows points: TwelveHoursTest. */
class DashboardTest {
  private static final Pattern SELECTOR = Pattern.compile("(redeliver_[a-z_]+)\\{([^}]*)}");
  private static final Pattern METRIC = Pattern.compile("redeliver_[a-z_]+");
  private static final Pattern LABEL = Pattern.compile("(\\w+)(?:=~|!=|=)\"([^\"]*)\"");
  private static final Pattern BY = Pattern.compile("\\bby \\(([^)]*)\\)");
  private static final Pattern RANGE = Pattern.compile("\\[([^]]*)]");
  private static final Pattern LEGEND = Pattern.compile("\\{\\{(\\w+)}}");
  private static final Pattern SAMPLE = Pattern.compile("(redeliver_[a-z_]+)\\{(.*)} [^ ]+");

  private final Dashboard dashboard;

  DashboardTest() throws IOException {
    dashboard = Dashboard.read();
  }

  @Test
  void rows_areTheOperatorsQuestions() {
    assertThat(dashboard.panels().stream().filter(Dashboard.Panel::isRow))
        .extracting(row -> row.text("title"))
        .containsExactly(
            "Am I blocked?", "Is mail getting out?", "Retries", "Backlog and safety", "Outbox");
    assertThat(dashboard.json().at("schemaVersion").number()).isEqualTo(42);
    assertThat(dashboard.json().at("templating", "list").list())
        .extracting(variable -> variable.at("name").toString())
        .containsExactly("datasource", "job", "mailer");
  }

  @Test
  void layout_isSound() {
    List<Dashboard.Panel> panels = dashboard.panels();
    assertThat(panels).extracting(Dashboard.Panel::id).doesNotHaveDuplicates();
    for (Dashboard.Panel panel : panels) {
      String title = panel.text("title");
      assertThat(panel.place("x")).as(title).isNotNegative();
      assertThat(panel.place("x") + panel.place("w")).as(title).isLessThanOrEqualTo(24);
      assertThat(panels.stream().filter(panel::overlaps)).as(title).containsExactly(panel);
    }
  }

  @Test
  void everyPanel_saysWhatItShowsAndInWhichUnit() {
    for (Dashboard.Panel panel : dashboard.panels()) {
      if (!panel.isRow()) {
        assertThat(panel.text("description")).as(panel.text("title")).endsWith(".");
        assertThat(panel.text("fieldConfig", "defaults", "unit"))
            .isIn("short", "s", "percentunit", "cps");
        assertThat(panel.text("datasource", "uid")).isEqualTo("${datasource}");
        assertThat(panel.targets()).isNotEmpty();
      }
    }
  }

  @Test
  void everyExpression_followsTheVariablesAndTheResolution() {
    for (Dashboard.Target target : dashboard.targets()) {
      assertThat(RANGE.matcher(target.expr()).results().map(match -> match.group(1)))
          .as(target.expr())
          .allMatch("$__rate_interval"::equals);
      assertThat(METRIC.matcher(target.expr()).results().count())
          .as(target.expr())
          .isPositive()
          .isEqualTo(
              SELECTOR
                  .matcher(target.expr())
                  .results()
                  .filter(selector -> selector.group(2).contains("job=~\"$job\""))
                  .filter(selector -> selector.group(2).contains("mailer=~\"$mailer\""))
                  .count());
    }
  }

  @Test
  void everyMetricAndLabel_isInOurScrape() {
    Map<String, Map<String, Set<String>>> scraped = scraped();
    for (Dashboard.Target target : dashboard.targets()) {
      String expr = target.expr();
      Set<String> grouped = new TreeSet<>();
      BY.matcher(expr)
          .results()
          .flatMap(by -> Pattern.compile(", ").splitAsStream(by.group(1)))
          .forEach(grouped::add);
      for (MatchResult selector : SELECTOR.matcher(expr).results().toList()) {
        assertThat(scraped).as(expr).containsKey(selector.group(1));
        Map<String, Set<String>> labels = scraped.getOrDefault(selector.group(1), Map.of());
        assertThat(labels.keySet()).as(expr).containsAll(grouped);
        LABEL.matcher(selector.group(2)).results().forEach(label -> known(label, labels));
      }
      assertThat(LEGEND.matcher(target.legend()).results().map(match -> match.group(1)))
          .as(target.legend())
          .isSubsetOf(grouped);
    }
  }

  private static void known(MatchResult label, Map<String, Set<String>> labels) {
    assertThat(labels).containsKey(label.group(1));
    if (!label.group(2).startsWith("$")) {
      assertThat(labels.get(label.group(1))).contains(label.group(2).split("\\|", -1));
    }
  }

  /** {@return the values of the labels of every metric; Prometheus itself adds the job} */
  private static Map<String, Map<String, Set<String>>> scraped() {
    Map<String, Map<String, Set<String>>> metrics = new HashMap<>();
    for (String line : Scrape.lines()) {
      SAMPLE
          .matcher(line)
          .results()
          .forEach(
              sample -> {
                Map<String, Set<String>> labels =
                    metrics.computeIfAbsent(sample.group(1), unused -> new HashMap<>());
                labels.computeIfAbsent("job", unused -> new TreeSet<>());
                LABEL
                    .matcher(sample.group(2))
                    .results()
                    .forEach(
                        label ->
                            labels
                                .computeIfAbsent(label.group(1), unused -> new TreeSet<>())
                                .add(label.group(2)));
              });
    }
    return metrics;
  }

  @Test
  void promtool_acceptsEveryExpression(@TempDir Path folder) throws Exception {
    StringBuilder rules = new StringBuilder("groups:\n  - name: dashboard\n    rules:\n");
    for (Dashboard.Target target : dashboard.targets()) {
      rules.append("      - record: ").append(target.name()).append("\n        expr: |-\n");
      rules.append("          ").append(target.query()).append('\n');
    }
    Path file = Files.writeString(folder.resolve("rules.yml"), rules);

    assertThat(Promtool.run(folder, "check", "rules", file.toString()))
        .contains("SUCCESS: " + dashboard.targets().size() + " rules found");
  }
}
