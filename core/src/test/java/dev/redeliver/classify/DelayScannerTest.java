package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DelayScannerTest {
  private static final Instant NOW = Instant.parse("2026-11-24T13:00:00Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Retry-After: 30 | PT30S
          try again in 5min | PT5M
          wait for at least 10 minutes | PT10M
          wait at least about 10 minutes for the mail | PT10M
          Versuchen Sie es in 5 Minuten erneut | PT5M
          blocked until 14:05 UTC | PT1H5M
          blocked until 14:05 |
          retry in 00:10:00 | PT10M
          retry at 25:61:00 utc |
          deferred until 2026-11-24T13:20:00Z | PT20M
          deferred until 2026-11-24 13:20:00 UTC | PT20M
          deferred until 2026-02-30T13:20:00Z |
          try again, 192.0.2.1 minutes |
          try again in 12345678 seconds |
          try 1:1:1:1:1:1 |
          """)
  void delay_isRead(String text, Duration delay) {
    assertThat(delayOf(List.of(text))).isEqualTo(Optional.ofNullable(delay));
  }

  @Test
  void delay_acrossLines_isRead() {
    assertThat(delayOf(List.of("Greylisted, please try again in", "5 minutes")))
        .contains(Duration.ofMinutes(5));
  }

  @Test
  void delay_behindAWordWithoutEnd_isRead() {
    assertThat(delayOf(List.of("x".repeat(1000) + " try again in 5 minutes")))
        .contains(Duration.ofMinutes(5));
  }

  /** The quick look before the scan must know every unit and number that the scan knows. */
  @ParameterizedTest
  @MethodSource("units")
  void unit_isReadBehindDigitsAndWords(String unit) {
    assertThat(delayOf(List.of("try again in 5 " + unit))).isPresent();
    assertThat(delayOf(List.of("TRY AGAIN IN 5" + unit.toUpperCase(Locale.ROOT)))).isPresent();
    assertThat(delayOf(List.of("try again in Five " + unit)))
        .isEqualTo(delayOf(List.of("try again in 5   (" + unit + ")")))
        .isPresent();
  }

  static Set<String> units() {
    return DelayScanner.unitWords();
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void number_isReadAsAWord(String number) {
    assertThat(delayOf(List.of("try again in " + number + " seconds"))).isPresent();
    assertThat(delayOf(List.of("try again in", number.toUpperCase(Locale.ROOT), "seconds")))
        .isPresent();
  }

  static Set<String> numbers() {
    return DelayScanner.numberWords();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1,111 ", "a ", "five (", "retry between 5 and ", "forty-", ",,,,", "1 "})
  void anyText_isReadInLinearTime(String piece) {
    assertTimeoutPreemptively(
        Duration.ofSeconds(20), () -> DelayScanner.scan(List.of(piece.repeat(200_000))));
  }

  private static Optional<Duration> delayOf(List<String> lines) {
    return DelayScanner.scan(lines).flatMap(hint -> hint.from(NOW));
  }
}
