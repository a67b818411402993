package dev.redeliver.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.policy.AddressLog;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.RecordingWaiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.Level;
import org.slf4j.event.LoggingEvent;

class DeliveryLogTest {
  private static final String A = "ann@example.org";

  private final RecordingLogger deliveries = new RecordingLogger();
  private final RecordingLogger destinations = new RecordingLogger();
  private final FakeClock clock = new FakeClock();
  private final RecordingWaiter waiter = new RecordingWaiter(clock);
  private final ScriptedSubmitter server = new ScriptedSubmitter();

  private void deliver(AddressLog addresses, int times) {
    RetryPolicy policy =
        RetryPolicy.builder(Profile.INTERACTIVE)
            .jitter(0)
            .alert(1, Duration.ofMinutes(10))
            .guard(GuardSettings.DEFAULT)
            .build();
    Redeliverer redeliverer =
        Redeliverer.builder(policy)
            .clock(clock)
            .waiter(waiter::await)
            .listener(new DeliveryLog(addresses, () -> deliveries, () -> destinations))
            .build();
    for (int i = 0; i < times; i++) {
      redeliverer.deliver(Envelope.of("<1@example.test>", List.of(A)), server);
    }
  }

  private static List<String> pairs(LoggingEvent event) {
    List<String> pairs = new ArrayList<>();
    event.getKeyValuePairs().forEach(pair -> pairs.add(pair.key + "=" + pair.value));
    return pairs;
  }

  private LoggingEvent only() {
    assertThat(deliveries.events).hasSize(1);
    return deliveries.events.remove();
  }

  @Test
  void accepted_isOneQuietLine() {
    server.then(to -> ScriptedSubmitter.accepted());
    deliver(AddressLog.MASKED, 1);

    LoggingEvent line = only();
    assertThat(line.getLevel()).isEqualTo(Level.DEBUG);
    assertThat(pairs(line))
        .containsExactly("outcome=accepted", "attempts=1", "recipient=a***@example.org");
  }

  @ParameterizedTest
  @CsvSource({"NONE, ''", "MASKED, a***@example.org", "FULL, ann@example.org"})
  void address_isShownAsWanted(AddressLog addresses, String shown) {
    server.then(to -> ScriptedSubmitter.refused(SmtpStage.RCPT, "550 5.1.1 <" + A + "> unknown"));
    deliver(addresses, 1);

    LoggingEvent line = only();
    assertThat(line.getLevel()).isEqualTo(Level.INFO);
    assertThat(pairs(line)).contains("outcome=refused", "cause=mailbox-unknown");
    assertThat(pairs(line).stream().filter(pair -> pair.startsWith("recipient=")).toList())
        .isEqualTo(shown.isEmpty() ? List.of() : List.of("recipient=" + shown));
    assertThat(line.getMessage()).doesNotContain("ann");
  }

  @Test
  void deferred_isAWarning_withTheTimeOfALaterTry() {
    server.then(to -> ScriptedSubmitter.refused(SmtpStage.RCPT, "452 4.2.2 Mailbox full"));
    deliver(AddressLog.MASKED, 1);

    LoggingEvent line = only();
    assertThat(line.getLevel()).isEqualTo(Level.WARN);
    assertThat(pairs(line)).contains("outcome=deferred", "later-try=2026-01-01T01:00:00Z");
  }

  @Test
  void putOffByTheGuard_saysSo_withoutTheWordsOfTheServer() {
    server.then(
        to ->
            ScriptedSubmitter.refused(
                SmtpStage.RCPT, "450 4.7.1 <" + A + "> your IP address has a poor reputation"));
    deliver(AddressLog.MASKED, 2);

    deliveries.events.remove();
    LoggingEvent line = only();
    assertThat(pairs(line))
        .contains("outcome=deferred", "attempts=0", "later-try=2026-01-01T00:15:00Z");
    assertThat(line.getMessage()).isEqualTo("mail to example.org pauses");
    assertThat(destinations.events.remove().getLevel()).isEqualTo(Level.WARN);
    assertThat(pairs(destinations.events.remove()))
        .containsExactly("destination=example.org", "state=paused", "next-at=2026-01-01T00:15:00Z");
  }
}
