package dev.redeliver.classify;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Tab-separated rows under a header that names the columns, in any order. Blank lines and lines
 * that start with # do not count, nor do a byte order mark, the CR of a CR LF, and tabs at the end
 * of a line. What is wrong with rows is collected, so that all of it can be told at once. Not
 * thread-safe.
 */
final class Table {
  /** What a cell says that leaves the column to its default. */
  static final String DEFAULT = "*";

  private static final char BYTE_ORDER_MARK = '\uFEFF';
  private static final String SPACES = "  ";

  private final List<String> columns;
  private final List<String> required;
  private final List<String> errors = new ArrayList<>();
  private final List<String> header = new ArrayList<>();
  private boolean readable = true;
  private boolean headerSound;

  private Table(List<String> columns, List<String> required) {
    this.columns = columns;
    this.required = required;
  }

  /** A row; a cell that is not there is {@link #DEFAULT}. Not thread-safe. */
  static final class Row {
    private final int line;
    private final List<String> header;
    private final List<String> cells;
    private final List<String> errors = new ArrayList<>();
    private final Set<String> blamed = new HashSet<>();

    private final boolean complete;

    private Row(int line, List<String> header, List<String> cells, boolean complete) {
      this.line = line;
      this.header = header;
      this.cells = cells;
      this.complete = complete;
    }

    /** {@return whether the header is in order, so that no column is missing by mistake} */
    boolean isComplete() {
      return complete;
    }

    int line() {
      return line;
    }

    String get(String column) {
      int index = header.indexOf(column);
      return index < 0 || isEmpty(index) ? DEFAULT : cells.get(index).strip();
    }

    private boolean isEmpty(int index) {
      return cells.get(index).isBlank();
    }

    boolean isDefault(String column) {
      return get(column).equals(DEFAULT);
    }

    /**
     * Reads a cell, or notes what is wrong with it.
     *
     * @param otherwise what a bad cell is taken for, so that the rest of the row can be read too
     */
    <T> T read(String column, T otherwise, Supplier<T> reader) {
      try {
        return reader.get();
      } catch (BadCell e) {
        note(e);
      } catch (IllegalArgumentException e) {
        note(new BadCell(column, String.valueOf(e.getMessage())));
      }
      return otherwise;
    }

    /** Notes what is wrong with a cell, if anything is. */
    void check(String column, Runnable reader) {
      read(
          column,
          this,
          () -> {
            reader.run();
            return this;
          });
    }

    /** The first reason for a column is kept: it is the one that explains the others. */
    void note(BadCell bad) {
      if (blamed.add(bad.column())) {
        errors.add("line " + line + ", column " + bad.column() + ": " + bad.getMessage());
      }
    }

    boolean isBad() {
      return !errors.isEmpty();
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
      table.readLine(i == 0 ? withoutMark(lines.get(i)) : lines.get(i), i + 1, reader);
    }
    if (table.header.isEmpty() && table.errors.isEmpty()) {
      table.errors.add(
          "is empty. Its first line names the columns, with a tab between them; needed are "
              + String.join(" and ", required));
    }
    if (!table.errors.isEmpty()) {
      throw new IllegalArgumentException(
          name + ": " + String.join(System.lineSeparator() + name + ": ", table.errors));
    }
  }

  private static String withoutMark(String line) {
    return !line.isEmpty() && line.charAt(0) == BYTE_ORDER_MARK ? line.substring(1) : line;
  }

  private void readLine(String line, int number, Consumer<Row> reader) {
    if (line.isBlank() || line.startsWith("#")) {
      return;
    }
    int control =
        line.chars().filter(c -> c != '\t' && Character.isISOControl(c)).findFirst().orElse(-1);
    if (control >= 0) {
      errors.add(
          "line %d: has the control character U+%04X; only tabs may stand in a line"
              .formatted(number, control));
      readable &= !header.isEmpty();
      return;
    }
    List<String> cells = new ArrayList<>(List.of(line.split("\t", -1)));
    int most = header.isEmpty() ? 1 : header.size();
    while (cells.size() > most && cells.get(cells.size() - 1).isBlank()) {
      cells.remove(cells.size() - 1);
    }
    if (header.isEmpty()) {
      readHeader(cells, number);
    } else if (cells.size() != header.size()) {
      errors.add("line " + number + ": " + wrongNumber(cells));
    } else {
      readRow(new Row(number, header, cells, headerSound), reader);
    }
  }

  private String wrongNumber(List<String> cells) {
    String wrong =
        "has "
            + count(cells.size(), "cell")
            + ", the header names "
            + count(header.size(), "column");
    if (cells.size() > header.size()) {
      return cells.stream().anyMatch(String::isBlank)
          ? wrong + ". Two tabs in a row make an empty cell; write one between two cells"
          : wrong;
    }
    return cells.size() == 1 || cells.stream().anyMatch(cell -> cell.strip().contains(SPACES))
        ? wrong + ". Cells are separated by a tab; spaces do not count as one"
        : wrong;
  }

  private static String count(int number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  private void readHeader(List<String> cells, int number) {
    Set<String> seen = new HashSet<>();
    Optional<String> instead =
        cells.size() == 1 ? insteadOfTab(cells.get(0).strip()) : Optional.empty();
    if (instead.isPresent()) {
      errors.add(
          "line "
              + number
              + ": the header has no tab. Names of columns, and cells, are separated by a tab; "
              + instead.get()
              + " do not count as one");
      readable = false;
    }
    Set<String> meant = new HashSet<>();
    for (String cell : cells) {
      String column = cell.strip();
      header.add(column);
      if (readable) {
        checkColumn(column, number, seen);
        Nearest.to(column, columns).ifPresent(meant::add);
      }
    }
    for (String column : required) {
      if (readable && !seen.contains(column) && !meant.contains(column)) {
        errors.add("line " + number + ": column '" + column + "' is missing");
      }
    }
    readable &= seen.containsAll(required);
    headerSound = errors.isEmpty();
  }

  private static Optional<String> insteadOfTab(String header) {
    if (header.contains(",")) {
      return Optional.of("commas");
    }
    if (header.contains(";")) {
      return Optional.of("semicolons");
    }
    return header.contains(" ") ? Optional.of("spaces") : Optional.empty();
  }

  private void checkColumn(String column, int number, Set<String> seen) {
    if (!columns.contains(column)) {
      errors.add("line " + number + ": column " + Cells.unknown(column, columns));
    } else if (!seen.add(column)) {
      errors.add("line " + number + ": column '" + column + "' stands twice");
    }
  }

  private void readRow(Row row, Consumer<Row> reader) {
    if (!readable) {
      return;
    }
    for (int i = 0; i < row.header.size(); i++) {
      if (row.isEmpty(i)) {
        row.note(new BadCell(row.header.get(i), "is empty; write * for the default"));
      }
    }
    try {
      reader.accept(row);
    } catch (BadCell e) {
      row.note(e);
    }
    errors.addAll(row.errors);
  }

  /** {@return the lines of a table that belongs to this package} */
  static List<String> resource(String name) {
    try (InputStream table = Table.class.getResourceAsStream(name)) {
      if (table == null) {
        throw new IllegalStateException("resource " + name + " is missing");
      }
      return lines(name, table.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * {@return the lines of a file}
   *
   * @param name what the error message calls it
   * @param octets UTF-8
   * @throws IllegalArgumentException if it is not UTF-8; it names the line
   */
  static List<String> lines(String name, byte[] octets) {
    ByteBuffer in = ByteBuffer.wrap(octets);
    CharBuffer text = CharBuffer.allocate(octets.length);
    CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, text, true);
    if (result.isError()) {
      int line = 1;
      for (int i = 0; i < in.position(); i++) {
        line += octets[i] == '\n' ? 1 : 0;
      }
      throw new IllegalArgumentException(
          "%s: line %d: octet 0x%02X is not UTF-8. Save the file as UTF-8"
              .formatted(name, line, octets[in.position()]));
    }
    return text.flip().toString().lines().toList();
  }
}
