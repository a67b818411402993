package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.delivery.RelayStatus.State;
import dev.redeliver.jakartamail.Courier.Trip;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Authenticator;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One thread: what a call does, and what it says about the message and the relays. */
@Timeout(20)
class CourierTest {
  private static final String BOB = "bob@example.org";
  private static final String CAROL = "carol@example.net";

  private final ScriptedSmtpServer first = ScriptedSmtpServer.builder().with("AUTH PLAIN").open();
  private final ScriptedSmtpServer second = ScriptedSmtpServer.open();
  private final FakeClock clock = new FakeClock();
  private final ManualScheduler scheduler = new ManualScheduler(clock);
  private final List<String> events = new ArrayList<>();
  private final List<Courier> couriers = new ArrayList<>();
  private final Properties properties = TransportKind.properties(first);
  private final Redeliverer redeliverer =
      Redeliverer.builder(RetryPolicy.builder(Profile.BACKGROUND).jitter(0).build())
          .clock(clock)
          .listener(new Noted())
          .build();
  private boolean broken;

  /** Keeps what is told. */
  private final class Noted implements DeliveryListener {
    @Override
    public void attemptFinished(Attempt attempt) {
      events.add("attempt");
      if (broken) {
        throw new AssertionError("broken");
      }
    }

    @Override
    public void connectionOpened(RelayStatus relay) {
      events.add("opened");
      if (broken) {
        throw new AssertionError("broken");
      }
    }

    @Override
    public void connectionClosed(RelayStatus relay, String reason) {
      events.add("closed " + reason);
    }

    @Override
    public void connectionFailed(ConnectionFailure failure) {
      events.add("failed");
    }

    @Override
    public void relayChanged(RelayStatus relay) {
      events.add(relay.place() + " " + relay.state().token());
    }
  }

  private Courier courier(String... relays) {
    SenderSettings settings = SenderSettings.builder().relays(relays).connections(2).build();
    Courier courier = new Courier(session(), settings, redeliverer, scheduler);
    couriers.add(courier);
    return courier;
  }

  private Session session() {
    return Session.getInstance(
        properties,
        new Authenticator() {
          @Override
          protected PasswordAuthentication getPasswordAuthentication() {
            return new PasswordAuthentication(getDefaultUserName(), "secret");
          }
        });
  }

  private Courier inOrder() {
    return courier(address(first), address(second));
  }

  private static String address(ScriptedSmtpServer server) {
    return server.host() + ":" + server.port();
  }

  @AfterEach
  void close() {
    broken = false;
    couriers.forEach(Courier::close);
    first.close();
    second.close();
  }

  private static FrozenMessage message(String... to) throws MessagingException {
    return FrozenMessage.of(TransportKind.message(), TransportKind.to(to));
  }

  /** One message, and how far it has got. */
  private record Parcel(FrozenMessage message, Delivery delivery) {
    Trip by(Courier courier) {
      return courier.carry(message, delivery);
    }

    Trip by(Courier courier, String relay) {
      return courier.carry(message, delivery, relay);
    }

    DeliveryReport report() {
      return delivery.finish();
    }
  }

  private Parcel parcel(String... to) throws MessagingException {
    FrozenMessage message = message(to.length == 0 ? new String[] {BOB} : to);
    return new Parcel(message, redeliverer.begin(message.envelope()));
  }

  private static Trip ended(String relay) {
    return new Trip(Optional.empty(), Optional.empty(), relay);
  }

  private static Trip later(Duration delay, String relay) {
    return new Trip(Optional.of(delay), Optional.empty(), relay);
  }

  @Test
  void carry_oneAfterAnother_usesOneConnection() throws Exception {
    Courier courier = courier();
    for (int i = 0; i < 3; i++) {
      Parcel parcel = parcel();
      assertThat(parcel.by(courier)).isEqualTo(ended("127.0.0.1"));
      assertThat(parcel.report().isComplete()).isTrue();
    }
    courier.close();

    assertThat(first.connections()).isEqualTo(1);
    assertThat(first.accepted()).hasSize(3);
    assertThat(events).containsExactly("opened", "attempt", "attempt", "attempt", "closed closed");
  }

  @Test
  void carry_refusedForNow_saysHowLongToWait_andDoesNot() throws Exception {
    first.on(Stage.RCPT).reply("450 4.2.0 Greylisted, try again in 300 seconds");
    Courier courier = courier();
    Parcel parcel = parcel();

    assertThat(parcel.by(courier)).isEqualTo(later(Duration.ofMinutes(5), "127.0.0.1"));
    clock.advance(Duration.ofMinutes(5));
    assertThat(parcel.by(courier)).isEqualTo(ended("127.0.0.1"));
    assertThat(parcel.report().transactions()).isEqualTo(2);
  }

  @Test
  void carry_recipientsInSeveralPortions_makesAllRounds() throws Exception {
    first
        .on(Stage.RCPT)
        .when(exchange -> exchange.recipients().size() >= 2)
        .always()
        .reply("452 4.5.3 too many recipients");
    String[] seven = IntStream.range(0, 7).mapToObj(i -> i + "@x.example").toArray(String[]::new);
    Parcel parcel = parcel(seven);

    assertThat(parcel.by(courier()).delay()).isEmpty();
    assertThat(parcel.report().with(Outcome.ACCEPTED)).hasSize(7);
    assertThat(first.accepted()).hasSize(4);
    assertThat(first.connections()).isEqualTo(1);
  }

  @Test
  void carry_connectionClosedMeanwhile_isReplacedAtOnce() throws Exception {
    Courier courier = courier();
    parcel().by(courier);
    first.on(Stage.MAIL).reply("421 4.4.2 too many messages on this connection");
    Parcel parcel = parcel();

    assertThat(parcel.by(courier).delay()).isEmpty();
    assertThat(parcel.report().recipients().get(0).attempts()).isEqualTo(1);
    assertThat(first.connections()).isEqualTo(2);
  }

  @Test
  void carry_partOfTheRecipients_isForThoseOnly() throws Exception {
    FrozenMessage all = message(BOB, CAROL);
    Envelope part = Envelope.of(all.envelope().messageId(), List.of(CAROL));
    Delivery delivery = redeliverer.begin(part);

    assertThat(courier().carry(all, delivery).delay()).isEmpty();
    assertThat(first.accepted())
        .extracting(ReceivedMessage::recipients)
        .containsExactly(List.of(CAROL));
  }

  @Test
  void carry_nobodyWaits_isAMistake() throws Exception {
    Courier courier = courier();
    Parcel parcel = parcel();
    parcel.by(courier);

    assertThatThrownBy(() -> parcel.by(courier))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("nobody waits for an attempt");
  }

  @Test
  void carry_idleConnection_isClosedInTime() throws Exception {
    parcel().by(courier());
    scheduler.advance(Duration.ofSeconds(60));

    assertThat(first.commands("QUIT")).isEqualTo(1);
    assertThat(events).endsWith("closed idle");
    assertThat(scheduler.waits()).isEmpty();
  }

  @Test
  void carry_destinationPauses_saysUntilWhen() throws Exception {
    first.on(Stage.RCPT).reply("550 5.7.1 Client host blocked using zen.spamhaus.org");
    Redeliverer guarded =
        Redeliverer.builder(
                RetryPolicy.builder(Profile.BACKGROUND)
                    .jitter(0)
                    .alert(1, Duration.ofMinutes(10))
                    .build())
            .clock(clock)
            .build();
    Courier courier = Courier.of(Session.getInstance(properties), guarded);
    couriers.add(courier);
    FrozenMessage message = message(BOB);
    courier.carry(message, guarded.begin(message.envelope()));
    Delivery delivery = guarded.begin(message.envelope());

    assertThat(courier.carry(message, delivery).delay()).contains(Duration.ofMinutes(15));
    assertThat(delivery.report().transactions()).isZero();
    clock.advance(Duration.ofMinutes(15));
    assertThat(courier.carry(message, delivery).delay()).isEmpty();
  }

  @Test
  void carry_errorInTheMiddle_isThrownAndTheDeliveryKnowsTheFacts() throws Exception {
    Courier courier = courier();
    parcel().by(courier);
    broken = true;
    Parcel parcel = parcel();

    assertThatThrownBy(() -> parcel.by(courier)).isInstanceOf(AssertionError.class);
    broken = false;
    assertThat(parcel.report().with(Outcome.ACCEPTED)).hasSize(1);
    assertThat(parcel().by(courier)).isEqualTo(ended("127.0.0.1"));
    assertThat(courier.relays().get(0).busy()).isZero();
  }

  // ---------------------------------------------------------------- obstacles

  @Test
  void down_isNoAttempt_andTheNextCallAfterThePauseProbesAndGoesOn() throws Exception {
    first.stop();
    Courier courier = courier();
    Parcel parcel = parcel();

    Trip trip = parcel.by(courier);
    RelayStatus obstacle = trip.obstacle().orElseThrow();
    assertThat(obstacle.state()).isEqualTo(State.DOWN);
    assertThat(obstacle.nextProbe()).contains(FakeClock.START.plusSeconds(5));
    assertThat(obstacle.obstacle()).isPresent();
    assertThat(trip.delay()).contains(Duration.ofSeconds(5));
    assertThat(parcel().by(courier).obstacle()).contains(obstacle);
    assertThat(events).containsExactly("failed", "1 down");

    clock.advance(Duration.ofSeconds(5));
    assertThat(parcel.by(courier).delay()).contains(Duration.ofSeconds(10));
    first.start();
    clock.advance(Duration.ofSeconds(10));
    assertThat(parcel.by(courier)).isEqualTo(ended("127.0.0.1"));
    assertThat(parcel.report().transactions()).isEqualTo(1);
    assertThat(first.connections()).isEqualTo(1);
    assertThat(events).endsWith("opened", "1 recovering", "attempt");
  }

  @Test
  void down_afterTheDeadline_endsTheDeliveryWithTheReason() throws Exception {
    first.stop();
    Courier courier = courier();
    Parcel parcel = parcel();
    parcel.by(courier);
    clock.advance(Duration.ofHours(4).minusSeconds(1));
    assertThat(parcel.by(courier).delay()).contains(Duration.ofSeconds(1));
    clock.advance(Duration.ofSeconds(1));

    assertThat(parcel.by(courier)).isEqualTo(ended(""));
    assertThat(parcel.report().describe())
        .contains("PENDING, attempts 0, connection refused at CONNECT");
    assertThat(parcel.delivery().report().recipients().get(0).decision())
        .map(decision -> ((Decision.GiveUp) decision).reason())
        .contains(Decision.Reason.DEADLINE);
  }

  @Test
  void held_passwordRefused_keepsTheMessageAndIsAskedSeldom() throws Exception {
    properties.setProperty("mail.smtp.auth", "true");
    properties.setProperty("mail.smtp.user", "alice");
    first.on(Stage.AUTH).reply("535 5.7.8 bad credentials");
    Courier courier = courier();
    Parcel parcel = parcel();

    RelayStatus obstacle = parcel.by(courier).obstacle().orElseThrow();
    assertThat(obstacle.state()).isEqualTo(State.HELD);
    assertThat(obstacle.nextProbe()).contains(FakeClock.START.plus(Duration.ofHours(1)));
    assertThat(obstacle.obstacle().orElseThrow().decision()).isInstanceOf(Decision.Hold.class);
    clock.advance(Duration.ofMinutes(59));
    assertThat(parcel.by(courier).delay()).contains(Duration.ofMinutes(1));
    assertThat(first.commands("AUTH")).isEqualTo(1);
    clock.advance(Duration.ofMinutes(1));
    assertThat(parcel.by(courier)).isEqualTo(ended("127.0.0.1"));
    assertThat(parcel.report().transactions()).isEqualTo(1);
  }

  @Test
  void held_atMail_isWithdrawn() throws Exception {
    first.on(Stage.MAIL).reply("530 5.7.0 Authentication required");
    Parcel parcel = parcel();

    assertThat(parcel.by(courier()).obstacle().orElseThrow().state()).isEqualTo(State.HELD);
    assertThat(parcel.delivery().report().transactions()).isZero();
  }

  /** Nobody else can stand in: it is the message's attempt, and the delivery says when to come. */
  @Test
  void suspendedAtMail_nothingElse_isAnAttempt() throws Exception {
    first.on(Stage.MAIL).reply("421 4.3.2 shutting down");
    Courier courier = courier();
    Parcel parcel = parcel();

    assertThat(parcel.by(courier)).isEqualTo(later(Duration.ofMinutes(1), "127.0.0.1"));
    assertThat(courier.relays().get(0).state()).isEqualTo(State.SUSPENDED);
    clock.advance(Duration.ofMinutes(1));
    assertThat(parcel.by(courier)).isEqualTo(ended("127.0.0.1"));
    assertThat(parcel.report().recipients().get(0).attempts()).isEqualTo(2);
  }

  @Test
  void probe_listenerThrowsAnError_theNextCallProbesAgain() throws Exception {
    first.stop();
    Courier courier = courier();
    Parcel parcel = parcel();
    parcel.by(courier);
    first.start();
    clock.advance(Duration.ofSeconds(5));
    broken = true;
    assertThatThrownBy(() -> parcel.by(courier)).isInstanceOf(AssertionError.class);
    broken = false;

    assertThat(parcel.by(courier)).isEqualTo(ended("127.0.0.1"));
  }

  // ---------------------------------------------------------------- several relays

  @Test
  void order_firstDown_secondTakesOverUntilTheFirstIsBack() throws Exception {
    first.stop();
    Courier courier = inOrder();
    Parcel parcel = parcel();
    assertThat(parcel.by(courier)).isEqualTo(ended(address(second)));
    assertThat(parcel.report().transactions()).isEqualTo(1);

    first.start();
    clock.advance(Duration.ofSeconds(5));
    assertThat(parcel().by(courier)).isEqualTo(ended(address(first)));
    assertThat(courier.relays())
        .extracting(RelayStatus::state)
        .containsExactly(State.RECOVERING, State.UP);
  }

  @Test
  void order_firstSuspendedAtMail_isSparedAndSecondTakesOver() throws Exception {
    first.on(Stage.MAIL).reply("421 4.7.0 too many messages, slow down");
    Parcel parcel = parcel();

    assertThat(parcel.by(inOrder())).isEqualTo(ended(address(second)));
    assertThat(parcel.report().transactions()).isEqualTo(1);
  }

  /** The one with a wrong password is asked in an hour, the other one in seconds. */
  @Test
  void order_allUnusable_namesTheOneThatIsAskedFirst() throws Exception {
    first.on(Stage.MAIL).reply("530 5.7.0 Authentication required");
    second.stop();
    Courier courier = inOrder();
    Parcel parcel = parcel();

    Trip trip = parcel.by(courier);
    assertThat(trip.obstacle().orElseThrow().place()).isEqualTo(2);
    assertThat(trip.delay()).contains(Duration.ofSeconds(5));
    second.start();
    clock.advance(Duration.ofSeconds(5));
    assertThat(parcel.by(courier)).isEqualTo(ended(address(second)));
  }

  @Test
  void weights_areShares() throws Exception {
    Courier courier = courier(address(first) + "=3", address(second) + "=1");
    for (int i = 0; i < 8; i++) {
      parcel().by(courier);
    }

    assertThat(first.accepted()).hasSize(6);
    assertThat(second.accepted()).hasSize(2);
    assertThat(courier.capacity()).isEqualTo(4);
    assertThat(inOrder().capacity()).isEqualTo(2);
  }

  @Test
  void unknownOutcome_namesTheRelay_andOnlyThatOneGetsIt() throws Exception {
    first.on(Stage.END_OF_DATA).acceptThenReset();
    Courier courier = inOrder();
    Parcel parcel = parcel();
    Trip trip = parcel.by(courier);
    assertThat(trip).isEqualTo(later(Duration.ofSeconds(5), address(first)));

    first.stop();
    clock.advance(Duration.ofSeconds(5));
    Trip obstructed = parcel.by(courier, trip.relay());
    assertThat(obstructed.obstacle().orElseThrow().place()).isEqualTo(1);
    assertThat(obstructed.relay()).isEqualTo(address(first));
    assertThat(parcel().by(courier).relay()).isEqualTo(address(second));

    first.start();
    clock.advance(Duration.ofSeconds(5));
    assertThat(parcel.by(courier, obstructed.relay())).isEqualTo(ended(address(first)));
    assertThat(first.copies(parcel.message().envelope().messageId(), BOB)).isEqualTo(2);
    assertThat(second.accepted()).hasSize(1);
  }

  /** After a restart the delivery is a new one, and only the caller knows. */
  @Test
  void relayNamed_newDelivery_isNotSentElsewhere() throws Exception {
    first.on(Stage.MAIL).reply("421 4.7.0 too many messages, slow down");
    Parcel parcel = parcel();

    assertThat(parcel.by(inOrder(), address(first)).obstacle().orElseThrow().place()).isEqualTo(1);
    assertThat(parcel.delivery().report().transactions()).isZero();
    assertThat(second.connections()).isZero();
  }

  @Test
  void relayNamed_second_getsItAlthoughTheFirstWorks() throws Exception {
    assertThat(parcel().by(inOrder(), address(second))).isEqualTo(ended(address(second)));
  }

  @Test
  void relayNamed_byHostAlone_isTheFirstOfThatHost() throws Exception {
    Courier courier = courier("localhost:" + second.port(), address(first));

    assertThat(parcel().by(courier, "127.0.0.1")).isEqualTo(ended(address(first)));
  }

  @Test
  void relayNamed_notConfiguredAnyMore_anyWillDo() throws Exception {
    assertThat(parcel().by(inOrder(), "old.example.org:25")).isEqualTo(ended(address(first)));
  }

  // ---------------------------------------------------------------- close

  @Test
  void close_refusesFurtherCallsAndTouchesNothing() throws Exception {
    Courier courier = courier();
    parcel().by(courier);
    courier.close();
    courier.close();
    Parcel parcel = parcel();

    assertThatThrownBy(() -> parcel.by(courier))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the courier is closed");
    assertThat(parcel.delivery().waiting()).hasSize(1);
    assertThat(scheduler.isShutdown()).isTrue();
    assertThat(first.commands("QUIT")).isEqualTo(1);
  }

  @Test
  void trip_obstacleToNothing_isRefused() {
    RelayStatus status = courier().relays().get(0);

    assertThatThrownBy(() -> new Trip(Optional.empty(), Optional.of(status), ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("nobody waits, and there is an obstacle");
  }
}
