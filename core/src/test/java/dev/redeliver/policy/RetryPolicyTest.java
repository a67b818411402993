package dev.redeliver.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.policy.Decision.Reason;
import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers in names of tests are those of the rules that always hold, in the design. */
class RetryPolicyTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final RetryPolicy BACKGROUND = RetryPolicy.of(Profile.BACKGROUND);
  private static final RetryPolicy INTERACTIVE = RetryPolicy.of(Profile.INTERACTIVE);

  private static final AttemptHistory FIRST = AttemptHistory.first(START);
  private static final AttemptHistory PROGRESS = flags(false, true, 0, false, 0);
  private static final AttemptHistory STALE = flags(true, false, 0, false, 0);
  private static final AttemptHistory RECONNECTED = flags(false, false, 1, false, 0);
  private static final AttemptHistory UNKNOWN = flags(false, false, 0, true, 0);
  private static final AttemptHistory UNKNOWN_AGAIN = flags(false, false, 0, true, 1);

  private static AttemptHistory flags(
      boolean stale, boolean progress, int reconnects, boolean unknown, int unknownBefore) {
    return new AttemptHistory(
        START, 1, Map.of(), stale, progress, reconnects, unknown, unknownBefore);
  }

  private static AttemptHistory attempts(int attempts, Map<Lane, Integer> failures) {
    return new AttemptHistory(START, attempts, failures, false, false, 0, false, 0);
  }

  private static AttemptHistory named(String history) {
    return switch (history) {
      case "first" -> FIRST;
      case "progress" -> PROGRESS;
      case "stale" -> STALE;
      case "stale, reconnected" -> flags(true, false, 1, false, 0);
      case "reconnected" -> RECONNECTED;
      case "third in lane" -> attempts(3, Map.of(Lane.TRANSIENT, 2, Lane.SLOW, 2));
      case "twelfth" -> attempts(12, Map.of(Lane.TRANSIENT, 2));
      case "unknown" -> UNKNOWN;
      case "unknown again" -> UNKNOWN_AGAIN;
      case "unknown before" -> flags(false, false, 0, false, 1);
      default -> throw new IllegalArgumentException(history);
    };
  }

  /** The shape of a decision, without its reason. */
  private static String shape(Decision decision) {
    if (decision instanceof Decision.Retry retry) {
      return retry.lane() + " in " + retry.delay() + (retry.counted() ? "" : " uncounted");
    }
    if (decision instanceof Decision.GiveUp giveUp) {
      String later =
          giveUp.laterTry().map(at -> Duration.between(START, at).toString()).orElse("never");
      return "give up " + giveUp.reason() + " " + giveUp.lane() + " " + later;
    }
    return decision instanceof Decision.Fail ? "fail" : "hold";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          PERMANENT | FAIL      | TRANSIENT  | first             | fail
          PERMANENT | FAIL      | TRANSIENT  | progress          | fail
          PERMANENT | FAIL      | TRANSIENT  | unknown before    | fail
          TRANSIENT | FAIL      | TRANSIENT  | first             | TRANSIENT in PT1M
          PERMANENT | HOLD      | TRANSIENT  | first             | hold
          PERMANENT | HOLD      | TRANSIENT  | twelfth           | hold
          TRANSIENT | HOLD      | TRANSIENT  | first             | hold
          TRANSIENT | RETRY     | TRANSIENT  | first             | TRANSIENT in PT1M
          TRANSIENT | RETRY     | TRANSIENT  | third in lane     | TRANSIENT in PT4M
          TRANSIENT | RETRY     | GREYLIST   | third in lane     | GREYLIST in PT5M
          PERMANENT | RETRY     | REPUTATION | first             | REPUTATION in PT15M
          TRANSIENT | RETRY     | TRANSIENT  | twelfth           | give up ATTEMPTS TRANSIENT PT4M
          TRANSIENT | RETRY     | IMMEDIATE  | first             | TRANSIENT in PT1M
          PERMANENT | RESUME    | TRANSIENT  | progress          | IMMEDIATE in PT0S uncounted
          TRANSIENT | RESUME    | RATE_LIMIT | progress          | IMMEDIATE in PT0S uncounted
          TRANSIENT | RESUME    | RATE_LIMIT | first             | RATE_LIMIT in PT2M
          TRANSIENT | RESUME    | IMMEDIATE  | first             | TRANSIENT in PT1M
          PERMANENT | RECONNECT | TRANSIENT  | first             | IMMEDIATE in PT0S uncounted
          PERMANENT | RECONNECT | TRANSIENT  | reconnected       | fail
          TRANSIENT | RECONNECT | CONNECTION | reconnected       | CONNECTION in PT5S
          TRANSIENT | RETRY     | CONNECTION | stale             | IMMEDIATE in PT0S uncounted
          TRANSIENT | RETRY     | CONNECTION | stale, reconnected| CONNECTION in PT5S
          TRANSIENT | RETRY     | CONNECTION | unknown           | CONNECTION in PT5S
          TRANSIENT | RETRY     | TRANSIENT  | unknown           | CONNECTION in PT5S
          PERMANENT | FAIL      | TRANSIENT  | unknown           | CONNECTION in PT5S
          TRANSIENT | RETRY     | CONNECTION | unknown again     | give up UNKNOWN_OUTCOME CONNECTION never
          TRANSIENT | RETRY     | TRANSIENT  | unknown before    | TRANSIENT in PT1M
          """)
  void decide_byHandlingLaneAndHistory(
      Severity severity, Handling handling, Lane lane, String history, String expected) {
    Decision decision =
        BACKGROUND.decide(Failures.of(severity, handling, lane), named(history), START, 0);

    assertThat(shape(decision)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          TRANSIENT  | TRANSIENT in PT1S
          CONNECTION | CONNECTION in PT0.5S
          GREYLIST   | give up DEFERRED GREYLIST PT5M
          RATE_LIMIT | give up DEFERRED RATE_LIMIT PT2M
          SLOW       | give up DEFERRED SLOW PT1H
          REPUTATION | give up DEFERRED REPUTATION PT15M
          """)
  void decide_interactive_waitsSecondsAndNamesTheRest(Lane lane, String expected) {
    assertThat(shape(INTERACTIVE.decide(Failures.transientIn(lane), FIRST, START, 0)))
        .isEqualTo(expected);
  }

  /** The rules' own words reach the report. */
  @Test
  void decide_saysWhy() {
    Classification wait = Failures.transientIn(Lane.TRANSIENT);

    assertThat(BACKGROUND.decide(wait, FIRST, START, 0))
        .isEqualTo(
            new Decision.Retry(Lane.TRANSIENT, Duration.ofMinutes(1), true, Failures.MEANING));
    assertThat(
            BACKGROUND.decide(
                Failures.of(Severity.PERMANENT, Handling.FAIL, Lane.SLOW), FIRST, START, 0))
        .isEqualTo(new Decision.Fail(Failures.MEANING));
    assertThat(
            BACKGROUND.decide(
                Failures.of(Severity.PERMANENT, Handling.HOLD, Lane.SLOW), FIRST, START, 0))
        .isEqualTo(new Decision.Hold(Failures.ADVICE));
    assertThat(
            BACKGROUND.decide(
                Failures.of(Severity.TRANSIENT, Handling.RESUME, Lane.SLOW), PROGRESS, START, 0))
        .isEqualTo(
            new Decision.Retry(
                Lane.IMMEDIATE,
                Duration.ZERO,
                false,
                "the server takes fewer recipients at a time: send the rest now"));
    assertThat(
            BACKGROUND.decide(
                Failures.of(Severity.PERMANENT, Handling.RECONNECT, Lane.SLOW), FIRST, START, 0))
        .isEqualTo(
            new Decision.Retry(
                Lane.IMMEDIATE,
                Duration.ZERO,
                false,
                "the session is out of step: once more on a fresh connection"));
    assertThat(BACKGROUND.decide(wait, STALE, START, 0))
        .isEqualTo(
            new Decision.Retry(
                Lane.IMMEDIATE,
                Duration.ZERO,
                false,
                "the idle connection had been closed: go on with a fresh one"));
    assertThat(BACKGROUND.decide(wait, UNKNOWN, START, 0))
        .isEqualTo(
            new Decision.Retry(
                Lane.CONNECTION,
                Duration.ofSeconds(5),
                true,
                "the reply to the content never came: send once more, same Message-ID"));
    assertThat(BACKGROUND.decide(wait, UNKNOWN_AGAIN, START, 0))
        .isEqualTo(
            new Decision.GiveUp(
                Reason.UNKNOWN_OUTCOME,
                Lane.CONNECTION,
                Optional.empty(),
                "the reply to the content never came, twice"));
  }

  @Test
  void decide_unknownOutcome_reportNeverResends_6() {
    RetryPolicy report =
        RetryPolicy.builder(Profile.BACKGROUND).unknownOutcome(UnknownOutcome.REPORT).build();

    assertThat(report.decide(Failures.transientIn(Lane.CONNECTION), UNKNOWN, START, 0))
        .isEqualTo(
            new Decision.GiveUp(
                Reason.UNKNOWN_OUTCOME,
                Lane.CONNECTION,
                Optional.empty(),
                "the reply to the content never came; redeliver.unknown-outcome=report"));
  }

  /** The history that follows a decision counts the unknown outcome before it. */
  @Test
  void decide_unknownOutcomes_areResentOnce_6() {
    Classification lost = Failures.transientIn(Lane.CONNECTION);
    Decision.Retry resend = (Decision.Retry) BACKGROUND.decide(lost, UNKNOWN, START, 0);
    AttemptHistory second = UNKNOWN.after(resend);

    assertThat(second.unknownOutcomes()).isEqualTo(1);
    AttemptHistory secondUnknown =
        new AttemptHistory(
            second.startedAt(),
            second.attempts(),
            second.failuresByLane(),
            false,
            false,
            0,
            true,
            second.unknownOutcomes());
    assertThat(shape(BACKGROUND.decide(lost, secondUnknown, START, 0)))
        .isEqualTo("give up UNKNOWN_OUTCOME CONNECTION never");
  }

  /** Replies through the rules: no text makes a 4yz final, and a plain 5yz is never tried again. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "450 4.1.1 User unknown",
        "450 5.1.1 User unknown",
        "421 Your account is permanently disabled, do not try again",
        "451 4.7.1 Message rejected as spam, permanent failure",
        "452 4.2.2 Mailbox does not exist"
      })
  void decide_transientReply_isNeverFinal_4(String reply) {
    Classification failure =
        ReplyClassifier.standard().classify(SmtpStage.RCPT, SmtpReply.parse(reply));

    for (Profile profile : Profile.values()) {
      assertThat(RetryPolicy.of(profile).decide(failure, FIRST, START, 0))
          .isNotInstanceOf(Decision.Fail.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "550 5.1.1 User unknown",
        "550 4.2.0 Greylisted, try again in 300 seconds",
        "553 5.1.3 Bad address",
        "554 5.7.1 Refused, try again later"
      })
  void decide_permanentReply_isNeverTriedAgain_2(String reply) {
    Classification failure =
        ReplyClassifier.standard().classify(SmtpStage.RCPT, SmtpReply.parse(reply));

    assertThat(BACKGROUND.decide(failure, FIRST, START, 0)).isInstanceOf(Decision.Fail.class);
  }

  @ParameterizedTest
  @CsvSource({
    "535 5.7.8 Authentication credentials invalid, AUTH",
    "550 Access denied, GREETING",
    "530 5.7.0 Must issue a STARTTLS command first, EHLO"
  })
  void decide_ourSetUp_isHeld_7(String reply, SmtpStage stage) {
    Classification failure = ReplyClassifier.standard().classify(stage, SmtpReply.parse(reply));

    for (Profile profile : Profile.values()) {
      assertThat(RetryPolicy.of(profile).decide(failure, FIRST, START, 0))
          .isEqualTo(new Decision.Hold(failure.advice()));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PT0.001S, PT1S",
    "PT1S, PT1S",
    "PT5M, PT5M",
    "PT24H, PT24H",
    "PT24H0.001S, PT24H",
    "PT500H, PT24H"
  })
  void decide_delayTheServerNames_isHonouredWithinBounds(Duration named, Duration waited) {
    Decision decision =
        RetryPolicy.of(Profile.RFC5321)
            .decide(Failures.hinted(Lane.GREYLIST, named), FIRST, START, 0.999);

    assertThat(decision)
        .isEqualTo(new Decision.Retry(Lane.GREYLIST, waited, true, Failures.MEANING));
  }

  /** A request thread does not hang on a server's word; the report says when. */
  @Test
  void decide_delayTheServerNames_inADeferredLane_isNamed() {
    assertThat(
            shape(
                INTERACTIVE.decide(
                    Failures.hinted(Lane.GREYLIST, Duration.ofSeconds(10)), FIRST, START, 0)))
        .isEqualTo("give up DEFERRED GREYLIST PT10S");
  }

  @Test
  void decide_deadline_isReachedButNotCrossed_9() {
    Classification failure = Failures.transientIn(Lane.TRANSIENT);
    Instant lastFit = START.plus(Duration.ofHours(4)).minus(Duration.ofMinutes(1));

    assertThat(shape(BACKGROUND.decide(failure, FIRST, lastFit, 0))).isEqualTo("TRANSIENT in PT1M");
    assertThat(BACKGROUND.decide(failure, FIRST, lastFit.plusMillis(1), 0))
        .isEqualTo(
            new Decision.GiveUp(
                Reason.DEADLINE,
                Lane.TRANSIENT,
                Optional.of(START.plus(Duration.ofHours(4)).plusMillis(1)),
                Failures.MEANING));
    assertThat(shape(BACKGROUND.decide(failure, STALE, START.plus(Duration.ofHours(5)), 0)))
        .isEqualTo("give up DEADLINE IMMEDIATE PT5H");
  }

  @Test
  void decide_anyPolicyAndHistory_rulesHold() {
    long seed = 20_260_101;
    Random random = new Random(seed);
    for (int i = 0; i < 50_000; i++) {
      RetryPolicy policy = policy(random);
      AttemptHistory history = history(random);
      Classification failure = failure(random);
      Instant now =
          START.plusMillis((long) (policy.deadline().toMillis() * random.nextDouble() * 1.2));

      Decision decision = policy.decide(failure, history, now, random.nextDouble());

      String round =
          "seed " + seed + ", round " + i + ": " + policy + " " + history + " " + failure;
      if (decision instanceof Decision.Retry retry) {
        checkRetry(round, policy, history, now, retry);
      }
      if (failure.severity() == Severity.TRANSIENT || history.outcomeUnknown()) {
        assertThat(decision).as(round).isNotInstanceOf(Decision.Fail.class);
      }
      if (history.outcomeUnknown() && history.unknownOutcomes() > 0) {
        assertThat(decision).as(round).isInstanceOf(Decision.GiveUp.class);
      }
    }
  }

  private static void checkRetry(
      String round, RetryPolicy policy, AttemptHistory history, Instant now, Decision.Retry retry) {
    assertThat(now.plus(retry.delay())).as(round).isBeforeOrEqualTo(START.plus(policy.deadline()));
    if (retry.counted()) {
      assertThat(history.attempts()).as(round).isLessThan(policy.maxAttempts());
      assertThat(retry.delay()).as(round).isPositive();
      assertThat(policy.backoff(retry.lane()).deferred()).as(round).isFalse();
    } else {
      assertThat(retry.delay()).as(round).isZero();
      assertThat(history.progress() || history.reconnects() == 0).as(round).isTrue();
    }
  }

  private static RetryPolicy policy(Random random) {
    RetryPolicy.Builder builder =
        RetryPolicy.builder(any(Profile.values(), random))
            .jitter(random.nextDouble())
            .unknownOutcome(any(UnknownOutcome.values(), random))
            .deadline(Duration.ofSeconds(1 + random.nextInt(1_000_000)));
    if (random.nextBoolean()) {
      builder.maxAttempts(1 + random.nextInt(1000));
    }
    long initial = 1L + random.nextInt(1_000_000);
    Backoff backoff =
        Backoff.of(
            Duration.ofMillis(initial),
            1 + 9 * random.nextDouble(),
            Duration.ofMillis(initial + random.nextInt(100_000_000)));
    Lane lane = any(Lane.values(), random);
    if (lane != Lane.IMMEDIATE) {
      builder.lane(lane, random.nextBoolean() ? backoff : backoff.defer());
    }
    return builder.build();
  }

  private static AttemptHistory history(Random random) {
    Map<Lane, Integer> failures = new EnumMap<>(Lane.class);
    failures.put(any(Lane.values(), random), random.nextInt(Integer.MAX_VALUE - 1));
    return new AttemptHistory(
        START,
        1 + random.nextInt(random.nextBoolean() ? 20 : 2000),
        failures,
        random.nextInt(4) == 0,
        random.nextBoolean(),
        random.nextInt(3),
        random.nextInt(4) == 0,
        random.nextInt(2));
  }

  private static Classification failure(Random random) {
    Handling[] failing =
        Arrays.stream(Handling.values())
            .filter(handling -> handling != Handling.PROCEED)
            .toArray(Handling[]::new);
    return Failures.of(
        random.nextBoolean() ? Severity.TRANSIENT : Severity.PERMANENT,
        any(failing, random),
        any(Lane.values(), random),
        random.nextInt(3) == 0
            ? Optional.of(Duration.ofSeconds(random.nextInt(1_000_000)))
            : Optional.empty());
  }

  private static <T> T any(T[] values, Random random) {
    return values[random.nextInt(values.length)];
  }

  @Test
  void decide_sameArguments_sameDecision() {
    Classification failure = Failures.transientIn(Lane.SLOW);

    assertThat(BACKGROUND.decide(failure, FIRST, START, 0.3))
        .isEqualTo(RetryPolicy.of(Profile.BACKGROUND).decide(failure, FIRST, START, 0.3));
  }

  /** Thousands of messages that failed together must not come back together. */
  @Test
  void decide_waitsAtTheCap_spread() {
    Classification failure = Failures.transientIn(Lane.TRANSIENT);
    AttemptHistory late = attempts(11, Map.of(Lane.TRANSIENT, 10));
    Random random = new Random(9);

    Set<Duration> delays = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      Decision decision = BACKGROUND.decide(failure, late, START, random.nextDouble());
      delays.add(((Decision.Retry) decision).delay());
    }

    assertThat(delays).hasSizeGreaterThan(900);
    assertThat(delays)
        .allSatisfy(
            delay -> assertThat(delay).isBetween(Duration.ofMinutes(24), Duration.ofMinutes(30)));
  }

  @ParameterizedTest
  @CsvSource({"-0.1", "1.0", "NaN"})
  void decide_drawOutOfRange_isRefused(double random) {
    assertThatThrownBy(
            () -> BACKGROUND.decide(Failures.transientIn(Lane.SLOW), FIRST, START, random))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("random must be from 0 up to, but not including, 1, but is " + random);
  }

  @Test
  void decide_listedPermanent_isTriedLater_unlessTheListIsOff() {
    Classification listed = Failures.of(Severity.PERMANENT, Handling.RETRY, Lane.RATE_LIMIT);
    RetryPolicy off = BACKGROUND.toBuilder().allowList(false).build();

    assertThat(BACKGROUND.decide(listed, FIRST, START, 0)).isInstanceOf(Decision.Retry.class);
    assertThat(off.decide(listed, FIRST, START, 0)).isInstanceOf(Decision.Fail.class);
    assertThat(off.decide(Failures.transientIn(Lane.RATE_LIMIT), FIRST, START, 0))
        .isInstanceOf(Decision.Retry.class);
  }

  @Test
  void decide_success_isRefused() {
    assertThatThrownBy(
            () ->
                BACKGROUND.decide(
                    Failures.of(Severity.SUCCESS, Handling.PROCEED, Lane.IMMEDIATE),
                    FIRST,
                    START,
                    0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("nothing failed: ");
  }

  @Test
  void history_countedRetry_countsAttemptAndLane() {
    AttemptHistory before = new AttemptHistory(START, 2, Map.of(), true, true, 1, true, 0);

    assertThat(before.after(new Decision.Retry(Lane.SLOW, Duration.ofHours(1), true, "")))
        .isEqualTo(new AttemptHistory(START, 3, Map.of(Lane.SLOW, 1), false, false, 0, false, 1));
  }

  @Test
  void history_uncountedRetry_countsTheReconnectOnly() {
    assertThat(STALE.after(new Decision.Retry(Lane.IMMEDIATE, Duration.ZERO, false, "")))
        .isEqualTo(RECONNECTED);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, 'attempts must be at least 1, but is 0'",
    "1, -1, 0, 'reconnects must be at least 0, but is -1'",
    "1, 0, -1, 'unknownOutcomes must be at least 0, but is -1'"
  })
  void history_badCounts_areNamed(int attempts, int reconnects, int unknown, String message) {
    assertThatThrownBy(
            () ->
                new AttemptHistory(
                    START, attempts, Map.of(), false, false, reconnects, false, unknown))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void decision_negativeDelay_isRefused() {
    assertThatThrownBy(() -> new Decision.Retry(Lane.SLOW, Duration.ofMillis(-1), true, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("delay must not be negative, but is PT-0.001S");
  }

  @Test
  void builder_badValues_areNamed() {
    RetryPolicy.Builder builder = RetryPolicy.builder(Profile.INTERACTIVE);
    Backoff backoff = BACKGROUND.backoff(Lane.SLOW);

    assertRefused(
        () -> builder.name("A"), "name must be 1 to 40 characters of a-z, 0-9 and '-', but is 'A'");
    assertRefused(
        () -> builder.maxAttempts(0), "maxAttempts must be from 1 to 1000, or UNBOUNDED, but is 0");
    assertRefused(
        () -> builder.maxAttempts(1001),
        "maxAttempts must be from 1 to 1000, or UNBOUNDED, but is 1001");
    assertRefused(
        () -> builder.deadline(Duration.ofMillis(999)),
        "deadline must be from 1s to 30d, but is PT0.999S");
    assertRefused(
        () -> builder.deadline(Duration.ofDays(31)),
        "deadline must be from 1s to 30d, but is PT744H");
    assertRefused(
        () -> builder.jitter(1), "jitter must be from 0 up to, but not including, 1, but is 1.0");
    assertRefused(
        () -> builder.jitter(Double.NaN),
        "jitter must be from 0 up to, but not including, 1, but is NaN");
    assertRefused(
        () -> builder.alert(0, Duration.ofMinutes(1)),
        "alert threshold must be from 1 to 1000, but is 0");
    assertRefused(
        () -> builder.alert(1, Duration.ZERO), "alert window must be from 1s to 30d, but is PT0S");
    assertRefused(() -> builder.lane(Lane.IMMEDIATE, backoff), "lane IMMEDIATE has no schedule");
    assertRefused(() -> BACKGROUND.backoff(Lane.IMMEDIATE), "lane IMMEDIATE has no schedule");
    assertThat(builder.build()).hasToString(INTERACTIVE.toString());
  }

  private static void assertRefused(Runnable call, String message) {
    assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  @ParameterizedTest
  @EnumSource
  void toBuilder_keepsEverything(Profile profile) {
    RetryPolicy policy =
        RetryPolicy.builder(profile)
            .name("a")
            .maxAttempts(9)
            .deadline(Duration.ofMinutes(9))
            .jitter(0.9)
            .unknownOutcome(UnknownOutcome.REPORT)
            .lane(Lane.SLOW, Backoff.of(Duration.ofSeconds(9), 9, Duration.ofSeconds(99)).defer())
            .alert(9, Duration.ofSeconds(9))
            .enabled(false)
            .metricsRegistry("global")
            .build();

    assertThat(policy.toBuilder().build()).usingRecursiveComparison().isEqualTo(policy);
  }

  @Test
  void builder_usedFurther_leavesBuiltPoliciesAlone() {
    RetryPolicy.Builder builder = RetryPolicy.builder(Profile.BACKGROUND);
    RetryPolicy built = builder.build();

    builder.lane(Lane.SLOW, Backoff.of(Duration.ofSeconds(1), 1, Duration.ofSeconds(1)));

    assertThat(built.backoff(Lane.SLOW)).isEqualTo(BACKGROUND.backoff(Lane.SLOW));
  }

  @Test
  void toString_hasWhatDecides() {
    assertThat(RetryPolicy.builder(Profile.RFC5321).jitter(0.25).build())
        .hasToString(
            "RetryPolicy[rfc5321, attempts unbounded, deadline 5d, jitter 0.25,"
                + " unknown outcome resend, transient 5m x2.0 up to 3h,"
                + " greylist 5m x1.5 up to 1h, rate-limit 10m x2.0 up to 4h,"
                + " slow 2h x2.0 up to 12h, reputation 30m x2.0 up to 6h,"
                + " connection 1m x2.0 up to 1h]");
    assertThat(INTERACTIVE.toString())
        .contains("attempts 4, deadline 30s", "slow 1h x2.0 up to 2h deferred");
  }
}
