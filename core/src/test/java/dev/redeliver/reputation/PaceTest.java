package dev.redeliver.reputation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PaceTest {
  private static final long START = 1_767_225_600_000L;
  private static final long MINUTE = 60_000;

  private final Pace pace = new Pace(Double.POSITIVE_INFINITY);

  /** So many in each minute, beginning at some second of it. */
  private static LongPredicate window(double rate, long offset) {
    long[] window = {Long.MIN_VALUE};
    double[] used = {0};
    return now -> {
      long current = Math.floorDiv(now + offset, MINUTE);
      used[0] = current == window[0] ? used[0] + 1 : 1;
      window[0] = current;
      return used[0] <= rate;
    };
  }

  /** A bucket that is refilled all the time. */
  private static LongPredicate bucket(double rate, double burst) {
    long[] last = {START};
    double[] tokens = {burst};
    return now -> {
      tokens[0] = Math.min(burst, tokens[0] + (now - last[0]) * rate / MINUTE);
      last[0] = now;
      if (tokens[0] < 1) {
        return false;
      }
      tokens[0]--;
      return true;
    };
  }

  /** What a provider accepted, in each minute of a sender that always has a message. */
  private int[] accepted(LongPredicate provider, double load, int minutes) {
    int[] accepted = new int[minutes];
    double step = MINUTE / load;
    long now = START;
    while (now < START + minutes * MINUTE) {
      if (pace.nextAt() > now) {
        now = pace.nextAt();
        continue;
      }
      pace.take(now);
      if (provider.test(now)) {
        pace.accepted(now, now);
        accepted[(int) ((now - START) / MINUTE)]++;
      } else {
        pace.tooFast(now, now);
      }
      now += Math.max(1, Math.round(step));
    }
    return accepted;
  }

  private static double mean(int[] accepted, int from) {
    int sum = 0;
    for (int minute = from; minute < accepted.length; minute++) {
      sum += accepted[minute];
    }
    return sum / (double) (accepted.length - from);
  }

  @ParameterizedTest
  @CsvSource({
    "6, 0",
    "20, 13000",
    "60, 0",
    "60, 7000",
    "60, 31000",
    "60, 59000",
    "300, 0",
    "300, 29000",
    "2000, 0",
    "2000, 41000"
  })
  void limitPerMinute_isFound(double rate, long offset) {
    int[] accepted = accepted(window(rate, offset), 5 * rate, 60);

    assertThat(mean(accepted, 0)).as("all").isGreaterThanOrEqualTo(0.9 * rate);
    assertThat(mean(accepted, 15)).as("later").isBetween(0.92 * rate, rate);
  }

  @ParameterizedTest
  @CsvSource({
    "6, 2",
    "10, 1",
    "20, 3",
    "60, 1",
    "60, 6",
    "60, 60",
    "300, 10",
    "300, 30",
    "2000, 10",
    "2000, 200"
  })
  void bucket_isFound(double rate, double burst) {
    int[] accepted = accepted(bucket(rate, burst), 5 * rate, 60);

    assertThat(mean(accepted, 0)).as("all").isGreaterThanOrEqualTo(0.8 * rate);
    assertThat(mean(accepted, 20)).as("later").isBetween(0.9 * rate, 1.01 * rate);
  }

  @Test
  void noRefusal_noLimit() {
    assertThat(pace.isFree(START)).isTrue();
    pace.take(START);
    pace.accepted(START, START);

    assertThat(pace.rate(START)).isInfinite();
    assertThat(pace.nextAt()).isLessThanOrEqualTo(START);
  }

  @Test
  void attemptsUnderWay_whenTheRateWasCut_cutItOnce() {
    accepted(now -> true, 60, 2);
    long now = START + 2 * MINUTE;

    assertThat(pace.tooFast(now - 5, now)).isTrue();
    double rate = pace.rate(now);
    long next = pace.nextAt();
    assertThat(pace.tooFast(now - 3, now + 10)).isFalse();
    assertThat(pace.rate(now)).isEqualTo(rate);
    assertThat(pace.nextAt()).isEqualTo(next);
  }

  @Test
  void refusedAgainAndAgain_waitsLongerEachTime_upToFiveMinutes() {
    long now = START;
    long wait = 0;
    for (int i = 0; i < 12; i++) {
      assertThat(pace.tooFast(now, now)).isTrue();
      long next = pace.nextAt() - now;
      assertThat(next).isGreaterThanOrEqualTo(Math.min(2 * wait, 300_000));
      wait = next;
      now = pace.nextAt();
    }
    assertThat(wait).isEqualTo(300_000);
  }

  @Test
  void hourWithoutRefusal_endsTheLimit() {
    accepted(window(60, 0), 300, 30);
    long end = START + 30 * MINUTE;
    assertThat(pace.isFree(end)).isFalse();
    pace.take(end + 65 * MINUTE);

    assertThat(pace.isFree(end + 65 * MINUTE)).isTrue();
  }

  @Test
  void limitThatIsLifted_isLeftBehindWithinHalfAnHour() {
    accepted(window(60, 0), 300, 30);
    long lifted = START + 30 * MINUTE;

    assertThat(pace.rate(lifted + 30 * MINUTE)).isGreaterThan(180);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 30, 600})
  void ceiling_isKept(double ceiling) {
    Pace limited = new Pace(ceiling);
    long now = START;
    int taken = 0;
    while (now < START + 10 * MINUTE) {
      if (limited.nextAt() <= now) {
        limited.take(now);
        taken++;
      }
      now += 10;
    }

    assertThat(taken / 10.0).isCloseTo(ceiling, within(ceiling * 0.02 + 0.2));
  }

  @Test
  void afterAPause_risesGently() {
    pace.rise(START);

    assertThat(pace.rate(START)).isEqualTo(Pace.RISE_FROM);
    assertThat(pace.rate(START + MINUTE)).isCloseTo(2 * Pace.RISE_FROM, within(0.01));
    assertThat(pace.rate(START + 13 * MINUTE)).isInfinite();
  }

  @Test
  void afterAPause_risesToTheLimitThatIsKnown_andNoFurther() {
    accepted(window(60, 0), 300, 30);
    long now = START + 30 * MINUTE;
    pace.rise(now);

    assertThat(pace.rate(now)).isEqualTo(Pace.RISE_FROM);
    assertThat(pace.rate(now + 4 * MINUTE)).isBetween(50.0, 61.0);
    pace.take(now + 4 * MINUTE);
    assertThat(pace.rate(now + 5 * MINUTE)).isBetween(50.0, 65.0);
  }

  @Test
  void cap_holdsForItsTime() {
    pace.cap(10, START + MINUTE);

    assertThat(pace.rate(START)).isEqualTo(10);
    assertThat(pace.isFree(START)).isFalse();
    assertThat(pace.rate(START + MINUTE)).isInfinite();
  }
}
