package dev.redeliver.examples;

import java.util.ArrayList;
import java.util.List;

/** Rows of text in columns; those that hold numbers are aligned to the right. Not thread-safe. */
final class Table {
  private final List<String> header;
  private final int firstNumber;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * Makes an empty table.
   *
   * @param firstNumber the first column that is aligned to the right, from 0
   * @param header the names of the columns
   */
  Table(int firstNumber, String... header) {
    this.firstNumber = firstNumber;
    this.header = List.of(header);
    rows.add(this.header);
  }

  void row(Object... cells) {
    if (cells.length != header.size()) {
      throw new IllegalArgumentException(
          "a row needs " + header.size() + " cells, but has " + cells.length);
    }
    List<String> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(cell.toString());
    }
    rows.add(row);
  }

  List<String> lines() {
    int[] widths = new int[header.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String padding = " ".repeat(widths[i] - row.get(i).length());
      line.append(i == 0 ? "" : "  ");
      line.append(i < firstNumber ? row.get(i) + padding : padding + row.get(i));
    }
    return line.toString().stripTrailing();
  }
}
