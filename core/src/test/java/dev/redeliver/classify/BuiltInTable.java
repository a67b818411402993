package dev.redeliver.classify;

import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The built-in rules with their cells, for tests that go through all of them. */
final class BuiltInTable {
  private BuiltInTable() {}

  /** A row of the table; its rule may differ in nothing but form. */
  record Row(String id, Map<String, String> cells) {
    String get(String column) {
      return cells.getOrDefault(column, Table.DEFAULT);
    }

    boolean has(String column) {
      return !get(column).equals(Table.DEFAULT);
    }
  }

  /** A reply, with the stage that it answers if that is said. */
  record Example(@Nullable SmtpStage stage, SmtpReply reply, String text) {
    static Example parse(String text) {
      int colon = text.indexOf(": ");
      Optional<SmtpStage> stage = colon < 0 ? Optional.empty() : stage(text.substring(0, colon));
      String reply = stage.isPresent() ? text.substring(colon + 2) : text;
      return new Example(stage.orElse(null), SmtpReply.parse(reply.replace("\\n", "\n")), reply);
    }

    private static Optional<SmtpStage> stage(String token) {
      return Arrays.stream(SmtpStage.values())
          .filter(stage -> Stages.token(stage).equals(token.toLowerCase(Locale.ROOT)))
          .findFirst();
    }
  }

  /** {@return the rows by id, in the order of the table} */
  static Map<String, Row> rows() {
    Map<String, Row> rows = new LinkedHashMap<>();
    Table.read(
        "rules.tsv",
        Table.resource("rules.tsv"),
        RuleTable.COLUMNS,
        List.of("id"),
        row -> {
          Map<String, String> cells = new LinkedHashMap<>();
          RuleTable.COLUMNS.forEach(column -> cells.put(column, row.get(column)));
          rows.put(row.get("id"), new Row(row.get("id"), cells));
        });
    return rows;
  }

  /** {@return the rules in the order of precedence} */
  static List<Rule> rules() {
    return ReplyClassifier.standard().rules();
  }

  static List<Example> examples(Rule rule) {
    return rule.examples().stream().map(Example::parse).toList();
  }

  /** {@return all stages, and null for a stage that is not known} */
  static List<@Nullable SmtpStage> stages() {
    List<@Nullable SmtpStage> stages = new ArrayList<>(Arrays.asList(SmtpStage.values()));
    stages.add(0, null);
    return stages;
  }
}
