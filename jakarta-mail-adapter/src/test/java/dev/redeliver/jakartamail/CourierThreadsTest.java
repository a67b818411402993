package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.jakartamail.Courier.Trip;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Callers at the same time: the server holds one of them up until the test lets it go on. */
@Timeout(60)
class CourierThreadsTest {
  private static final Trip CUT_SHORT = new Trip(Optional.of(Duration.ZERO), Optional.empty(), "");

  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();
  private final Properties properties = TransportKind.properties(server);
  private final FakeClock clock = new FakeClock();
  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger mostOpen = new AtomicInteger();
  private final List<Courier> couriers = new ArrayList<>();
  private final Redeliverer redeliverer =
      Redeliverer.builder(RetryPolicy.builder(Profile.BACKGROUND).jitter(0).build())
          .clock(clock)
          .build();

  @BeforeEach
  void waitLong() {
    properties.setProperty("mail.smtp.timeout", "50000");
  }

  private Courier courier(int connections) {
    Courier courier =
        Courier.of(
            Session.getInstance(properties),
            redeliverer,
            SenderSettings.builder().connections(connections).build());
    couriers.add(courier);
    return courier;
  }

  @AfterEach
  void close() {
    release.countDown();
    couriers.forEach(Courier::close);
    server.close();
  }

  private void hold() {
    held.countDown();
    try {
      release.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
  }

  /** A caller in a thread of its own. */
  private final class Caller {
    final Delivery delivery;
    private final FutureTask<Trip> task;
    private final Thread thread;
    private volatile boolean interrupted;

    Caller(Courier courier) throws Exception {
      FrozenMessage message = FrozenMessage.of(TransportKind.message());
      delivery = redeliverer.begin(message.envelope());
      task =
          new FutureTask<>(
              () -> {
                try {
                  return courier.carry(message, delivery);
                } finally {
                  interrupted = Thread.interrupted();
                }
              });
      thread = new Thread(task);
      thread.start();
    }

    Trip trip() throws Exception {
      return task.get(40, TimeUnit.SECONDS);
    }
  }

  private static Trip ended() {
    return new Trip(Optional.empty(), Optional.empty(), "127.0.0.1");
  }

  @Test
  void connections_areBounded() throws Exception {
    server
        .on(Stage.MAIL)
        .always()
        .then(
            SmtpAction.run(() -> mostOpen.accumulateAndGet(server.openConnections(), Math::max)),
            SmtpAction.proceed());
    Courier courier = courier(3);
    List<FutureTask<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      FutureTask<Void> task = new FutureTask<>(() -> carryFifty(courier), null);
      tasks.add(task);
      new Thread(task).start();
    }
    for (FutureTask<Void> task : tasks) {
      task.get(50, TimeUnit.SECONDS);
    }

    assertThat(server.accepted()).hasSize(400);
    assertThat(mostOpen.get()).isBetween(1, 3);
    assertThat(courier.relays().get(0).busy()).isZero();
  }

  private void carryFifty(Courier courier) {
    try {
      for (int i = 0; i < 50; i++) {
        FrozenMessage message = FrozenMessage.of(TransportKind.message());
        Delivery delivery = redeliverer.begin(message.envelope());
        assertThat(courier.carry(message, delivery)).isEqualTo(ended());
        assertThat(delivery.finish().isComplete()).isTrue();
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void noRoom_waitsUntilThereIs() throws Exception {
    server.on(Stage.DATA).then(SmtpAction.run(this::hold), SmtpAction.proceed());
    Courier courier = courier(1);
    Caller busy = new Caller(courier);
    held.await();
    Caller waiting = new Caller(courier);
    awaitWaiting(waiting.thread);
    release.countDown();

    assertThat(busy.trip()).isEqualTo(ended());
    assertThat(waiting.trip()).isEqualTo(ended());
    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void noRoom_interrupted_returnsWithTheFlagSetAndTheDeliveryUntouched() throws Exception {
    server.on(Stage.DATA).then(SmtpAction.run(this::hold), SmtpAction.proceed());
    Courier courier = courier(1);
    Caller busy = new Caller(courier);
    held.await();
    Caller waiting = new Caller(courier);
    awaitWaiting(waiting.thread);
    waiting.thread.interrupt();

    assertThat(waiting.trip()).isEqualTo(CUT_SHORT);
    assertThat(waiting.interrupted).isTrue();
    assertThat(waiting.delivery.waiting()).hasSize(1);
    assertThat(waiting.delivery.report().transactions()).isZero();
    release.countDown();
    assertThat(busy.trip()).isEqualTo(ended());
  }

  @Test
  void close_letsAttemptsEndAndSendsWaitingCallersHome() throws Exception {
    server.on(Stage.DATA).then(SmtpAction.run(this::hold), SmtpAction.proceed());
    Courier courier = courier(1);
    Caller busy = new Caller(courier);
    held.await();
    Caller waiting = new Caller(courier);
    awaitWaiting(waiting.thread);
    courier.close();

    assertThat(waiting.trip()).isEqualTo(CUT_SHORT);
    assertThatThrownBy(() -> new Caller(courier).trip())
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the courier is closed");
    assertThat(server.openConnections()).isEqualTo(1);
    release.countDown();
    assertThat(busy.trip()).isEqualTo(ended());
    assertThat(server.awaitConnectionsClosed(Duration.ofSeconds(10))).isTrue();
  }

  /** It broke the delivery off: the pool counted the connection that was just being closed. */
  @Test
  void idleConnectionBeingClosed_isNoReasonNotToOpenAnother() throws Exception {
    ManualScheduler scheduler = new ManualScheduler(clock);
    Courier courier =
        new Courier(
            Session.getInstance(properties),
            SenderSettings.builder().connections(1).build(),
            redeliverer,
            scheduler);
    couriers.add(courier);
    assertThat(new Caller(courier).trip()).isEqualTo(ended());
    server.on(Stage.QUIT).then(SmtpAction.run(this::hold), SmtpAction.proceed());
    Thread closing = new Thread(() -> scheduler.advance(Duration.ofMinutes(1)));
    closing.start();
    held.await();

    Caller caller = new Caller(courier);
    assertThat(caller.trip()).isEqualTo(ended());
    assertThat(caller.delivery.finish().isComplete()).isTrue();
    release.countDown();
    closing.join();
  }

  /** One finds out, the others wait for the news; then they go one by one. */
  @Test
  void probe_isMadeByOne_andTheOthersGoOnAfterIt() throws Exception {
    server.stop();
    Courier courier = courier(3);
    assertThat(new Caller(courier).trip().obstacle()).isPresent();
    server.start();
    server.on(Stage.EHLO).then(SmtpAction.run(this::hold), SmtpAction.proceed());
    clock.advance(Duration.ofSeconds(5));
    Caller probing = new Caller(courier);
    held.await();
    List<Caller> callers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Caller caller = new Caller(courier);
      callers.add(caller);
      awaitWaiting(caller.thread);
    }
    release.countDown();

    assertThat(probing.trip()).isEqualTo(ended());
    for (Caller caller : callers) {
      assertThat(caller.trip()).isEqualTo(ended());
    }
    assertThat(server.connections()).isEqualTo(1);
    assertThat(courier.relays())
        .extracting(RelayStatus::state)
        .containsExactly(RelayStatus.State.RECOVERING);
  }
}
