package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.RecordingWaiter;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What senders and transports do about a destination that wants no mail. */
@Timeout(20)
class GuardedSendingTest {
  private static final String BOB = "bob@example.org";
  private static final String CAROL = "carol@example.net";
  private static final String BLAME = "450 4.7.1 Your IP address has a poor reputation here";
  private static final String TOO_FAST = "451 4.7.1 Too many messages, slow down";

  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();
  private final FakeClock clock = new FakeClock();
  private final ManualScheduler scheduler = new ManualScheduler(clock);
  private final Properties properties = TransportKind.properties(server);
  private final List<MailSender> senders = new ArrayList<>();
  private final List<String> events = new ArrayList<>();
  private int attempts;

  private static RetryPolicy.Builder policy(Profile profile) {
    return RetryPolicy.builder(profile).jitter(0).alert(1, Duration.ofMinutes(10));
  }

  private MailSender sender(RetryPolicy policy) {
    MailSender sender =
        MailSender.builder(Session.getInstance(properties))
            .redeliverer(Redeliverer.builder(policy).clock(clock).listener(new Noted()).build())
            .settings(SenderSettings.builder().build())
            .executor(Runnable::run)
            .scheduler(scheduler)
            .build();
    senders.add(sender);
    return sender;
  }

  private MailSender sender() {
    return sender(policy(Profile.BACKGROUND).build());
  }

  /** Keeps what the guard does. */
  private final class Noted implements DeliveryListener {
    @Override
    public void attemptFinished(Attempt attempt) {
      attempts++;
    }

    @Override
    public void destinationChanged(DestinationStatus status) {
      events.add(status.destination() + " " + status.state().token());
    }

    @Override
    public void reputationAlert(ReputationAlert alert) {
      events.add("alert " + alert.state());
    }
  }

  @AfterEach
  void close() {
    senders.forEach(sender -> sender.close(Duration.ZERO));
    server.close();
  }

  private static CompletableFuture<DeliveryReport> send(MailSender sender, String... to)
      throws MessagingException {
    return sender.send(TransportKind.message(), TransportKind.to(to));
  }

  private static RecipientReport only(CompletableFuture<DeliveryReport> future) {
    assertThat(future).isDone();
    return future.join().recipients().get(0);
  }

  private static Instant at(int minutes) {
    return FakeClock.START.plus(Duration.ofMinutes(minutes));
  }

  @Test
  void sender_destinationPauses_messagesWaitWithoutAttempts_othersGo() throws Exception {
    server.on(Stage.RCPT).to(BOB).times(1).reply(BLAME);
    MailSender sender = sender();
    CompletableFuture<DeliveryReport> first = send(sender, BOB);
    List<CompletableFuture<DeliveryReport>> more = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      more.add(send(sender, BOB));
    }
    assertThat(only(send(sender, CAROL)).outcome()).isEqualTo(Outcome.ACCEPTED);
    scheduler.advance(Duration.ofMinutes(14));
    assertThat(attempts).as("one each for Bob and Carol").isEqualTo(2);

    scheduler.advance(Duration.ofMinutes(2));
    assertThat(only(first).attempts()).isEqualTo(2);
    more.forEach(future -> assertThat(only(future).attempts()).isEqualTo(1));
    assertThat(events).containsExactly("alert RAISED", "example.org paused", "example.org paced");

    scheduler.advance(Duration.ofMinutes(10));
    assertThat(events).as("by the timer, without mail").endsWith("alert RESOLVED");
  }

  @Test
  void sender_destinationStillBlames_oneProbePerPause() throws Exception {
    server.on(Stage.RCPT).to(BOB).always().reply(BLAME);
    MailSender sender = sender();
    for (int i = 0; i < 20; i++) {
      var unused = send(sender, BOB);
    }
    scheduler.advance(Duration.ofMinutes(61));

    assertThat(attempts).as("the first, and after each of four pauses").isEqualTo(5);
  }

  @Test
  void sender_pauseBeyondTheDeadline_saysAtOnceWhenALaterTryIsRight() throws Exception {
    server.on(Stage.RCPT).to(BOB).times(1).reply(BLAME);
    MailSender sender = sender(policy(Profile.BACKGROUND).deadline(Duration.ofMinutes(5)).build());
    var unused = send(sender, BOB);
    CompletableFuture<DeliveryReport> second = send(sender, BOB);

    RecipientReport report = only(second);
    assertThat(report.attempts()).isZero();
    assertThat(report.outcome()).isEqualTo(Outcome.PENDING);
    assertThat(report.laterTry()).contains(at(15));
    assertThat(((Decision.GiveUp) report.decision().orElseThrow()).reason())
        .isEqualTo(Decision.Reason.DEADLINE);
  }

  @Test
  void sender_messageForTwoDestinations_goesToTheOneThatWantsIt() throws Exception {
    server.on(Stage.RCPT).to(BOB).times(1).reply(BLAME);
    MailSender sender = sender();
    var unused = send(sender, BOB);
    CompletableFuture<DeliveryReport> both = send(sender, CAROL, BOB);
    CompletableFuture<DeliveryReport> turned = send(sender, BOB, CAROL);
    scheduler.advance(Duration.ofMinutes(1));
    assertThat(server.accepted()).as("Carol has hers").isNotEmpty();

    scheduler.advance(Duration.ofMinutes(30));
    for (CompletableFuture<DeliveryReport> future : List.of(both, turned)) {
      assertThat(future.join().isComplete()).isTrue();
      assertThat(future.join().recipients()).allMatch(recipient -> recipient.attempts() == 1);
    }
  }

  @Test
  void sender_tooFast_goesOnMoreSlowly() throws Exception {
    MailSender sender = sender();
    for (int i = 0; i < 20; i++) {
      var unused = send(sender, BOB);
    }
    server.on(Stage.RCPT).to(BOB).times(1).reply(TOO_FAST);
    var refused = send(sender, BOB);
    List<CompletableFuture<DeliveryReport>> later = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      later.add(send(sender, BOB));
    }
    assertThat(later).noneMatch(CompletableFuture::isDone);
    scheduler.advance(Duration.ofSeconds(5));
    assertThat(later.stream().filter(CompletableFuture::isDone)).hasSize(1);
    scheduler.advance(Duration.ofMinutes(3));

    assertThat(later).allMatch(CompletableFuture::isDone);
    assertThat(refused).isDone();
    assertThat(events).containsExactly("example.org paced");
  }

  @Test
  void sender_guardSwitchedOff_tries() throws Exception {
    server.on(Stage.RCPT).to(BOB).always().reply(BLAME);
    MailSender sender =
        sender(policy(Profile.BACKGROUND).guard(GuardSettings.DEFAULT.withEnabled(false)).build());
    for (int i = 0; i < 5; i++) {
      var unused = send(sender, BOB);
    }

    assertThat(attempts).isEqualTo(5);
    assertThat(events).containsExactly("alert RAISED");
  }

  private Transport transport(Profile profile) throws MessagingException {
    Session session = Session.getInstance(properties);
    RecordingWaiter waiter = new RecordingWaiter(clock);
    Redeliverer redeliverer =
        Redeliverer.builder(policy(profile).build())
            .clock(clock)
            .waiter(waiter::await)
            .listener(new Noted())
            .build();
    Transport transport = RetryingTransport.wrap(session.getTransport("smtp"), redeliverer);
    transport.connect();
    return transport;
  }

  private static RecipientReport failure(Transport transport, String to) {
    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class,
            () -> transport.sendMessage(TransportKind.message(), TransportKind.to(to)));
    return thrown.report().recipients().get(0);
  }

  /** Whether it is the recipients' destination that blames us or the relay, nobody is asked. */
  @ParameterizedTest
  @ValueSource(strings = {"RCPT", "MAIL"})
  void transport_inAPause_asksNobody_andSaysWhen(String stage) throws Exception {
    server.on(Stage.valueOf(stage)).times(1).reply(BLAME);
    Transport transport = transport(Profile.INTERACTIVE);
    failure(transport, BOB);
    int commands = server.commands("MAIL");

    RecipientReport report = failure(transport, BOB);
    assertThat(report.attempts()).isZero();
    assertThat(report.laterTry()).contains(at(15));
    assertThat(server.commands("MAIL")).isEqualTo(commands);

    clock.advance(Duration.ofMinutes(15));
    transport.sendMessage(TransportKind.message(), TransportKind.to(BOB));
    assertThat(server.copies(message -> true, BOB)).isEqualTo(1);
    transport.close();
  }

  @Test
  void transport_pauseWithinTheDeadline_waitsForIt() throws Exception {
    server.on(Stage.RCPT).times(1).reply(BLAME);
    Transport transport = transport(Profile.BACKGROUND);

    transport.sendMessage(TransportKind.message(), TransportKind.to(BOB));
    assertThat(clock.elapsed()).isEqualTo(Duration.ofMinutes(15));
    assertThat(attempts).isEqualTo(2);
    transport.close();
  }
}
