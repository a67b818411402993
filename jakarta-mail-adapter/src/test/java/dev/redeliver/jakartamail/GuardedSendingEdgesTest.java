package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(15)
@SuppressWarnings({"UnusedVariable", "UnusedMethod", "FutureReturnValueIgnored"})
class GuardedSendingEdgesTest {
  private static final String BOB = "bob@example.org";
  private static final String CAROL = "carol@example.net";
  private static final String BLAME = "450 4.7.1 Your IP address has a poor reputation here";

  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();
  private final FakeClock clock = new FakeClock();
  private Duration lag = Duration.ZERO;
  private final InstantSource wall = () -> clock.instant().minus(lag);
  private final ManualScheduler scheduler = new ManualScheduler(clock);
  private final Properties properties = TransportKind.properties(server);
  private final List<MailSender> senders = new ArrayList<>();
  private Redeliverer redeliverer = Redeliverer.of(RetryPolicy.of(Profile.BACKGROUND));

  private static RetryPolicy.Builder policy(Profile profile) {
    return RetryPolicy.builder(profile).jitter(0).alert(1, Duration.ofMinutes(10));
  }

  private MailSender sender(RetryPolicy policy, InstantSource time, DeliveryListener listener) {
    redeliverer = Redeliverer.builder(policy).clock(time).listener(listener).build();
    MailSender sender =
        MailSender.builder(Session.getInstance(properties))
            .redeliverer(redeliverer)
            .settings(SenderSettings.builder().build())
            .executor(Runnable::run)
            .scheduler(scheduler)
            .build();
    senders.add(sender);
    return sender;
  }

  private MailSender sender(RetryPolicy.Builder policy) {
    return sender(policy.build(), clock, new DeliveryListener() {});
  }

  private static CompletableFuture<DeliveryReport> send(MailSender sender, String... to)
      throws MessagingException {
    return sender.send(TransportKind.message(), TransportKind.to(to));
  }

  @AfterEach
  void close() throws Exception {
    // what is stuck makes close() wait for ever
    Thread closing = new Thread(() -> senders.forEach(sender -> sender.close(Duration.ZERO)));
    closing.setDaemon(true);
    closing.start();
    closing.join(2000);
    server.close();
  }

  /** Blames once, and forgets the message that was blamed. */
  private void pauseBob(MailSender sender) throws Exception {
    server.on(Stage.RCPT).to(BOB).times(1).reply(BLAME);
    send(sender, BOB).cancel(false);
  }

  @Test
  void cancelledWhileAsleep_theOthersAreSent() throws Exception {
    MailSender sender = sender(policy(Profile.BACKGROUND));
    pauseBob(sender);
    send(sender, BOB).cancel(false); // its line sleeps, and is idle now
    List<CompletableFuture<DeliveryReport>> more = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      more.add(send(sender, BOB));
    }
    scheduler.advance(Duration.ofDays(40));
    assertThat(more).as("every future completes").allMatch(CompletableFuture::isDone);
  }

  @Test
  void cancelledWhileAsleep_isNotCountedAnyMore() throws Exception {
    MailSender sender = sender(policy(Profile.BACKGROUND));
    pauseBob(sender);
    send(sender, BOB).cancel(false);
    CompletableFuture<DeliveryReport> one = send(sender, BOB);
    CompletableFuture<DeliveryReport> two = send(sender, BOB);
    scheduler.advance(Duration.ofMinutes(16));
    two.cancel(false);
    scheduler.advance(Duration.ofDays(40));
    assertThat(one).isDone();
    assertThat(sender.status().ready()).isZero();
    assertThat(redeliverer.guard().status()).allMatch(status -> status.busy() == 0);
  }

  @Test
  void timerALittleEarlyByTheWallClock_isSetAgain() throws Exception {
    MailSender sender = sender(policy(Profile.BACKGROUND).build(), wall, new DeliveryListener() {});
    pauseBob(sender);
    CompletableFuture<DeliveryReport> waits = send(sender, BOB);
    scheduler.advance(Duration.ofMinutes(14));
    lag = Duration.ofMillis(5); // NTP slewed the wall clock; the timer is monotonic
    scheduler.advance(Duration.ofMinutes(30));
    assertThat(waits).as("half an hour later").isDone();
  }

  @Test
  void oneSleepsLong_anotherIsPaced_oneTimerForBoth() throws Exception {
    MailSender sender =
        sender(
            policy(Profile.BACKGROUND)
                .guard(GuardSettings.DEFAULT.withMaxRate(60).withPause(Duration.ofHours(2))));
    pauseBob(sender);
    var unused = send(sender, BOB);
    for (int i = 0; i < 300; i++) {
      unused = send(sender, CAROL);
    }
    scheduler.advance(Duration.ofSeconds(250));
    List<Duration> waits = scheduler.waits();
    long far = waits.stream().filter(wait -> wait.compareTo(Duration.ofHours(1)) > 0).count();
    assertThat(far).as("timers for Bob's waking").isLessThan(10);
  }

  @Test
  void messagesEndedWhileTheirDestinationSleeps_leaveNothingBehind() throws Exception {
    MailSender sender = sender(policy(Profile.BACKGROUND).deadline(Duration.ofMinutes(5)));
    pauseBob(sender);
    for (int i = 0; i < 1000; i++) {
      assertThat(send(sender, BOB)).isDone();
    }
    var dispatcher = field(sender, "dispatcher");
    Collection<?> sleepers = (Collection<?>) field(field(dispatcher, "ready"), "sleepers");
    assertThat(sleepers).hasSizeLessThan(10);
  }

  @SuppressWarnings("NullAway")
  private static Object field(Object owner, String name) throws Exception {
    var field = owner.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(owner);
  }

  @Test
  void firstRecipientsDestinationPauses_theOthersGo() throws Exception {
    MailSender sender = sender(policy(Profile.BACKGROUND));
    pauseBob(sender);
    var unused = send(sender, BOB); // asleep
    CompletableFuture<DeliveryReport> both = send(sender, BOB, CAROL);
    scheduler.advance(Duration.ofMinutes(1));
    assertThat(both).isNotDone();
    assertThat(server.copies(message -> true, CAROL)).isEqualTo(1);
  }

  @Test
  void errorsOfAListenerAtBothEnds_futureCompletes() throws Exception {
    MailSender sender =
        sender(
            policy(Profile.BACKGROUND).build(),
            clock,
            new DeliveryListener() {
              @Override
              public void attemptStarted(Envelope envelope) {
                throw new NoClassDefFoundError("metrics");
              }

              @Override
              public void attemptWithdrawn(Envelope envelope) {
                throw new NoClassDefFoundError("metrics");
              }
            });
    CompletableFuture<DeliveryReport> future = null;
    try {
      future = send(sender, BOB);
    } catch (NoClassDefFoundError e) {
      // the executor is the calling thread
    }
    scheduler.advance(Duration.ofDays(40));
    assertThat(sender.status().sending()).isZero();
    if (future != null) {
      assertThat(future).isDone();
    }
  }

  @Test
  void errorOfAListenerAtTheEndOfTheProbe_destinationOpens() throws Exception {
    boolean[] broken = {false};
    MailSender sender =
        sender(
            policy(Profile.BACKGROUND).build(),
            clock,
            new DeliveryListener() {
              @Override
              public void attemptFinished(Attempt attempt) {
                if (broken[0]) {
                  throw new NoClassDefFoundError("once");
                }
              }
            });
    pauseBob(sender);
    clock.advance(Duration.ofMinutes(16));
    broken[0] = true;
    try {
      var unused = send(sender, BOB);
    } catch (NoClassDefFoundError e) {
      // the executor is the calling thread
    }
    broken[0] = false;
    CompletableFuture<DeliveryReport> next = send(sender, BOB);
    scheduler.advance(Duration.ofDays(2));
    assertThat(redeliverer.guard().status())
        .allMatch(status -> status.state() != DestinationStatus.State.PROBING);
    assertThat(next.join().recipients().get(0).outcome()).isEqualTo(Outcome.ACCEPTED);
  }

  @Test
  void clockSetBack_pacedDestinationGoesOn() throws Exception {
    MailSender sender =
        sender(policy(Profile.BACKGROUND).guard(GuardSettings.DEFAULT.withMaxRate(60)));
    assertThat(send(sender, BOB)).isDone();
    clock.set(FakeClock.START.minus(Duration.ofHours(3)));
    CompletableFuture<DeliveryReport> next = send(sender, BOB);
    scheduler.advance(Duration.ofMinutes(10));
    assertThat(next).isDone();
  }

  @Test
  void relayBlames_isTheSendersOwnBusiness() throws Exception {
    server.on(Stage.MAIL).times(1).reply(BLAME);
    MailSender sender = sender(policy(Profile.BACKGROUND));
    CompletableFuture<DeliveryReport> one = send(sender, BOB);
    for (int i = 0; i < 48; i++) {
      scheduler.advance(Duration.ofHours(1));
      assertThat(send(sender, CAROL)).isDone();
    }
    assertThat(one).isDone();
    assertThat(redeliverer.alerts()).isEmpty();
    assertThat(redeliverer.guard().status())
        .allMatch(status -> status.state() != DestinationStatus.State.PAUSED);
  }

  @Test
  void close_sleepersBeyondTheLimit_endAtOnce() throws Exception {
    MailSender sender = sender(policy(Profile.BACKGROUND));
    pauseBob(sender);
    CompletableFuture<DeliveryReport> waits = send(sender, BOB);
    Thread closing = new Thread(() -> sender.close(Duration.ofMinutes(5)));
    closing.start();
    closing.join(3000);
    boolean ended = waits.isDone();
    scheduler.advance(Duration.ofMinutes(6));
    closing.join();
    assertThat(ended).as("cannot be sent within the limit; a WAITING one ends at once").isTrue();
  }

  @Test
  void probeUnderWay_messageWithLessThanItsWaitLeft_isNotGivenUpAtOnce() throws Exception {
    // the message arrives during a probe that takes a moment
    List<CompletableFuture<DeliveryReport>> during = new ArrayList<>();
    MailSender[] it = new MailSender[1];
    boolean[] armed = {false};
    it[0] =
        sender(
            policy(Profile.BACKGROUND).deadline(Duration.ofSeconds(20)).build(),
            clock,
            new DeliveryListener() {
              @Override
              public void attemptStarted(Envelope envelope) {
                if (armed[0]) {
                  armed[0] = false;
                  try {
                    during.add(send(it[0], BOB));
                  } catch (MessagingException e) {
                    throw new IllegalStateException(e);
                  }
                }
              }
            });
    pauseBob(it[0]);
    clock.advance(Duration.ofMinutes(16));
    armed[0] = true;
    var unused = send(it[0], BOB);
    scheduler.advance(Duration.ofSeconds(1));
    assertThat(during.get(0).isDone()).isTrue();
    assertThat(during.get(0).join().recipients().get(0).outcome()).isEqualTo(Outcome.ACCEPTED);
  }

  @Test
  void deadlineExactlyAtThePausesEnd_isTriedThen() throws Exception {
    MailSender sender = sender(policy(Profile.BACKGROUND).deadline(Duration.ofMinutes(15)));
    pauseBob(sender);
    CompletableFuture<DeliveryReport> at = send(sender, BOB);
    scheduler.advance(Duration.ofMinutes(20));
    assertThat(at.join().recipients().get(0).outcome()).isEqualTo(Outcome.ACCEPTED);
  }

  @Test
  void twoSendersOneRedeliverer_probeOfOne_wakesTheOther() throws Exception {
    MailSender one = sender(policy(Profile.BACKGROUND));
    MailSender two =
        MailSender.builder(Session.getInstance(properties))
            .redeliverer(redeliverer)
            .settings(SenderSettings.builder().build())
            .executor(Runnable::run)
            .scheduler(scheduler)
            .build();
    senders.add(two);
    pauseBob(one);
    CompletableFuture<DeliveryReport> a = send(one, BOB);
    CompletableFuture<DeliveryReport> b = send(two, BOB);
    scheduler.advance(Duration.ofMinutes(17));
    assertThat(a).isDone();
    assertThat(b).isDone();
    assertThat(redeliverer.guard().status()).allMatch(status -> status.busy() == 0);
  }

  @Test
  void maxConnectionsOne_allAreSent_nobodyLeaks() throws Exception {
    MailSender sender =
        sender(policy(Profile.BACKGROUND).guard(GuardSettings.DEFAULT.withMaxConnections(1)));
    List<CompletableFuture<DeliveryReport>> all = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      all.add(send(sender, BOB));
    }
    scheduler.advance(Duration.ofMinutes(5));
    assertThat(all).allMatch(CompletableFuture::isDone);
    assertThat(redeliverer.guard().status()).allMatch(status -> status.busy() == 0);
  }

  @Test
  void pinned_pausedDestination_completesOnce() throws Exception {
    MailSender sender = sender(policy(Profile.BACKGROUND));
    pauseBob(sender);
    scheduler.advance(Duration.ofMinutes(16));
    assertThat(send(sender, BOB)).isDone();
    server.on(Stage.END_OF_DATA).times(1).acceptThenClose();
    CompletableFuture<DeliveryReport> unknown = send(sender, BOB);
    server.on(Stage.RCPT).to(BOB).times(1).reply(BLAME);
    var blamed = send(sender, BOB);
    scheduler.advance(Duration.ofHours(3));
    assertThat(unknown).isDone();
    assertThat(blamed).isDone();
    assertThat(unknown.join().recipients().get(0).outcome()).isEqualTo(Outcome.ACCEPTED);
    assertThat(redeliverer.guard().status()).allMatch(status -> status.busy() == 0);
    assertThat(Destination.ofDomain("example.org")).isNotNull();
  }
}
