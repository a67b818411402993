package dev.redeliver.classify;

import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The built-in rules with their cells, for tests that go through all of them. */
final class BuiltInTable {
  /** No number of a status is registered here, so a rule for all of them must take it. */
  static final int UNUSED = 998;

  private static final Map<String, Row> ROWS = rows();

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

  /** {@return a reply with codes that a rule names, and which it decides, if there is one} */
  static Optional<Example> replyOfCodes(Rule rule) {
    Row row = ROWS.get(rule.id());
    if (row == null) {
      throw new AssertionError(rule.id());
    }
    for (int code : codes(row)) {
      for (String status : statuses(row, code)) {
        String text = ((code == 0 ? "" : code + " ") + status).strip();
        SmtpReply reply = SmtpReply.parse(text + " text");
        for (SmtpStage stage : stages()) {
          if (ReplyClassifier.standard().classify(stage, reply).ruleId().equals(rule.id())) {
            return Optional.of(new Example(stage, reply, text));
          }
        }
      }
    }
    return Optional.empty();
  }

  /** {@return all basic codes that a row names} */
  private static Set<Integer> codes(Row row) {
    Set<Integer> codes = new TreeSet<>();
    String cell = row.has("basic") ? row.get("basic") : "0,1,2,3,4,5";
    for (String prefix : cell.split(",", -1)) {
      for (int code = 0; code < 600; code = code == 0 ? 100 : code + 1) {
        if (Integer.toString(code).startsWith(prefix.strip())) {
          codes.add(code);
        }
      }
    }
    // The customary codes first, so that made-up replies look like real ones.
    Set<Integer> ordered = new LinkedHashSet<>(List.of(250, 451, 450, 550, 554));
    ordered.retainAll(codes);
    ordered.addAll(codes);
    return ordered;
  }

  /** {@return statuses that a row names; for those it leaves open, one that nobody has} */
  private static Set<String> statuses(Row row, int code) {
    Set<String> statuses = new LinkedHashSet<>();
    if (!row.has("enhanced") || row.get("enhanced").equals("-")) {
      statuses.add("");
    }
    String cell = row.has("enhanced") ? row.get("enhanced") : "*.*.*";
    List<Integer> digits = code == 0 ? List.of(2, 4, 5) : List.of(code / 100);
    for (String status : cell.split(",", -1)) {
      for (int digit : digits) {
        statuses.add(
            status
                .strip()
                .replaceFirst("^[*]", Integer.toString(digit))
                .replaceFirst("[.][*][.]", ".9.")
                .replaceFirst("[.][*]$", "." + UNUSED)
                .replaceFirst("-\\d+$", ""));
      }
    }
    statuses.remove("-");
    return statuses;
  }

  /** {@return each fault and each local problem} */
  static List<SmtpFailure> faults() {
    List<SmtpFailure> faults = new ArrayList<>();
    for (SmtpFailure.Fault fault : SmtpFailure.Fault.values()) {
      faults.add(new SmtpFailure.Disconnected(SmtpStage.MAIL, fault, ""));
    }
    for (SmtpFailure.Problem problem : SmtpFailure.Problem.values()) {
      faults.add(new SmtpFailure.Local(SmtpStage.MAIL, problem, ""));
    }
    return faults;
  }
}
