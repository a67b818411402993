package dev.redeliver.classify;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

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
                    column, unknown(cell, Arrays.stream(values).map(token).toList())));
  }

  /** {@return what is wrong with a word that is not one of those known} */
  static String unknown(String word, List<String> known) {
    return Nearest.to(word, known)
        .map(nearest -> unknown(word, nearest))
        .orElseGet(() -> "'" + word + "' is not one of: " + String.join(", ", known));
  }

  /** {@return what is wrong with a word, and which one was probably meant} */
  static String unknown(String word, String meant) {
    return "'" + word + "' is unknown. Did you mean '" + meant + "'?";
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
