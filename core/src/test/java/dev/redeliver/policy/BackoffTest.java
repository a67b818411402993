package dev.redeliver.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
  private static final double LARGEST_DRAW = Math.nextDown(1.0);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          PT1S     | 2   | PT8S   | 1          | PT1S
          PT1S     | 2   | PT8S   | 2          | PT2S
          PT1S     | 2   | PT8S   | 4          | PT8S
          PT1S     | 2   | PT8S   | 5          | PT8S
          PT1S     | 2   | PT8S   | 2147483647 | PT8S
          PT1S     | 1   | PT8S   | 2147483647 | PT1S
          PT5M     | 1.5 | PT20M  | 2          | PT7M30S
          PT5M     | 1.5 | PT20M  | 3          | PT11M15S
          PT5M     | 1.5 | PT20M  | 4          | PT16M52.5S
          PT5M     | 1.5 | PT20M  | 5          | PT20M
          PT0.001S | 10  | PT720H | 9          | PT27H46M40S
          PT0.001S | 10  | PT720H | 11         | PT720H
          PT0.001S | 2   | PT720H | 32         | PT596H31M23.648S
          PT0.0015S| 3   | PT1S   | 3          | PT0.0135S
          PT720H   | 10  | PT720H | 2147483647 | PT720H
          """)
  void delay_growsToTheCapAndStays(
      Duration initial, double multiplier, Duration cap, int n, Duration expected) {
    assertThat(Backoff.of(initial, multiplier, cap).delay(n)).isEqualTo(expected);
  }

  @Test
  void delay_wholeNumberMultiplier_isExact() {
    Backoff backoff = Backoff.of(Duration.ofNanos(1_000_001), 3, Duration.ofDays(30));

    Duration exact = Duration.ofNanos(1_000_001);
    for (int n = 1; exact.compareTo(backoff.cap()) < 0; n++) {
      assertThat(backoff.delay(n)).isEqualTo(exact);
      exact = exact.multipliedBy(3);
    }
  }

  @Test
  void delay_anySchedule_neverShrinksNorPassesTheCap() {
    long seed = 4;
    Random random = new Random(seed);
    for (int i = 0; i < 2000; i++) {
      long initial = 1L + random.nextInt(100_000);
      Backoff backoff =
          Backoff.of(
              Duration.ofMillis(initial),
              1 + 9 * random.nextDouble(),
              Duration.ofMillis(initial + random.nextInt(1_000_000_000)));
      int n = 1 + random.nextInt(60);

      assertThat(backoff.delay(n + 1))
          .as("seed %d, round %d, %s, n %d", seed, i, backoff, n)
          .isBetween(backoff.delay(n), backoff.cap());
    }
  }

  @Test
  void delay_withJitter_staysWithinItsShareAndAboveZero() {
    long seed = 5;
    Random random = new Random(seed);
    for (int i = 0; i < 5000; i++) {
      Duration whole = Duration.ofMillis(1 + random.nextInt(i % 2 == 0 ? 10 : 10_000_000));
      double jitter = random.nextDouble();
      Duration delay = Backoff.of(whole, 2, whole).delay(1, jitter, random.nextDouble());

      assertThat(delay.toNanos())
          .as("seed %d, round %d, %s, jitter %s", seed, i, whole, jitter)
          .isBetween((long) (whole.toNanos() * (1 - jitter)), whole.toNanos())
          .isPositive();
    }
  }

  @Test
  void delay_noJitterOrNoDraw_isWhole() {
    Backoff backoff = Backoff.of(Duration.ofSeconds(1), 2, Duration.ofSeconds(8));

    assertThat(backoff.delay(3, 0, LARGEST_DRAW)).isEqualTo(Duration.ofSeconds(4));
    assertThat(backoff.delay(3, 0.9, 0)).isEqualTo(Duration.ofSeconds(4));
    assertThat(backoff.delay(3, 0.5, 0.5)).isEqualTo(Duration.ofSeconds(3));
  }

  /** Jitter put on before the cap would be cut off by it: all who wait long would come at once. */
  @Test
  void delay_atTheCap_spreads() {
    Backoff backoff = Backoff.of(Duration.ofSeconds(1), 2, Duration.ofSeconds(100));
    long seed = 6;
    Random random = new Random(seed);

    long[] inQuarter = new long[4];
    for (int i = 0; i < 4000; i++) {
      long millis = backoff.delay(50, 0.2, random.nextDouble()).toMillis();
      inQuarter[(int) Math.min(3, (millis - 80_000) / 5000)]++;
    }

    for (long waits : inQuarter) {
      assertThat(waits).as("seed " + seed).isBetween(900L, 1100L);
    }
  }

  @Test
  void defer_changesNothingElse() {
    Backoff backoff = Backoff.of(Duration.ofSeconds(1), 2, Duration.ofSeconds(8));

    assertThat(backoff.defer())
        .isEqualTo(new Backoff(Duration.ofSeconds(1), 2, Duration.ofSeconds(8), true));
    assertThat(backoff.defer().delay(2)).isEqualTo(Duration.ofSeconds(2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          PT0S     | 2    | PT1S        | initial must be at least 1ms, but is PT0S
          PT-1S    | 2    | PT1S        | initial must be at least 1ms, but is PT-1S
          PT0.0009S| 2    | PT1S        | initial must be at least 1ms, but is PT0.0009S
          PT2S     | 2    | PT1S        | cap must not be shorter than initial (PT2S), but is PT1S
          PT2S     | 2    | PT720H0.001S| cap must be at most 30d, but is PT720H0.001S
          PT1S     | 0.99 | PT1S        | multiplier must be from 1.0 to 10.0, but is 0.99
          PT1S     | 10.1 | PT1S        | multiplier must be from 1.0 to 10.0, but is 10.1
          PT1S     | NaN  | PT1S        | multiplier must be from 1.0 to 10.0, but is NaN
          """)
  void badValues_areNamed(Duration initial, double multiplier, Duration cap, String message) {
    assertThatThrownBy(() -> Backoff.of(initial, multiplier, cap))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void delay_beforeAnyFailure_isRefused() {
    Backoff backoff = Backoff.of(Duration.ofSeconds(1), 2, Duration.ofSeconds(8));

    assertThatThrownBy(() -> backoff.delay(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("n must be at least 1, but is 0");
  }
}
