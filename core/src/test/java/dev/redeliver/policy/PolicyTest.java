package dev.redeliver.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Lane;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PolicyTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private static Classification reply(String reply) {
    return ReplyClassifier.standard().classify(SmtpStage.RCPT, SmtpReply.parse(reply));
  }

  @Test
  void fromProperties_everythingWrong_namesAllOfIt() {
    Properties properties = new Properties();
    properties.setProperty("redeliver.retry.max-atempts", "3");
    properties.setProperty("redeliver.retry.deadline", "30");
    properties.setProperty("redeliver.retry.jitter", "1");
    properties.setProperty("redeliver.profile", "Fast");
    properties.setProperty("redeliver.enabled", "yes");
    properties.setProperty("redeliver.lane.transient.initial-delay", "20s");
    properties.setProperty("redeliver.lane.slow.multiplier", "0.5");
    properties.setProperty("redeliver.retry.max-attempts", "0");
    properties.setProperty("mail.smtp.password", "secret");

    PolicyException refused =
        catchThrowableOfType(PolicyException.class, () -> RetryPolicy.fromProperties(properties));

    assertThat(refused.errors())
        .containsExactlyInAnyOrder(
            "redeliver.retry.max-atempts: unknown key. Did you mean redeliver.retry.max-attempts?",
            "redeliver.retry.deadline: '30' has no unit. Write 30s, 30m or PT30S.",
            "redeliver.retry.jitter: '1' is not from 0 up to, but not including, 1.",
            "redeliver.profile: 'Fast' is not one of: interactive, background, rfc5321.",
            "redeliver.enabled: 'yes' is not true or false.",
            "redeliver.lane.transient.max-delay: '8s' is shorter than"
                + " redeliver.lane.transient.initial-delay (20s).",
            "redeliver.lane.slow.multiplier: '0.5' is not from 1.0 to 10.0."
                + " Use 1.0 for a fixed delay.",
            "redeliver.retry.max-attempts: '0' is not from 1 to 1000, or UNBOUNDED.");
    assertThat(refused).hasMessageNotContaining("secret");
  }

  @Test
  void fromProperties_goodValues_override() {
    Properties defaults = new Properties();
    defaults.setProperty("redeliver.profile", "background");
    Properties properties = new Properties(defaults);
    properties.setProperty("redeliver.lane.greylist.max-delay", " 1h ");
    properties.setProperty("redeliver.alert.threshold", "first");
    properties.setProperty("redeliver.unknown-outcome", "report");
    properties.put("redeliver.retry.max-attempts", 7);
    properties.put("redeliver.retry.deadline", Duration.ofHours(1));

    RetryPolicy policy = RetryPolicy.fromProperties(properties);

    assertThat(policy.backoff(Lane.GREYLIST))
        .isEqualTo(Backoff.of(Duration.ofMinutes(5), 1.5, Duration.ofHours(1)));
    assertThat(policy.alertThreshold()).isEqualTo(1);
    assertThat(policy.unknownOutcome()).isEqualTo(UnknownOutcome.REPORT);
    assertThat(policy.maxAttempts()).isEqualTo(7);
    assertThat(policy.deadline()).isEqualTo(Duration.ofHours(1));
  }

  @ParameterizedTest
  @EnumSource
  void fromProperties_everyDefaultOfTheTable_changesNothing(Profile profile) {
    Properties properties = new Properties();
    for (PolicyKeys.Key key : PolicyKeys.list()) {
      if (!key.name().equals("redeliver.rules")) {
        properties.setProperty(key.name(), key.byDefault().apply(profile));
      }
    }
    properties.setProperty("redeliver.profile", profile.token());

    assertThat(RetryPolicy.fromProperties(properties))
        .hasToString(RetryPolicy.of(profile).toString());
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "4, 8", "5, 8", "2147483647, 8"})
  void delay_growsToTheCapAndStays(int n, int seconds) {
    Backoff backoff = Backoff.of(Duration.ofSeconds(1), 2, Duration.ofSeconds(8));

    assertThat(backoff.delay(n)).isEqualTo(Duration.ofSeconds(seconds));
    assertThat(backoff.delay(n, 0.5, 0.999))
        .isBetween(Duration.ofMillis(seconds * 500L), Duration.ofSeconds(seconds));
  }

  @Test
  void decide_serverNamesADelay_isHonouredWithinBounds() {
    RetryPolicy policy = RetryPolicy.builder(Profile.RFC5321).build();
    AttemptHistory history = AttemptHistory.first(START);

    assertThat(policy.decide(reply("450 try again in 300 seconds"), history, START, 0.9))
        .isInstanceOfSatisfying(
            Decision.Retry.class,
            retry -> assertThat(retry.delay()).isEqualTo(Duration.ofMinutes(5)));
    assertThat(policy.decide(reply("450 try again in 100 hours"), history, START, 0.9))
        .isInstanceOfSatisfying(
            Decision.Retry.class, retry -> assertThat(retry.delay()).isEqualTo(Duration.ofDays(1)));
  }

  @Test
  void decide_deferredLane_saysWhenInsteadOfWaiting() {
    Decision decision =
        RetryPolicy.of(Profile.INTERACTIVE)
            .decide(reply("450 4.2.0 Greylisted"), AttemptHistory.first(START), START, 0);

    assertThat(decision)
        .isInstanceOfSatisfying(
            Decision.GiveUp.class,
            giveUp -> {
              assertThat(giveUp.reason()).isEqualTo(Decision.Reason.DEFERRED);
              assertThat(giveUp.laterTry()).contains(START.plus(Duration.ofMinutes(5)));
            });
  }

  @Test
  void decide_tooManyRecipients_goesOnOnlyWithProgress() {
    Classification tooMany = reply("452 4.5.3 Too many recipients");
    RetryPolicy policy = RetryPolicy.of(Profile.BACKGROUND);

    assertThat(
            policy.decide(
                tooMany,
                new AttemptHistory(START, 1, Map.of(), false, true, 0, false, 0),
                START,
                0))
        .isEqualTo(
            new Decision.Retry(
                Lane.IMMEDIATE,
                Duration.ZERO,
                false,
                "the server takes fewer recipients at a time: send the rest now"));
    assertThat(policy.decide(tooMany, AttemptHistory.first(START), START, 0))
        .isInstanceOfSatisfying(
            Decision.Retry.class, retry -> assertThat(retry.counted()).isTrue());
  }

  @Test
  void decide_anyHistory_neverCrossesTheDeadlineNorFailsATransient() {
    long seed = 11;
    Random random = new Random(seed);
    String[] replies = {
      "450 x",
      "421 4.7.0 x",
      "452 4.2.2 full",
      "451 try again in 900 seconds",
      "503 x",
      "550 x",
      "452 4.5.3 too many recipients",
      "450 greylisted",
      "535 5.7.8 x",
      "552 too many recipients"
    };
    for (int i = 0; i < 20_000; i++) {
      Profile profile = List.of(Profile.values()).get(random.nextInt(3));
      RetryPolicy policy = RetryPolicy.builder(profile).jitter(random.nextDouble() * 0.9).build();
      Map<Lane, Integer> failures = new EnumMap<>(Lane.class);
      failures.put(List.of(Lane.values()).get(random.nextInt(7)), random.nextInt(100));
      AttemptHistory history =
          new AttemptHistory(
              START,
              1 + random.nextInt(20),
              failures,
              random.nextBoolean(),
              random.nextBoolean(),
              random.nextInt(2),
              random.nextBoolean(),
              random.nextInt(2));
      Instant now =
          START.plusMillis((long) (policy.deadline().toMillis() * random.nextDouble() * 1.2));
      Classification failure = reply(replies[random.nextInt(replies.length)]);

      Decision decision = policy.decide(failure, history, now, random.nextDouble());

      if (decision instanceof Decision.Retry retry) {
        assertThat(now.plus(retry.delay()))
            .as("seed " + seed + ", round " + i)
            .isBeforeOrEqualTo(START.plus(policy.deadline()));
      }
      if (failure.severity() == dev.redeliver.smtp.Severity.TRANSIENT) {
        assertThat(decision).isNotInstanceOf(Decision.Fail.class);
      }
    }
  }

  @Test
  void backoff_badValues_areNamed() {
    assertThatThrownBy(() -> Backoff.of(Duration.ofSeconds(2), 2, Duration.ofSeconds(1)))
        .hasMessage("cap must not be shorter than initial (PT2S), but is PT1S");
    assertThatThrownBy(() -> Backoff.of(Duration.ZERO, 2, Duration.ofSeconds(1)))
        .hasMessage("initial must be positive, but is PT0S");
  }
}
