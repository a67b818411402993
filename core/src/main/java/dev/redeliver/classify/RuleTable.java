package dev.redeliver.classify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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
  static final String TRANSIENT = "transient";

  /** Ids of built-in rules never begin so. */
  static final String OWN = "own.";

  /** Basic codes of replies that refuse, and none at all. */
  private static final String FAILURES = "4,5,0";

  private final String name;
  private final Vocabulary vocabulary;
  private final boolean own;
  private final Set<String> taken;
  private final List<Rule> rules = new ArrayList<>();
  private final Map<String, Integer> lineOfId = new HashMap<>();

  private RuleTable(String name, Vocabulary vocabulary, boolean own, Set<String> taken) {
    this.name = name;
    this.vocabulary = vocabulary;
    this.own = own;
    this.taken = taken;
  }

  /** Adds the lists of words to a vocabulary. */
  static void defineLists(Vocabulary vocabulary) {
    List<String> columns = List.of("name", "words");
    Table.read(
        WORD_LISTS,
        Table.resource(WORD_LISTS),
        columns,
        columns,
        row -> row.check("words", () -> vocabulary.define(row.get("name"), row.get("words"))));
  }

  static List<Rule> builtIn(Vocabulary vocabulary) {
    return new RuleTable(BUILT_IN, vocabulary, false, Set.of()).read(Table.resource(BUILT_IN));
  }

  /**
   * {@return the rules of a user's table}
   *
   * @param builtIn the rules whose ids are taken
   */
  static List<Rule> ofUser(
      String name, List<String> lines, Vocabulary vocabulary, List<Rule> builtIn) {
    Set<String> taken = builtIn.stream().map(Rule::id).collect(Collectors.toSet());
    vocabulary.limit();
    return new RuleTable(name, vocabulary, true, taken).read(lines);
  }

  private List<Rule> read(List<String> lines) {
    Table.read(name, lines, COLUMNS, REQUIRED, this::add);
    return rules;
  }

  private void add(Table.Row row) {
    Rule rule = rule(row);
    if (!row.isBad()) {
      check(rule, row);
    }
    if (!row.isBad()) {
      rules.add(rule);
    }
  }

  private Rule rule(Table.Row row) {
    String id = row.read("id", "", () -> id(row));
    Cause cause = row.read("cause", Cause.OTHER, () -> cause(row));
    CauseDefaults defaults = CauseDefaults.of(cause);
    return new Rule(
        id,
        name + " line " + row.line(),
        own,
        new Rule.Conditions(written(row, "stage"), written(row, "basic"), written(row, "enhanced")),
        row.read("stage", Stages.parse(Table.DEFAULT), () -> Stages.parse(row.get("stage"))),
        codes(row, cause),
        row.read("phrase", Optional.empty(), () -> phrase(row)),
        row.read("provider", Optional.empty(), () -> provider(row)),
        cause,
        row.isDefault("scope")
            ? defaults.scope()
            : row.read(
                "scope",
                defaults.scope(),
                () -> Cells.oneOf(row, "scope", Scope.values(), Cells::token)),
        row.isDefault("lane")
            ? defaults.lane()
            : row.read("lane", defaults.lane(), () -> lane(row)),
        row.read("handling", Optional.empty(), () -> handling(row)),
        own && row.get("handling").equals(TRANSIENT),
        row.isDefault("alert")
            ? defaults.alert()
            : row.read("alert", false, () -> Cells.yesOrNo(row, "alert")),
        row.isDefault("meaning") ? defaults.meaning() : row.get("meaning"),
        row.isDefault("advice") ? defaults.advice() : row.get("advice"),
        row.isDefault("source") ? name : row.get("source"),
        examples(row));
  }

  private static Optional<String> written(Table.Row row, String column) {
    return row.isDefault(column) ? Optional.empty() : Optional.of(row.get(column));
  }

  /** A user who names no code means replies that refuse. */
  private Codes codes(Table.Row row, Cause cause) {
    String any = own && cause != Cause.SUCCESS ? FAILURES : Table.DEFAULT;
    String basic = row.isDefault("basic") ? any : row.get("basic");
    row.check("basic", () -> Codes.parse(basic, Table.DEFAULT));
    row.check("enhanced", () -> Codes.parse(Table.DEFAULT, row.get("enhanced")));
    return row.isBad()
        ? Codes.parse(Table.DEFAULT, Table.DEFAULT)
        : Codes.parse(basic, row.get("enhanced"));
  }

  private static Cause cause(Table.Row row) {
    if (row.isDefault("cause")) {
      throw new Table.BadCell("cause", "is missing: every rule has one");
    }
    return Cells.oneOf(row, "cause", Cause.values(), Cause::token);
  }

  private String id(Table.Row row) {
    String id = row.get("id");
    if (row.isDefault("id")) {
      throw new Table.BadCell("id", "is missing: every rule has one of its own");
    }
    if (!ID.matcher(id).matches()) {
      throw new Table.BadCell("id", "'" + id + "' is not of a-z, 0-9, '.' and '-'");
    }
    if (taken.contains(id)) {
      throw new Table.BadCell(
          "id", "'" + id + "' is a built-in rule. Choose another, such as '" + OWN + id + "'");
    }
    if (own && !id.startsWith(OWN)) {
      throw new Table.BadCell(
          "id",
          "'"
              + id
              + "' does not begin with '"
              + OWN
              + "', as every rule of your own must. Write '"
              + OWN
              + id
              + "'");
    }
    Integer first = lineOfId.putIfAbsent(id, row.line());
    if (first != null) {
      throw new Table.BadCell("id", "'" + id + "' stands twice, first on line " + first);
    }
    return id;
  }

  private Optional<Phrase> phrase(Table.Row row) {
    return row.isDefault("phrase")
        ? Optional.empty()
        : Optional.of(Phrase.parse(row.get("phrase"), vocabulary));
  }

  private Lane lane(Table.Row row) {
    Lane lane = Cells.oneOf(row, "lane", Lane.values(), Lane::token);
    if (own && lane == Lane.IMMEDIATE) {
      throw new Table.BadCell(
          "lane",
          "'"
              + lane.token()
              + "' is no schedule of a later try. For a try at once write reconnect or resume in"
              + " column handling");
    }
    return lane;
  }

  private static Optional<MailboxProvider> provider(Table.Row row) {
    if (row.isDefault("provider")) {
      return Optional.empty();
    }
    String cell = row.get("provider");
    if (cell.equals(MailboxProvider.OTHER.token())) {
      throw new Table.BadCell(
          "provider", "'" + cell + "' is nobody in particular. Write * for everybody");
    }
    Optional<MailboxProvider> meant = MailboxProvider.known(cell);
    if (meant.isPresent() && !meant.get().token().equals(cell)) {
      throw new Table.BadCell("provider", Cells.unknown(cell, meant.get().token()));
    }
    MailboxProvider[] all =
        MailboxProvider.all().stream()
            .filter(provider -> !provider.equals(MailboxProvider.OTHER))
            .toArray(MailboxProvider[]::new);
    return Optional.of(Cells.oneOf(row, "provider", all, MailboxProvider::token));
  }

  private Optional<Handling> handling(Table.Row row) {
    if (row.isDefault("handling")) {
      return Optional.empty();
    }
    List<String> words = new ArrayList<>();
    for (Handling handling : Handling.values()) {
      if (handling != Handling.PROCEED) {
        words.add(Cells.token(handling));
      }
    }
    if (own) {
      words.add(TRANSIENT);
    }
    String word = Cells.oneOf(row, "handling", words.toArray(String[]::new), Function.identity());
    return Optional.of(
        word.equals(TRANSIENT) ? Handling.RETRY : Handling.valueOf(word.toUpperCase(Locale.ROOT)));
  }

  private static List<String> examples(Table.Row row) {
    return row.isDefault("example")
        ? List.of()
        : Arrays.stream(row.get("example").split("\\|\\|", -1)).map(String::strip).toList();
  }

  /** What each column alone allows, and all together do not. */
  private static void check(Rule rule, Table.Row row) {
    if (rule.stages().haveFaults()) {
      checkFault(rule, row);
    }
    if (rule.stages().areOfReplies()) {
      checkHandling(rule, row);
    }
    if (!rule.codes().canMatch()) {
      row.note(
          new Table.BadCell(
              "enhanced",
              "no reply can match: a status counts only if its class agrees with the basic code"));
    }
    if (rule.own()
        && rule.cause() == Cause.SUCCESS
        && (rule.codes().canMatchClass(4) || rule.codes().canMatchClass(5))) {
      row.note(
          new Table.BadCell(
              "cause",
              "'success' on a rule that can match a 4yz or 5yz reply, which refuses. Write 2 or 3"
                  + " in column basic"));
    }
    if (row.isComplete() && rule.own() && decidesAll(rule)) {
      row.note(
          rule.conditions().basic().isEmpty()
              ? new Table.BadCell(
                  "phrase",
                  "the rule would decide every reply. Give it a phrase, a code, a provider or a"
                      + " stage")
              : new Table.BadCell(
                  "basic",
                  "the rule would decide every reply that refuses. Give it a phrase, a status, a"
                      + " provider or a stage, or fewer codes"));
    }
  }

  private static boolean decidesAll(Rule rule) {
    return rule.asksForCodesOnly()
        && rule.conditions().enhanced().isEmpty()
        && rule.conditions().stage().isEmpty()
        && rule.codes().coverClass(4)
        && rule.codes().coverClass(5);
  }

  private static void checkHandling(Rule rule, Table.Row row) {
    if (fails(rule) && rule.codes().canMatchClass(4)) {
      row.note(
          new Table.BadCell(
              "handling",
              "'fail' on a rule that can match a 4yz reply, which asks to try again (RFC 5321"
                  + " section 4.2.1). Write 5 in column basic"));
    }
    if (rule.readAsTransient() && !rule.codes().canMatchClass(5)) {
      row.note(
          new Table.BadCell(
              "handling", "'" + TRANSIENT + "' on a rule that can match no 5yz reply"));
    }
  }

  private static void checkFault(Rule rule, Table.Row row) {
    boolean noCode = !rule.own() || row.isDefault("basic");
    if (!(rule.asksForCodesOnly() && noCode && row.isDefault("enhanced"))) {
      row.note(
          new Table.BadCell(
              "stage",
              "a fault or a local problem has no reply: no phrase, code, status or provider"));
    }
    if (fails(rule) && rule.stages().haveLostConnections()) {
      row.note(
          new Table.BadCell(
              "handling", "'fail' on a fault, which is always transient: nobody refused anything"));
    }
    if (rule.readAsTransient()) {
      row.note(
          new Table.BadCell(
              "handling",
              "'"
                  + TRANSIENT
                  + "' is for 5yz replies: a fault is transient anyway, and a local problem"
                  + " lasts until somebody puts it right"));
    }
  }

  private static boolean fails(Rule rule) {
    return rule.handling().filter(Handling.FAIL::equals).isPresent();
  }
}
