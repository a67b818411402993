package dev.redeliver.delivery;

import static dev.redeliver.delivery.ScriptedSubmitter.accepted;
import static dev.redeliver.delivery.ScriptedSubmitter.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.Leave;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.RecordingWaiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@SuppressWarnings({"UnusedVariable", "UnusedMethod", "FutureReturnValueIgnored"})
class DeliveryLeaveTest {
  private static final String A = "a@example.org";

  private final FakeClock clock = new FakeClock();
  private final RecordingWaiter waiter = new RecordingWaiter(clock);
  private final RetryPolicy policy =
      RetryPolicy.builder(Profile.BACKGROUND).jitter(0).alert(1, Duration.ofMinutes(10)).build();

  private Redeliverer.Builder builder(RetryPolicy policy) {
    return Redeliverer.builder(policy).clock(clock).waiter(waiter::await);
  }

  private static Envelope envelope(String... recipients) {
    return Envelope.of("<1@example.org>", List.of(recipients));
  }

  private void errorIn(DeliveryListener listener) {
    Redeliverer redeliverer = builder(policy).listener(listener).build();
    try {
      redeliverer.deliver(envelope(A), new ScriptedSubmitter().then(to -> accepted()));
    } catch (NoClassDefFoundError e) {
      // the caller's
    }
    assertThat(redeliverer.guard().status()).as("busy").isEmpty();
  }

  @Test
  void errorInAttemptStarted_leaveIsGivenBack() {
    errorIn(
        new DeliveryListener() {
          @Override
          public void attemptStarted(Envelope envelope) {
            throw new NoClassDefFoundError("x");
          }
        });
  }

  @Test
  void errorInAttemptFinished_leaveIsGivenBack() {
    errorIn(
        new DeliveryListener() {
          @Override
          public void attemptFinished(Attempt attempt) {
            throw new NoClassDefFoundError("x");
          }
        });
  }

  @Test
  void messageToAPausedDestination_takesNoTurnOfTheRelay() {
    RetryPolicy slow =
        policy.toBuilder()
            .deadline(Duration.ofMinutes(5))
            .guard(GuardSettings.DEFAULT.withMaxRate(1))
            .build();
    Redeliverer redeliverer = builder(slow).build();
    ScriptedSubmitter server = new ScriptedSubmitter();
    server.then(
        to -> refused(SmtpStage.RCPT, "450 4.7.1 Your IP address has a poor reputation here"));
    redeliverer.deliver("relay", envelope(A), server);
    clock.advance(Duration.ofMinutes(2));
    Leave before = redeliverer.guard().ask(Destination.relay("relay"));
    assertThat(before).isInstanceOf(Leave.Granted.class);
    redeliverer.guard().abandon(((Leave.Granted) before).permit());
    clock.advance(Duration.ofMinutes(2));
    for (int i = 0; i < 3; i++) {
      // a is asleep: nothing is sent
      redeliverer.deliver("relay", envelope(A), server);
    }
    assertThat(redeliverer.guard().opensAt(Destination.relay("relay")))
        .isBeforeOrEqualTo(clock.instant());
  }

  @Test
  void guardOff_alertsDoNotSpeakOfPauses() {
    List<String> alerts = new ArrayList<>();
    Redeliverer redeliverer =
        builder(
                policy.toBuilder()
                    .maxAttempts(1)
                    .guard(GuardSettings.DEFAULT.withEnabled(false))
                    .build())
            .alertListener(alert -> alerts.add(alert.state() + " " + alert.reaction()))
            .build();
    ScriptedSubmitter server = new ScriptedSubmitter();
    for (int i = 0; i < 2; i++) {
      server.then(
          to ->
              refused(
                  SmtpStage.RCPT,
                  "421 4.7.0 [TSS04] Messages from 1.2.3.4 temporarily deferred due to user"
                      + " complaints"));
      redeliverer.deliver(envelope("a@yahoo.com"), server);
      clock.advance(Duration.ofMinutes(125));
    }
    System.out.println(alerts);
    assertThat(alerts).noneMatch(alert -> alert.startsWith("ESCALATED"));
  }
}
