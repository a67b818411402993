package dev.redeliver.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.classify.Lane;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers are a promise: whoever upgrades keeps the schedule. */
class ProfileTest {
  @ParameterizedTest
  @CsvSource({
    "INTERACTIVE, 4, PT30S",
    "BACKGROUND, 12, PT4H",
    "RFC5321, 2147483647, PT120H",
  })
  void bounds(Profile profile, int attempts, Duration deadline) {
    RetryPolicy policy = RetryPolicy.of(profile);

    assertThat(policy.profile()).isEqualTo(profile);
    assertThat(policy.maxAttempts()).isEqualTo(attempts);
    assertThat(policy.deadline()).isEqualTo(deadline);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          INTERACTIVE | TRANSIENT  | PT1S   | 2   | PT8S  | false
          INTERACTIVE | GREYLIST   | PT5M   | 1.5 | PT20M | true
          INTERACTIVE | RATE_LIMIT | PT2M   | 2   | PT1H  | true
          INTERACTIVE | SLOW       | PT1H   | 2   | PT2H  | true
          INTERACTIVE | REPUTATION | PT15M  | 2   | PT2H  | true
          INTERACTIVE | CONNECTION | PT0.5S | 2   | PT4S  | false
          BACKGROUND  | TRANSIENT  | PT1M   | 2   | PT30M | false
          BACKGROUND  | GREYLIST   | PT5M   | 1.5 | PT20M | false
          BACKGROUND  | RATE_LIMIT | PT2M   | 2   | PT1H  | false
          BACKGROUND  | SLOW       | PT1H   | 2   | PT2H  | false
          BACKGROUND  | REPUTATION | PT15M  | 2   | PT2H  | false
          BACKGROUND  | CONNECTION | PT5S   | 2   | PT5M  | false
          RFC5321     | TRANSIENT  | PT5M   | 2   | PT3H  | false
          RFC5321     | GREYLIST   | PT5M   | 1.5 | PT1H  | false
          RFC5321     | RATE_LIMIT | PT10M  | 2   | PT4H  | false
          RFC5321     | SLOW       | PT2H   | 2   | PT12H | false
          RFC5321     | REPUTATION | PT30M  | 2   | PT6H  | false
          RFC5321     | CONNECTION | PT1M   | 2   | PT1H  | false
          """)
  void lanes(
      Profile profile, Lane lane, Duration initial, double factor, Duration cap, boolean defer) {
    assertThat(RetryPolicy.of(profile).backoff(lane))
        .isEqualTo(new Backoff(initial, factor, cap, defer));
  }

  @Test
  void tokens() {
    assertThat(Profile.values())
        .extracting(Profile::token)
        .containsExactly("interactive", "background", "rfc5321");
  }
}
