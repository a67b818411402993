package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  private static Optional<Duration> delayOf(List<String> lines) {
    return DelayScanner.scan(lines).flatMap(hint -> hint.from(NOW));
  }
}
