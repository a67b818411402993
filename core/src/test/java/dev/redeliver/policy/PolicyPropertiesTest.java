package dev.redeliver.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.classify.Lane;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class PolicyPropertiesTest {
  private static Properties properties(Object... keysAndValues) {
    Properties properties = new Properties();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      properties.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return properties;
  }

  private static List<String> errors(Properties properties) {
    PolicyException refused =
        catchThrowableOfType(PolicyException.class, () -> RetryPolicy.fromProperties(properties));
    assertThat(refused).as("refused").isNotNull();
    assertThat(refused).hasMessage(String.join(System.lineSeparator(), refused.errors()));
    return refused.errors();
  }

  private static RetryPolicy read(Object... keysAndValues) {
    return RetryPolicy.fromProperties(properties(keysAndValues));
  }

  @Test
  void nothingSet_isTheInteractiveProfile() {
    RetryPolicy policy = RetryPolicy.fromProperties(properties("mail.smtp.host", "127.0.0.1"));

    assertThat(policy).hasToString(RetryPolicy.of(Profile.INTERACTIVE).toString());
    assertThat(policy.isEnabled()).isTrue();
    assertThat(policy.name()).isEqualTo("default");
    assertThat(policy.metricsRegistry()).isEqualTo("none");
    assertThat(policy.alertThreshold()).isEqualTo(3);
    assertThat(policy.alertWindow()).isEqualTo(Duration.ofMinutes(10));
    assertThat(policy.classifier()).isSameAs(ReplyClassifier.standard());
  }

  @Test
  void everythingWrong_isNamedAtOnce_andOtherKeysAreNot() {
    Properties properties =
        properties(
            "redeliver.retry.max-atempts", "3",
            "redeliver.retry.deadline", "30",
            "redeliver.retry.jitter", "1",
            "redeliver.profile", "Fast",
            "redeliver.enabled", "yes",
            "redeliver.lane.slow.multiplier", "0.5",
            "redeliver.alert.threshold", "0",
            "redeliver.secret", "hunter2",
            "mail.smtp.password", "hunter2");

    assertThat(errors(properties))
        .containsExactly(
            "redeliver.retry.max-atempts: unknown key."
                + " Did you mean redeliver.retry.max-attempts?",
            "redeliver.secret: unknown key.",
            "redeliver.profile: 'Fast' is not one of: interactive, background, rfc5321"
                + " (in lower case).",
            "redeliver.enabled: 'yes' is not true or false.",
            "redeliver.retry.deadline: '30' has no unit. Write 30s, 30m or PT30S.",
            "redeliver.retry.jitter: '1' is not from 0 up to, but not including, 1.",
            "redeliver.alert.threshold: '0' is not from 1 to 1000, nor 'first'.",
            "redeliver.lane.slow.multiplier: '0.5' is not from 1.0 to 10.0."
                + " Use 1.0 for a fixed delay.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          redeliver.enabled                     | TRUE        | is not true or false.
          redeliver.enabled                     | ''          | is not true or false.
          redeliver.name                        | Mailer      | is not 1 to 40 characters of a-z, 0-9 and '-'.
          redeliver.profile                     | BACKGROUND  | is not one of: interactive, background, rfc5321 (in lower case).
          redeliver.retry.max-attempts          | 0           | is not from 1 to 1000, nor 'unbounded'.
          redeliver.retry.max-attempts          | -1          | is not from 1 to 1000, nor 'unbounded'.
          redeliver.retry.max-attempts          | 1001        | is not from 1 to 1000, nor 'unbounded'.
          redeliver.retry.max-attempts          | 2147483647  | is not from 1 to 1000, nor 'unbounded'.
          redeliver.retry.max-attempts          | 99999999999 | is not from 1 to 1000, nor 'unbounded'.
          redeliver.retry.max-attempts          | 2.5         | is not a whole number, nor 'unbounded'.
          redeliver.retry.max-attempts          | infinite    | is not a whole number, nor 'unbounded'.
          redeliver.retry.deadline              | 999ms       | is not from 1s to 30d.
          redeliver.retry.deadline              | 0s          | is not from 1s to 30d.
          redeliver.retry.deadline              | 31d         | is not from 1s to 30d.
          redeliver.retry.deadline              | -5m         | is negative.
          redeliver.retry.deadline              | -5          | is negative.
          redeliver.retry.deadline              | PT-5M       | is negative.
          redeliver.retry.deadline              | 5 minutes   | is not a duration. Write for example 500ms, 30s, 5m, 4h, 2d or PT30S.
          redeliver.retry.deadline              | 1h30m       | is not a duration. Write for example 500ms, 30s, 5m, 4h, 2d or PT30S.
          redeliver.retry.deadline              | ''          | is not a duration. Write for example 500ms, 30s, 5m, 4h, 2d or PT30S.
          redeliver.retry.jitter                | -0.1        | is not from 0 up to, but not including, 1.
          redeliver.retry.jitter                | NaN         | is not a number.
          redeliver.retry.jitter                | 0.5f        | is not a number.
          redeliver.retry.jitter                | 20%         | is not a number.
          redeliver.unknown-outcome             | retry       | is not one of: resend, report (in lower case).
          redeliver.rules                       | ''          | is empty. Name a file, or leave the key out.
          redeliver.rules                       | /no/such    | cannot be read: there is no such file.
          redeliver.alert.threshold             | once        | is not a whole number, nor 'first'.
          redeliver.alert.threshold             | 1001        | is not from 1 to 1000, nor 'first'.
          redeliver.alert.window                | 10          | has no unit. Write 10s, 10m or PT10S.
          redeliver.alert.window                | 500ms       | is not from 1s to 30d.
          redeliver.metrics.registry            | Global      | is not none, global, or a static member as com.example.Metrics#registry.
          redeliver.metrics.registry            | com.example | is not none, global, or a static member as com.example.Metrics#registry.
          redeliver.metrics.registry            | com..A#b    | is not none, global, or a static member as com.example.Metrics#registry.
          redeliver.metrics.registry            | com.1A#b    | is not none, global, or a static member as com.example.Metrics#registry.
          redeliver.lane.slow.initial-delay     | 0s          | is not from 1ms to 30d.
          redeliver.lane.slow.initial-delay     | PT0.0005S   | is not from 1ms to 30d.
          redeliver.lane.slow.max-delay         | 31d         | is not from 1ms to 30d.
          redeliver.lane.rate-limit.multiplier  | two         | is not a number.
          redeliver.lane.rate-limit.multiplier  | 10.01       | is not from 1.0 to 10.0. Use 1.0 for a fixed delay.
          redeliver.lane.reputation.defer       | 1           | is not true or false.
          redeliver.lane.transient.max-delay    | 500ms       | is shorter than redeliver.lane.transient.initial-delay (1s, the default of profile interactive).
          redeliver.lane.transient.initial-delay| 9s          | is longer than redeliver.lane.transient.max-delay (8s, the default of profile interactive).
          """)
  void badValue_isRefused(String key, String value, String rule) {
    assertThat(errors(properties(key, value))).containsExactly(key + ": '" + value + "' " + rule);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          redeliver.retry.maxAttempts         | Did you mean redeliver.retry.max-attempts?
          redeliver.Retry.Deadline            | Did you mean redeliver.retry.deadline?
          redeliver.enable                    | Did you mean redeliver.enabled?
          redeliver.lane.ratelimit.defer      | Did you mean redeliver.lane.rate-limit.defer?
          redeliver.lane.greylist.initial     | Did you mean redeliver.lane.greylist.initial-delay?
          redeliver.lane.immediate.defer      |
          redeliver.something.else.altogether |
          redeliver.                          |
          """)
  void unknownKey_nearestIsNamedOnlyIfNear(String key, String suggestion) {
    assertThat(errors(properties(key, "hunter2")))
        .containsExactly(key + ": unknown key." + (suggestion == null ? "" : " " + suggestion));
  }

  /** Every row of the table is read: a value that nothing accepts is refused under its key. */
  @ParameterizedTest
  @MethodSource("keys")
  void everyKeyOfTheTable_isRead(String key) {
    assertThat(errors(properties(key, "\u0000?")))
        .singleElement()
        .asString()
        .startsWith(key + ": '\u0000?' ");
  }

  static List<String> keys() {
    return PolicyKeys.list().stream().map(PolicyKeys.Key::name).toList();
  }

  @ParameterizedTest
  @EnumSource
  void everyDefaultOfTheTable_changesNothing(Profile profile) {
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

  @Test
  void goodValues_override() {
    RetryPolicy policy =
        read(
            "redeliver.enabled", "false",
            "redeliver.name", "news-2",
            "redeliver.profile", "background",
            "redeliver.retry.max-attempts", "unbounded",
            "redeliver.retry.deadline", "PT36H",
            "redeliver.retry.jitter", "0",
            "redeliver.retry.allow-list", "false",
            "redeliver.unknown-outcome", "report",
            "redeliver.alert.threshold", "first",
            "redeliver.alert.window", "1d",
            "redeliver.metrics.registry", "com.example.App$Inner#registry",
            "redeliver.lane.greylist.max-delay", " \t1h ",
            "redeliver.lane.slow.defer", "true");

    assertThat(policy.isEnabled()).isFalse();
    assertThat(policy.name()).isEqualTo("news-2");
    assertThat(policy.profile()).isEqualTo(Profile.BACKGROUND);
    assertThat(policy.maxAttempts()).isEqualTo(RetryPolicy.UNBOUNDED);
    assertThat(policy.deadline()).isEqualTo(Duration.ofHours(36));
    assertThat(policy.jitter()).isZero();
    assertThat(policy.allowList()).isFalse();
    assertThat(policy.unknownOutcome()).isEqualTo(UnknownOutcome.REPORT);
    assertThat(policy.alertThreshold()).isEqualTo(1);
    assertThat(policy.alertWindow()).isEqualTo(Duration.ofDays(1));
    assertThat(policy.metricsRegistry()).isEqualTo("com.example.App$Inner#registry");
    assertThat(policy.backoff(Lane.GREYLIST))
        .isEqualTo(Backoff.of(Duration.ofMinutes(5), 1.5, Duration.ofHours(1)));
    assertThat(policy.backoff(Lane.SLOW))
        .isEqualTo(Backoff.of(Duration.ofHours(1), 2, Duration.ofHours(2)).defer());
    assertThat(policy.backoff(Lane.TRANSIENT))
        .isEqualTo(RetryPolicy.of(Profile.BACKGROUND).backoff(Lane.TRANSIENT));
  }

  @ParameterizedTest
  @CsvSource({
    "500ms, PT0.5S",
    "30s, PT30S",
    "5m, PT5M",
    "2h, PT2H",
    "1d, PT24H",
    "PT0.5S, PT0.5S",
    "P1DT1H, PT25H"
  })
  void duration_eitherForm(String text, Duration expected) {
    RetryPolicy policy =
        read("redeliver.lane.slow.initial-delay", text, "redeliver.lane.slow.max-delay", "30d");

    assertThat(policy.backoff(Lane.SLOW).initial()).isEqualTo(expected);
  }

  @Test
  void bothDelaysOfALane_areCompared() {
    assertThat(
            errors(
                properties(
                    "redeliver.lane.slow.initial-delay", "2h",
                    "redeliver.lane.slow.max-delay", "90m")))
        .containsExactly(
            "redeliver.lane.slow.max-delay: '90m' is shorter than"
                + " redeliver.lane.slow.initial-delay (2h).");
  }

  /** With another profile 20s may be right. */
  @Test
  void profileNotReadable_itsDefaultsAreNotComparedWith() {
    assertThat(
            errors(
                properties(
                    "redeliver.profile", "slow", "redeliver.lane.transient.initial-delay", "20s")))
        .containsExactly(
            "redeliver.profile: 'slow' is not one of: interactive, background, rfc5321"
                + " (in lower case).");
  }

  @Test
  void objects_areReadAsWhatTheySay() {
    RetryPolicy policy =
        read(
            "redeliver.enabled",
            false,
            "redeliver.profile",
            Profile.BACKGROUND,
            "redeliver.retry.max-attempts",
            7,
            "redeliver.retry.deadline",
            Duration.ofHours(1),
            "redeliver.retry.jitter",
            0.5f,
            "redeliver.unknown-outcome",
            UnknownOutcome.REPORT);

    assertThat(policy.isEnabled()).isFalse();
    assertThat(policy.profile()).isEqualTo(Profile.BACKGROUND);
    assertThat(policy.maxAttempts()).isEqualTo(7);
    assertThat(policy.deadline()).isEqualTo(Duration.ofHours(1));
    assertThat(policy.jitter()).isEqualTo(0.5);
    assertThat(policy.unknownOutcome()).isEqualTo(UnknownOutcome.REPORT);
  }

  @Test
  void objects_thatSayNothing_areRefused() {
    assertThat(
            errors(
                properties(
                    "redeliver.retry.max-attempts", List.of(3), "redeliver.retry.deadline", 30)))
        .containsExactly(
            "redeliver.retry.max-attempts: '[3]' is not a whole number, nor 'unbounded'.",
            "redeliver.retry.deadline: '30' has no unit. Write 30s, 30m or PT30S.");
  }

  @Test
  void defaultsOfTheProperties_count() {
    Properties outer = new Properties(new Properties(properties("redeliver.name", "outer")));
    outer.setProperty("redeliver.retry.max-attempts", "2");
    Properties inner = new Properties(outer);
    inner.put("redeliver.retry.max-attempts", 5);

    assertThat(RetryPolicy.fromProperties(inner).name()).isEqualTo("outer");
    assertThat(RetryPolicy.fromProperties(inner).maxAttempts()).isEqualTo(5);
  }

  /** getProperty gives null for them, so they would be overlooked. */
  @Test
  void objectsAmongTheDefaults_areRefused() {
    Properties defaults =
        properties("redeliver.retry.max-attempts", 5, "redeliver.retry.attempts", 5, "other", 1);

    assertThat(errors(new Properties(defaults)))
        .containsExactly(
            "redeliver.retry.attempts: unknown key. Did you mean redeliver.retry.max-attempts?",
            "redeliver.retry.max-attempts: is no string among the defaults,"
                + " where only strings can be read.");
  }

  @Test
  void keysThatAreNoStrings_areNotOurs() {
    assertThat(read(42, "x", "redeliver.name", "mine").name()).isEqualTo("mine");
  }

  @Test
  void rules_winOverTheBuiltInOnes(@TempDir Path directory) throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("rules.tsv"), "id\tbasic\tcause\nown.mine\t450\tpolicy\n");

    RetryPolicy policy = read("redeliver.rules", file.toString());

    assertThat(policy.classifier().classify(SmtpStage.RCPT, SmtpReply.parse("450 x")).ruleId())
        .isEqualTo("own.mine");
  }

  @Test
  void rules_fromTheClassPath_areFoundOrNamed() {
    RetryPolicy policy = read("redeliver.rules", "classpath:dev/redeliver/policy/own-rules.tsv");

    assertThat(policy.classifier().classify(SmtpStage.RCPT, SmtpReply.parse("450 x")).ruleId())
        .isEqualTo("own.450");
    assertThat(errors(properties("redeliver.rules", "classpath:no/such")))
        .containsExactly(
            "redeliver.rules: 'classpath:no/such' cannot be read: there is no such file.");
    assertThat(
            errors(properties("redeliver.rules", "classpath:/dev/redeliver/policy/own-rules.tsv")))
        .containsExactly(
            "redeliver.rules: 'classpath:/dev/redeliver/policy/own-rules.tsv' cannot be read: there"
                + " is no such file. Leave out the leading slash.");
  }

  @Test
  void rules_thatAreADirectory_areRefused(@TempDir Path directory) {
    assertThat(errors(properties("redeliver.rules", directory)))
        .containsExactly("redeliver.rules: '" + directory + "' is a directory. Name a file.");
  }

  @Test
  void rules_bad_areNamedRowByRow(@TempDir Path directory) throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("rules.tsv"),
            "id\tbasic\tcause\nown.a\t45x\tgreylist\nown.b\t450\tpolicy\na 450 policy\n");

    assertThat(errors(properties("redeliver.rules", file, "redeliver.retry.jitter", "2")))
        .containsExactly(
            "redeliver.retry.jitter: '2' is not from 0 up to, but not including, 1.",
            "redeliver.rules: "
                + file
                + ": line 2, column cause: 'greylist' is unknown. Did you mean 'greylisted'?",
            "redeliver.rules: "
                + file
                + ": line 2, column basic: '45x' is no code. Write 450, or 45 for 450 to 459, or 4"
                + " for every 4yz, or 0 for a reply without a code; with commas between several.",
            "redeliver.rules: "
                + file
                + ": line 4: has 1 cell, the header names 3 columns. Cells are separated by a tab;"
                + " spaces do not count as one.");
  }

  @Test
  void rules_fromTheClassPath_areCheckedLikeAFile() {
    assertThat(errors(properties("redeliver.rules", "classpath:dev/redeliver/policy/latin-1.tsv")))
        .containsExactly(
            "redeliver.rules: classpath:dev/redeliver/policy/latin-1.tsv: line 3: octet 0xE9 is not"
                + " UTF-8. Save the file as UTF-8.");
  }

  @Test
  void exception_keepsItsMessageWhenSerialised() {
    PolicyException refused = new PolicyException(List.of("a: 'b' is c.", "d: unknown key."));

    assertThat(refused.errors()).containsExactly("a: 'b' is c.", "d: unknown key.");
    assertThat(Objects.requireNonNull(refused.getMessage()).lines())
        .containsExactly("a: 'b' is c.", "d: unknown key.");
  }

  @Test
  void table_hasARowForEveryKeyAndItsDefaults() {
    List<String> rows = PolicyKeys.markdownTable().lines().toList();

    assertThat(rows).hasSize(2 + PolicyKeys.list().size());
    assertThat(rows.get(0))
        .isEqualTo("| key | default (interactive / background / rfc5321) | may be | meaning |");
    assertThat(rows)
        .contains(
            "| `redeliver.retry.max-attempts` | `4` / `12` / `unbounded` | 1 to 1000, `unbounded`"
                + " | attempts per recipient, the first included |",
            "| `redeliver.lane.connection.initial-delay` | `500ms` / `5s` / `1m` | 1ms to 30d"
                + " | delay after the first failure |",
            "| `redeliver.lane.greylist.defer` | `true` / `false` / `false` | `true`, `false`"
                + " | name the next try instead of waiting for it |");
  }
}
