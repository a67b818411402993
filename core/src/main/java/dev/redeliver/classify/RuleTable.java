package dev.redeliver.classify;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads rules from tab-separated rows, and collects everything that is wrong with them. */
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
          "meaning",
          "advice",
          "source");

  private static final String RESOURCE = "rules.tsv";

  private final MatchedText literals;
  private final List<Rule> rules = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();

  private RuleTable(MatchedText literals) {
    this.literals = literals;
  }

  static List<Rule> builtIn(MatchedText literals) {
    try (InputStream table = RuleTable.class.getResourceAsStream(RESOURCE)) {
      if (table == null) {
        throw new IllegalStateException("resource " + RESOURCE + " is missing");
      }
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(table, StandardCharsets.UTF_8));
      return read(reader.lines().toList(), literals, RESOURCE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return the rows of a file as lines} */
  static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot be read: " + e, e);
    }
  }

  static List<Rule> read(List<String> lines, MatchedText literals, String name) {
    RuleTable table = new RuleTable(literals);
    boolean header = true;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      if (header) {
        table.readHeader(line, i + 1);
        header = false;
      } else {
        table.readRow(line, i + 1);
      }
    }
    if (!table.errors.isEmpty()) {
      throw new IllegalArgumentException(
          name + ": " + String.join(System.lineSeparator(), table.errors));
    }
    return table.rules;
  }

  private void readHeader(String line, int number) {
    if (!Arrays.asList(line.split("\t", -1)).equals(COLUMNS)) {
      errors.add("line " + number + ": the header is not: " + String.join(", ", COLUMNS));
    }
  }

  private void readRow(String line, int number) {
    String[] cells = line.split("\t", -1);
    if (cells.length != COLUMNS.size()) {
      errors.add("line " + number + ": has " + cells.length + " columns, not " + COLUMNS.size());
      return;
    }
    try {
      rules.add(rule(cells));
    } catch (IllegalArgumentException e) {
      errors.add("line " + number + " (" + cells[0] + "): " + e.getMessage());
    }
  }

  private Rule rule(String[] cells) {
    if (!cells[0].matches("[a-z0-9][a-z0-9.-]*") || !ids.add(cells[0])) {
      throw new IllegalArgumentException(
          "id '" + cells[0] + "' is not unique, or not of a-z, 0-9, '.' and '-'");
    }
    Codes codes = Codes.parse(cells[2], cells[3]);
    Optional<MailboxProvider> provider =
        cells[5].equals("*")
            ? Optional.empty()
            : Optional.of(
                oneOf("provider", cells[5], MailboxProvider.values(), MailboxProvider::token));
    Cause cause = oneOf("cause", cells[6], Cause.values(), Cause::token);
    Rule rule =
        new Rule(
            cells[0],
            stages(cells[1]),
            codes,
            cells[4].equals("*") ? Optional.empty() : Optional.of(Phrase.parse(cells[4], literals)),
            provider,
            cause,
            oneOf("scope", cells[7], Scope.values(), RuleTable::token),
            oneOf("lane", cells[8], Lane.values(), Lane::token),
            cells[9].equals("*")
                ? Optional.empty()
                : Optional.of(oneOf("handling", cells[9], Handling.values(), RuleTable::token)),
            filled("meaning", cells[10]),
            filled("advice", cells[11]),
            filled("source", cells[12]));
    refuseFailingTransient(rule);
    return rule;
  }

  /** RFC 5321 section 4.2.1: the first digit decides, and 4yz asks to try again. */
  private static void refuseFailingTransient(Rule rule) {
    boolean fails = rule.handling().filter(Handling.FAIL::equals).isPresent();
    if (fails && rule.codes().canMatchClass(4)) {
      throw new IllegalArgumentException("handling 'fail' on a rule that can match a 4yz reply");
    }
  }

  private static Set<String> stages(String cell) {
    Set<String> stages = new TreeSet<>();
    if (!cell.equals("*")) {
      for (String stage : cell.split(",", -1)) {
        stages.add(stage.strip());
      }
      for (String stage : stages) {
        if (!ReplyClassifier.STAGE_TOKENS.contains(stage)) {
          throw new IllegalArgumentException(
              "stage '"
                  + stage
                  + "' is not one of: "
                  + String.join(", ", new TreeSet<>(ReplyClassifier.STAGE_TOKENS)));
        }
      }
    }
    return stages;
  }

  private static String filled(String column, String cell) {
    if (cell.isBlank()) {
      throw new IllegalArgumentException(column + " is empty");
    }
    return cell.strip();
  }

  private static String token(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static <T> T oneOf(String column, String cell, T[] values, Function<T, String> token) {
    return Arrays.stream(values)
        .filter(value -> token.apply(value).equals(cell))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    column
                        + " '"
                        + cell
                        + "' is not one of: "
                        + Arrays.stream(values).map(token).collect(Collectors.joining(", "))));
  }
}
