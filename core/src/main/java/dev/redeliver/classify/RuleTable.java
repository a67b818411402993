package dev.redeliver.classify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads rules from rows. Not thread-safe: one for each table. */
final class RuleTable {
  static final List<String> COLUMNS =
      List.of(
          "id",
          "stage",
          "basic",
          "enhanced",
          "phrase",
          "provider",
          "cause",
          "scope",
          "lane",
          "handling",
          "alert",
          "meaning",
          "advice",
          "source",
          "example");

  private static final List<String> REQUIRED = List.of("id", "cause");
  private static final String BUILT_IN = "rules.tsv";
  private static final String WORD_LISTS = "words.tsv";
  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9.-]*");

  /** The word that lets a 5yz be read as if it were a 4yz. */
  private static final String TRANSIENT = "transient";

  private final String name;
  private final Vocabulary vocabulary;
  private final boolean trusted;
  private final List<Rule> rules = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();

  private RuleTable(String name, Vocabulary vocabulary, boolean trusted) {
    this.name = name;
    this.vocabulary = vocabulary;
    this.trusted = trusted;
  }

  /** Adds the lists of words to a vocabulary. */
  static void defineLists(Vocabulary vocabulary) {
    List<String> columns = List.of("name", "words");
    Table.read(
        WORD_LISTS,
        Table.resource(WORD_LISTS),
        columns,
        columns,
        row -> guarded("words", () -> define(vocabulary, row)));
  }

  private static boolean define(Vocabulary vocabulary, Table.Row row) {
    vocabulary.define(row.get("name"), row.get("words"));
    return true;
  }

  static List<Rule> builtIn(Vocabulary vocabulary) {
    return new RuleTable(BUILT_IN, vocabulary, false).read(Table.resource(BUILT_IN));
  }

  /** {@return the rules of a user's table} */
  static List<Rule> ofUser(String name, List<String> lines, Vocabulary vocabulary) {
    return new RuleTable(name, vocabulary, true).read(lines);
  }

  private List<Rule> read(List<String> lines) {
    Table.read(name, lines, COLUMNS, REQUIRED, row -> rules.add(rule(row)));
    return rules;
  }

  private Rule rule(Table.Row row) {
    Cause cause = Cells.oneOf(row, "cause", Cause.values(), Cause::token);
    CauseDefaults defaults = CauseDefaults.of(cause);
    boolean readAsTransient = trusted && row.get("handling").equals(TRANSIENT);
    Rule rule =
        new Rule(
            id(row.get("id")),
            name + " line " + row.line(),
            Stages.parse(row.get("stage")),
            Codes.parse(row.get("basic"), row.get("enhanced")),
            phrase(row),
            provider(row),
            cause,
            row.isDefault("scope")
                ? defaults.scope()
                : Cells.oneOf(row, "scope", Scope.values(), Cells::token),
            row.isDefault("lane")
                ? defaults.lane()
                : Cells.oneOf(row, "lane", Lane.values(), Lane::token),
            readAsTransient ? Optional.of(Handling.RETRY) : handling(row),
            readAsTransient,
            row.isDefault("alert") ? defaults.alert() : Cells.yesOrNo(row, "alert"),
            row.isDefault("meaning") ? defaults.meaning() : row.get("meaning"),
            row.isDefault("advice") ? defaults.advice() : row.get("advice"),
            row.isDefault("source") ? name : row.get("source"),
            examples(row));
    refuseFailingTransient(rule);
    return rule;
  }

  private String id(String id) {
    if (!ID.matcher(id).matches()) {
      throw new Table.BadCell("id", "'" + id + "' is not of a-z, 0-9, '.' and '-'");
    }
    if (!ids.add(id)) {
      throw new Table.BadCell("id", "'" + id + "' stands twice");
    }
    return id;
  }

  private Optional<Phrase> phrase(Table.Row row) {
    return row.isDefault("phrase")
        ? Optional.empty()
        : Optional.of(guarded("phrase", () -> Phrase.parse(row.get("phrase"), vocabulary)));
  }

  private static <T> T guarded(String column, java.util.function.Supplier<T> reader) {
    try {
      return reader.get();
    } catch (IllegalArgumentException e) {
      throw new Table.BadCell(column, String.valueOf(e.getMessage()));
    }
  }

  private static Optional<MailboxProvider> provider(Table.Row row) {
    if (row.isDefault("provider")) {
      return Optional.empty();
    }
    MailboxProvider[] all = MailboxProvider.all().toArray(MailboxProvider[]::new);
    return Optional.of(Cells.oneOf(row, "provider", all, MailboxProvider::token));
  }

  private static Optional<Handling> handling(Table.Row row) {
    return row.isDefault("handling")
        ? Optional.empty()
        : Optional.of(Cells.oneOf(row, "handling", Handling.values(), Cells::token));
  }

  private static List<String> examples(Table.Row row) {
    return row.isDefault("example")
        ? List.of()
        : Arrays.stream(row.get("example").split("\\|\\|", -1)).map(String::strip).toList();
  }

  /** RFC 5321 section 4.2.1: the first digit decides, and 4yz asks to try again. */
  private static void refuseFailingTransient(Rule rule) {
    boolean fails = rule.handling().filter(Handling.FAIL::equals).isPresent();
    if (fails && rule.codes().canMatchClass(4)) {
      throw new Table.BadCell("handling", "'fail' on a rule that can match a 4yz reply");
    }
  }
}
