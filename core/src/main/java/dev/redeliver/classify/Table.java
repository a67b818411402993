package dev.redeliver.classify;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Tab-separated rows under a header that names the columns, in any order. Blank lines and lines
 * that start with # do not count. What is wrong with rows is collected, so that all of it can be
 * told at once. Not thread-safe.
 */
final class Table {
  /** What a cell says that leaves the column to its default. */
  static final String DEFAULT = "*";

  private final List<String> columns;
  private final List<String> required;
  private final List<String> errors = new ArrayList<>();
  private final List<String> header = new ArrayList<>();

  private Table(List<String> columns, List<String> required) {
    this.columns = columns;
    this.required = required;
  }

  /** A row; a cell that is not there is {@link #DEFAULT}. */
  record Row(int line, List<String> header, List<String> cells) {
    String get(String column) {
      int index = header.indexOf(column);
      return index < 0 ? DEFAULT : cells.get(index).strip();
    }

    boolean isDefault(String column) {
      return get(column).equals(DEFAULT);
    }
  }

  /** Says which column is wrong, and why. */
  static final class BadCell extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String column;

    BadCell(String column, String reason) {
      super(reason);
      this.column = column;
    }

    String column() {
      return column;
    }
  }

  /**
   * Reads rows.
   *
   * @param name what error messages call the table
   * @param lines the lines of the table
   * @param columns all that may be there
   * @param required those of them that must be there
   * @param reader takes a row, and throws {@link BadCell} if it cannot
   * @throws IllegalArgumentException if anything is wrong; it names all of it with name, line,
   *     column and reason
   */
  static void read(
      String name,
      List<String> lines,
      List<String> columns,
      List<String> required,
      Consumer<Row> reader) {
    Table table = new Table(columns, required);
    for (int i = 0; i < lines.size(); i++) {
      table.readLine(lines.get(i), i + 1, reader);
    }
    if (table.header.isEmpty() && table.errors.isEmpty()) {
      table.errors.add("has no header");
    }
    if (!table.errors.isEmpty()) {
      throw new IllegalArgumentException(
          name + ": " + String.join(System.lineSeparator() + name + ": ", table.errors));
    }
  }

  private void readLine(String line, int number, Consumer<Row> reader) {
    if (line.isBlank() || line.startsWith("#")) {
      return;
    }
    List<String> cells = List.of(line.split("\t", -1));
    if (header.isEmpty()) {
      readHeader(cells, number);
    } else if (cells.size() != header.size()) {
      errors.add(
          "line " + number + ": has " + cells.size() + " cells, the header " + header.size());
    } else {
      readRow(new Row(number, header, cells), reader);
    }
  }

  private void readHeader(List<String> cells, int number) {
    Set<String> seen = new HashSet<>();
    for (String cell : cells) {
      String column = cell.strip();
      header.add(column);
      if (!columns.contains(column)) {
        errors.add(
            "line "
                + number
                + ": column '"
                + column
                + "' is not one of: "
                + String.join(", ", columns));
      } else if (!seen.add(column)) {
        errors.add("line " + number + ": column '" + column + "' stands twice");
      }
    }
    for (String column : required) {
      if (!seen.contains(column)) {
        errors.add("line " + number + ": column '" + column + "' is missing");
      }
    }
  }

  private void readRow(Row row, Consumer<Row> reader) {
    try {
      for (String column : row.header()) {
        if (row.get(column).isEmpty()) {
          throw new BadCell(column, "is empty; write * for the default");
        }
      }
      reader.accept(row);
    } catch (BadCell e) {
      errors.add("line " + row.line() + ", column " + e.column() + ": " + e.getMessage());
    }
  }

  /** {@return the lines of a table that belongs to this package} */
  static List<String> resource(String name) {
    try (InputStream table = Table.class.getResourceAsStream(name)) {
      if (table == null) {
        throw new IllegalStateException("resource " + name + " is missing");
      }
      return new BufferedReader(new InputStreamReader(table, StandardCharsets.UTF_8))
          .lines()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
