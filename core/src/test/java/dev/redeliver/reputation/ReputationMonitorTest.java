package dev.redeliver.reputation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReputationMonitorTest {
  private static final Duration WINDOW = Duration.ofMinutes(10);
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final ReputationMonitor monitor = new ReputationMonitor(3, WINDOW);

  private List<ReputationAlert> observe(String destination, String reply, int minute) {
    return observe(monitor, destination, reply, minute);
  }

  private static List<ReputationAlert> observe(
      ReputationMonitor monitor, String destination, String reply, int minute) {
    SmtpFailure failure = new SmtpFailure.Refused(SmtpStage.MAIL, SmtpReply.parse(reply));
    Classification read = ReplyClassifier.standard().classify(failure);
    return monitor.observe(destination, failure, read, START.plus(Duration.ofMinutes(minute)));
  }

  @Test
  void observe_thresholdWithinWindow_raisesOnce() {
    assertThat(observe("mx", "421 4.7.0 refused", 0)).isEmpty();
    assertThat(observe("mx", "421 4.7.0 refused", 1)).isEmpty();
    assertThat(observe("mx", "421 4.7.0 refused", 2))
        .singleElement()
        .satisfies(
            alert -> {
              assertThat(alert.state()).isEqualTo(ReputationAlert.State.RAISED);
              assertThat(alert.destination()).isEqualTo("mx");
              assertThat(alert.count()).isEqualTo(3);
              assertThat(alert.firstSeen()).isEqualTo(START);
              assertThat(alert.lastSeen()).isEqualTo(START.plus(Duration.ofMinutes(2)));
            });
    assertThat(observe("mx", "421 4.7.0 refused", 3)).isEmpty();
  }

  @Test
  void observe_slowerThanTheWindow_raisesNothing() {
    for (int i = 0; i < 10; i++) {
      assertThat(observe("mx", "421 4.7.0 refused", i * 6)).isEmpty();
    }
  }

  @Test
  void observe_otherCauses_areNotCounted() {
    for (int i = 0; i < 10; i++) {
      assertThat(observe("mx", "450 4.7.1 Greylisted", 0)).isEmpty();
      assertThat(observe("mx", "550 5.1.1 user unknown", 0)).isEmpty();
    }
  }

  @Test
  void observe_destinationsAndCauses_areCountedApart() {
    observe("mx1", "421 4.7.0 refused", 0);
    observe("mx2", "421 4.7.0 refused", 0);
    observe("mx1", "550 5.7.26 DMARC failed", 0);

    assertThat(observe("mx1", "421 4.7.0 refused", 1)).isEmpty();
    assertThat(observe("mx1", "421 4.7.0 refused", 1)).hasSize(1);
  }

  @Test
  void resolveQuiet_afterAWindow_resolvesOnce() {
    ReputationMonitor first = new ReputationMonitor(1, WINDOW);
    observe(first, "mx", "421 4.7.0 refused", 0);

    assertThat(first.resolveQuiet(START.plus(Duration.ofMinutes(9)))).isEmpty();
    assertThat(first.resolveQuiet(START.plus(WINDOW)))
        .singleElement()
        .extracting(ReputationAlert::state)
        .isEqualTo(ReputationAlert.State.RESOLVED);
    assertThat(first.resolveQuiet(START.plus(WINDOW))).isEmpty();
    assertThat(observe(first, "mx", "421 4.7.0 refused", 20)).hasSize(1);
  }

  @Test
  void observe_moreDestinationsThanTheLimit_forgetsTheOldest() {
    observe("first", "421 4.7.0 refused", 0);
    observe("first", "421 4.7.0 refused", 0);
    for (int i = 0; i < ReputationMonitor.MAX_DESTINATIONS; i++) {
      observe("mx" + i, "421 4.7.0 refused", 0);
    }

    assertThat(observe("first", "421 4.7.0 refused", 1)).isEmpty();
  }

  @Test
  void constructor_badValues_areNamed() {
    assertThatThrownBy(() -> new ReputationMonitor(0, WINDOW))
        .hasMessage("threshold must be at least 1, but is 0");
    assertThatThrownBy(() -> new ReputationMonitor(1, Duration.ZERO))
        .hasMessage("window must be positive, but is PT0S");
  }
}
