package dev.redeliver.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The dashboard for Grafana, as far as tests look at it. */
record Dashboard(Json json, List<Panel> panels) {
  private static final Path FILE =
      Path.of("src/main/resources/META-INF/redeliver/grafana/dashboard.json");

  /** A panel or the title of a row. */
  record Panel(Json json, List<Target> targets) {
    int id() {
      return json.at("id").number();
    }

    boolean isRow() {
      return text("type").equals("row");
    }

    String text(String... keys) {
      return json.at(keys).toString();
    }

    int place(String key) {
      return json.at("gridPos", key).number();
    }

    boolean overlaps(Panel other) {
      return place("x") < other.place("x") + other.place("w")
          && other.place("x") < place("x") + place("w")
          && place("y") < other.place("y") + other.place("h")
          && other.place("y") < place("y") + place("h");
    }
  }

  /** A query. */
  record Target(String name, String expr, String legend) {
    /** {@return what Grafana would send with every variable at "all", once a minute} */
    String query() {
      return expr.replace("$__rate_interval", "4m").replace("$job", ".*").replace("$mailer", ".*");
    }
  }

  static Dashboard read() throws IOException {
    Json json = Json.parse(Files.readString(FILE));
    return new Dashboard(json, json.at("panels").list().stream().map(Dashboard::panel).toList());
  }

  private static Panel panel(Json panel) {
    String name = "panel_" + panel.at("id").number() + "_";
    return new Panel(
        panel,
        panel.at("targets").list().stream()
            .map(
                target ->
                    new Target(
                        name + target.at("refId"),
                        target.at("expr").toString(),
                        target.at("legendFormat").toString()))
            .toList());
  }

  List<Target> targets() {
    return panels.stream().flatMap(panel -> panel.targets().stream()).toList();
  }
}
