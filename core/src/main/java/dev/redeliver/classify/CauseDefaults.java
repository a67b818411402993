package dev.redeliver.classify;

import dev.redeliver.smtp.Severity;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What rules of a cause say unless they say otherwise: the resource {@code causes.tsv}. */
record CauseDefaults(
    Scope scope, Lane lane, boolean alert, Severity codeless, String meaning, String advice) {
  private static final String NAME = "causes.tsv";
  private static final List<String> COLUMNS =
      List.of("cause", "scope", "lane", "alert", "codeless", "meaning", "advice");
  private static final Map<Cause, CauseDefaults> ALL = new EnumMap<>(Cause.class);

  static {
    Table.read(NAME, Table.resource(NAME), COLUMNS, COLUMNS, CauseDefaults::add);
  }

  private static void add(Table.Row row) {
    CauseDefaults defaults =
        new CauseDefaults(
            Cells.oneOf(row, "scope", Scope.values(), Cells::token),
            Cells.oneOf(row, "lane", Lane.values(), Lane::token),
            Cells.yesOrNo(row, "alert"),
            Cells.oneOf(row, "codeless", Severity.values(), Cells::token),
            row.get("meaning"),
            row.get("advice"));
    ALL.put(Cells.oneOf(row, "cause", Cause.values(), Cause::token), defaults);
  }

  static CauseDefaults of(Cause cause) {
    CauseDefaults defaults = ALL.get(cause);
    if (defaults == null) {
      throw new IllegalStateException(NAME + " has no row for " + cause.token());
    }
    return defaults;
  }
}
