package dev.redeliver.classify;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads cells that say one of a few things. */
final class Cells {
  private Cells() {}

  static <T> T oneOf(Table.Row row, String column, T[] values, Function<T, String> token) {
    String cell = row.get(column);
    return Arrays.stream(values)
        .filter(value -> token.apply(value).equals(cell))
        .findFirst()
        .orElseThrow(
            () ->
                new Table.BadCell(
                    column,
                    "'"
                        + cell
                        + "' is not one of: "
                        + Arrays.stream(values).map(token).collect(Collectors.joining(", "))));
  }

  static boolean yesOrNo(Table.Row row, String column) {
    return oneOf(row, column, Answer.values(), Cells::token) == Answer.YES;
  }

  private enum Answer {
    YES,
    NO
  }

  static String token(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
