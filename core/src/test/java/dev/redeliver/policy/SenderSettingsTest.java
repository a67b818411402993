package dev.redeliver.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SenderSettingsTest {
  private static SenderSettings read(String... pairs) {
    Properties properties = new Properties();
    for (int i = 0; i < pairs.length; i += 2) {
      properties.setProperty("redeliver.sender." + pairs[i], pairs[i + 1]);
    }
    return SenderSettings.fromProperties(properties);
  }

  @Test
  void fromProperties_nothingSet_areTheDefaults() {
    SenderSettings settings = read();

    assertThat(settings.relays()).isEmpty();
    assertThat(settings.isWeighted()).isFalse();
    assertThat(settings.connections()).isEqualTo(4);
    assertThat(settings.messagesPerConnection()).isEqualTo(100);
    assertThat(settings.connectionAge()).isEqualTo(Duration.ofMinutes(5));
    assertThat(settings.idleCheck()).isEqualTo(Duration.ofSeconds(10));
    assertThat(settings.idleClose()).isEqualTo(Duration.ofMinutes(1));
    assertThat(settings.maxInFlight()).isEqualTo(10_000);
    assertThat(settings.backPressure()).isEqualTo(SenderSettings.BackPressure.WAIT);
  }

  @Test
  void fromProperties_allSet_areRead() {
    SenderSettings settings =
        read(
            "relays", "a.example.org, b.example.org:587=3,[2001:db8::1]:25",
            "connections", "10",
            "messages-per-connection", "7",
            "connection-age", "2m",
            "idle-check", "0s",
            "idle-close", "5s",
            "max-in-flight", "100000",
            "back-pressure", "reject");

    assertThat(settings.relays())
        .containsExactly(
            new SenderSettings.Relay("a.example.org", -1, 0),
            new SenderSettings.Relay("b.example.org", 587, 3),
            new SenderSettings.Relay("2001:db8::1", 25, 0));
    assertThat(settings.relays())
        .extracting(SenderSettings.Relay::toString)
        .containsExactly("a.example.org", "b.example.org:587=3", "[2001:db8::1]:25");
    assertThat(settings.isWeighted()).isTrue();
    assertThat(settings.connections()).isEqualTo(10);
    assertThat(settings.messagesPerConnection()).isEqualTo(7);
    assertThat(settings.connectionAge()).isEqualTo(Duration.ofMinutes(2));
    assertThat(settings.idleCheck()).isZero();
    assertThat(settings.idleClose()).isEqualTo(Duration.ofSeconds(5));
    assertThat(settings.maxInFlight()).isEqualTo(100_000);
    assertThat(settings.backPressure()).isEqualTo(SenderSettings.BackPressure.REJECT);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          relays                  | a:587:1     | is not host, host:port or host:port=weight.
          relays                  | a,          | is not host, host:port or host:port=weight.
          relays                  | a:0         | is not from 1 to 65535.
          relays                  | a=0         | is not from 1 to 1000.
          relays                  | a=1001      | is not from 1 to 1000.
          relays                  | a:25,a:25   | is not different.
          connections             | 0           | is not from 1 to 1000.
          connections             | many        | is not a whole number.
          connections             | 99999999999 | is not from 1 to 1000.
          messages-per-connection | -1          | is not from 1 to 1000000.
          connection-age          | 500ms       | is not from 1s to 1d.
          idle-check              | 25h         | is not from 0s to 1d.
          idle-close              | 10          | has no unit. Write 10s, 10m or PT10S.
          max-in-flight           | 10000001    | is not from 1 to 10000000.
          back-pressure           | block       | is not one of: wait, reject (in lower case).
          """)
  void fromProperties_badValue_isRefusedForEveryReader(String key, String value, String rule) {
    Properties properties = new Properties();
    properties.setProperty("redeliver.sender." + key, value);
    String message = "redeliver.sender." + key + ": '" + value + "' " + rule;

    assertThatThrownBy(() -> SenderSettings.fromProperties(properties)).hasMessage(message);
    assertThatThrownBy(() -> RetryPolicy.fromProperties(properties)).hasMessage(message);
  }

  @Test
  void fromProperties_otherKeysBad_namesThemToo() {
    Properties properties = new Properties();
    properties.setProperty("redeliver.retry.jitter", "2");
    properties.setProperty("redeliver.sender.connection", "4");

    assertThatThrownBy(() -> SenderSettings.fromProperties(properties))
        .hasMessageContaining("redeliver.retry.jitter: '2'")
        .hasMessageContaining("unknown key. Did you mean redeliver.sender.connections?");
  }

  @Test
  void fromProperties_profileByDefault_isUsedUnlessOneIsSet() {
    Properties properties = new Properties();
    assertThat(RetryPolicy.fromProperties(properties, Profile.BACKGROUND).profile())
        .isEqualTo(Profile.BACKGROUND);
    properties.setProperty("redeliver.profile", "rfc5321");
    assertThat(RetryPolicy.fromProperties(properties, Profile.BACKGROUND).profile())
        .isEqualTo(Profile.RFC5321);
  }
}
