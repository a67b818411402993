package dev.redeliver.benchmarks;

import dev.redeliver.classify.ReplyClassifier;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The phrases of the rule table with their lists written out, for engines other than ours. */
final class Phrases {
  /**
   * A rule with a phrase.
   *
   * @param id names it
   * @param basic its codes and leading digits of codes, or {@code *}
   * @param enhanced its statuses, or {@code *}
   * @param provider who must speak, or {@code *}
   * @param alternatives one of which must hold
   */
  record Row(
      String id, String basic, String enhanced, String provider, List<Alternative> alternatives) {}

  /** The terms that must be in the text, and those that must not, as the table has them. */
  record Alternative(List<String> wanted, List<String> unwanted) {}

  private final Map<String, List<String>> lists = new HashMap<>();
  private final Map<String, List<Alternative>> marks = new HashMap<>();
  private final List<Row> rows = new ArrayList<>();

  Phrases() {
    for (Map<String, String> row : table("words.tsv")) {
      List<String> spellings = new ArrayList<>();
      for (String literal : split(cell(row, "words"), "\\|")) {
        spellings.addAll(spellings(literal));
      }
      lists.put(cell(row, "name"), spellings);
    }
    for (Map<String, String> row : table("providers.tsv")) {
      marks.put(cell(row, "token"), alternatives(cell(row, "marks")));
    }
    List<Row> forEverybody = new ArrayList<>();
    for (Map<String, String> row : table("rules.tsv")) {
      if (!cell(row, "phrase").equals("*")) {
        (cell(row, "provider").equals("*") ? forEverybody : rows).add(row(row));
      }
    }
    rows.addAll(forEverybody);
  }

  /** {@return the rules that have a phrase, in the order of precedence} */
  List<Row> rows() {
    return rows;
  }

  /** {@return the words that tell that a provider speaks} */
  List<Alternative> marks(String provider) {
    return marks.getOrDefault(provider, List.of());
  }

  private Row row(Map<String, String> row) {
    return new Row(
        cell(row, "id"),
        cell(row, "basic"),
        cell(row, "enhanced"),
        cell(row, "provider"),
        alternatives(cell(row, "phrase")));
  }

  private List<Alternative> alternatives(String phrase) {
    List<Alternative> alternatives = new ArrayList<>();
    for (String alternative : split(phrase, "\\|")) {
      List<String> wanted = new ArrayList<>();
      List<String> unwanted = new ArrayList<>();
      for (String term : split(alternative, "&")) {
        if (term.startsWith("!")) {
          unwanted.add(term.substring(1).strip());
        } else {
          wanted.add(term);
        }
      }
      alternatives.add(new Alternative(wanted, unwanted));
    }
    return alternatives;
  }

  /** {@return what may stand for a word of a term: the literals of a list, or the word itself} */
  List<String> choices(String word) {
    return word.startsWith("@") ? lists.getOrDefault(word.substring(1), List.of()) : List.of(word);
  }

  /** {@return a term with every choice of its lists} */
  List<String> spellings(String term) {
    List<String> spellings = List.of("");
    for (String word : split(term, "\\s+")) {
      List<String> longer = new ArrayList<>();
      for (String start : spellings) {
        choices(word).forEach(choice -> longer.add((start + " " + choice).strip()));
      }
      spellings = longer;
    }
    return spellings;
  }

  private static List<String> split(String text, String separator) {
    return Arrays.stream(text.split(separator, -1)).map(String::strip).toList();
  }

  private static String cell(Map<String, String> row, String column) {
    return row.getOrDefault(column, "*");
  }

  private static List<Map<String, String>> table(String name) {
    List<List<String>> lines =
        resource(name)
            .lines()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .map(line -> List.of(line.split("\t", -1)))
            .toList();
    List<Map<String, String>> rows = new ArrayList<>();
    for (List<String> cells : lines.subList(1, lines.size())) {
      Map<String, String> row = new HashMap<>();
      for (int i = 0; i < cells.size(); i++) {
        row.put(lines.get(0).get(i), cells.get(i));
      }
      rows.add(row);
    }
    return rows;
  }

  private static String resource(String name) {
    try (InputStream in = ReplyClassifier.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
