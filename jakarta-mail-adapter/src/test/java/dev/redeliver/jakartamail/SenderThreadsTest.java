package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What happens at the same time: the server holds a transaction up until the test lets it go on.
 */
@Timeout(60)
class SenderThreadsTest {
  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();
  private final Properties properties = TransportKind.properties(server);
  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private final List<DeliveryReport> reports = new ArrayList<>();
  private final List<MailSender> senders = new ArrayList<>();

  private MailSender sender(SenderSettings.Builder settings) {
    properties.setProperty("mail.smtp.timeout", "50000");
    DeliveryListener listener =
        new DeliveryListener() {
          @Override
          public void deliveryFinished(DeliveryReport report) {
            synchronized (reports) {
              reports.add(report);
            }
          }
        };
    MailSender sender =
        MailSender.builder(Session.getInstance(properties))
            .redeliverer(
                Redeliverer.builder(RetryPolicy.of(Profile.BACKGROUND)).listener(listener).build())
            .settings(settings.build())
            .build();
    senders.add(sender);
    return sender;
  }

  private static SenderSettings.Builder one() {
    return SenderSettings.builder().connections(1);
  }

  @AfterEach
  void close() {
    release.countDown();
    senders.forEach(sender -> sender.close(Duration.ZERO));
    server.close();
  }

  private static CompletableFuture<DeliveryReport> send(MailSender sender, String to)
      throws Exception {
    return sender.send(TransportKind.message(), TransportKind.to(to));
  }

  private static DeliveryReport get(CompletableFuture<DeliveryReport> future) throws Exception {
    return future.get(40, TimeUnit.SECONDS);
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

  @Test
  void connections_areBounded() throws Exception {
    MailSender sender =
        sender(SenderSettings.builder().connections(3).messagesPerConnection(100_000));
    List<CompletableFuture<DeliveryReport>> futures = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      futures.add(send(sender, "bob@" + (i % 7) + ".example"));
    }
    for (CompletableFuture<DeliveryReport> future : futures) {
      assertThat(get(future).isComplete()).isTrue();
    }
    assertThat(server.connections()).isBetween(1, 3);
    assertThat(server.accepted()).hasSize(200);
  }

  /** It broke the message off: the pool counted the connection that was just being closed. */
  @Test
  void idleConnectionBeingClosed_isNoReasonNotToOpenAnother() throws Exception {
    properties.setProperty("mail.smtp.timeout", "50000");
    FakeClock clock = new FakeClock();
    ManualScheduler scheduler = new ManualScheduler(clock);
    MailSender sender =
        MailSender.builder(Session.getInstance(properties))
            .redeliverer(
                Redeliverer.builder(RetryPolicy.of(Profile.BACKGROUND)).clock(clock).build())
            .settings(one().build())
            .scheduler(scheduler)
            .build();
    senders.add(sender);
    server.on(Stage.QUIT).then(SmtpAction.run(this::hold), SmtpAction.proceed());
    assertThat(get(send(sender, "bob@example.org")).isComplete()).isTrue();
    scheduler.advance(Duration.ofMinutes(1));
    held.await();

    assertThat(get(send(sender, "bob@example.org")).isComplete()).isTrue();
    release.countDown();
  }

  @Test
  void destination_thatStalls_doesNotHoldUpTheOthers() throws Exception {
    server
        .on(Stage.RCPT)
        .when(exchange -> exchange.line().contains("stall.example"))
        .always()
        .then(SmtpAction.run(this::hold));
    MailSender sender = sender(SenderSettings.builder().connections(2));
    List<CompletableFuture<DeliveryReport>> stalled = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      stalled.add(send(sender, "bob@stall.example"));
    }
    held.await();
    for (int i = 0; i < 20; i++) {
      assertThat(get(send(sender, "bob@" + i + ".example")).isComplete()).isTrue();
    }

    assertThat(stalled).noneMatch(CompletableFuture::isDone);
    release.countDown();
    for (CompletableFuture<DeliveryReport> future : stalled) {
      assertThat(get(future).isComplete()).isTrue();
    }
  }

  @Test
  void callback_thatBlocks_doesNotHoldUpTheOthers() throws Exception {
    MailSender sender = sender(one());
    CompletableFuture<Void> blocked = send(sender, "first@a.example").thenAccept(report -> hold());
    List<CompletableFuture<DeliveryReport>> others = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      others.add(send(sender, "bob@" + i + ".example"));
    }
    for (CompletableFuture<DeliveryReport> future : others) {
      assertThat(get(future).isComplete()).isTrue();
    }
    release.countDown();
    blocked.get(40, TimeUnit.SECONDS);
  }

  @Test
  void close_inTheMiddleOfASend_endsTheOthersAndWaitsForThatOne() throws Exception {
    server.on(Stage.END_OF_DATA).then(SmtpAction.run(this::hold));
    MailSender sender = sender(one());
    CompletableFuture<DeliveryReport> running = send(sender, "bob@example.org");
    held.await();
    CompletableFuture<DeliveryReport> ready = send(sender, "bob@example.org");
    CompletableFuture<List<DeliveryReport>> closing =
        CompletableFuture.supplyAsync(() -> sender.close(Duration.ZERO));

    assertThat(get(ready).describe()).contains("not tried (the sender was closed)");
    assertThat(running).isNotDone();
    assertThat(closing).isNotDone();
    release.countDown();

    assertThat(get(running).isComplete()).isTrue();
    assertThat(closing.get(40, TimeUnit.SECONDS)).containsExactly(ready.join());
    assertThat(server.awaitConnectionsClosed(Duration.ofSeconds(20))).isTrue();
  }

  @Test
  void close_interrupted_doesNotWaitAndLosesNothing() throws Exception {
    server.on(Stage.END_OF_DATA).then(SmtpAction.run(this::hold));
    MailSender sender = sender(one());
    CompletableFuture<DeliveryReport> running = send(sender, "bob@example.org");
    held.await();
    CompletableFuture<DeliveryReport> ready = send(sender, "bob@example.org");

    Thread.currentThread().interrupt();
    List<DeliveryReport> left = sender.close(Duration.ofHours(1));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(left).containsExactly(ready.join());
    assertThat(running).isNotDone();
    release.countDown();
    assertThat(get(running).isComplete()).isTrue();
    assertThat(server.awaitConnectionsClosed(Duration.ofSeconds(20))).isTrue();
  }

  @Test
  void close_withinTheLimit_sendsWhatIsReady() throws Exception {
    MailSender sender = sender(SenderSettings.builder());
    List<CompletableFuture<DeliveryReport>> futures = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      futures.add(send(sender, "bob@example.org"));
    }

    assertThat(sender.close(Duration.ofSeconds(40))).isEmpty();
    assertThat(futures).allMatch(future -> future.join().isComplete());
    assertThat(server.accepted()).hasSize(50);
  }

  @Test
  void cancel_inTheMiddleOfASend_makesThatTheLastAttempt() throws Exception {
    server
        .on(Stage.RCPT)
        .then(SmtpAction.run(this::hold), SmtpAction.reply("451 4.3.0 local error"));
    MailSender sender = sender(one());
    CompletableFuture<DeliveryReport> future = send(sender, "bob@example.org");
    held.await();

    assertThat(future.cancel(true)).isTrue();
    release.countDown();
    sender.close(Duration.ofSeconds(40));

    assertThat(reports).hasSize(1);
    assertThat(reports.get(0).describe()).contains("(it was cancelled)");
    assertThat(reports.get(0).with(Outcome.PENDING)).hasSize(1);
  }

  @Test
  void backPressure_wait_goesOnWhenOneHasEnded() throws Exception {
    server.on(Stage.END_OF_DATA).then(SmtpAction.run(this::hold));
    MailSender sender = sender(one().maxInFlight(1));
    CompletableFuture<DeliveryReport> first = send(sender, "bob@example.org");
    held.await();
    MimeMessage message = TransportKind.message();
    List<CompletableFuture<DeliveryReport>> second = new ArrayList<>();
    Thread caller = new Thread(() -> second.add(sender.send(message)));
    caller.start();
    awaitWaiting(caller);

    release.countDown();
    caller.join();
    assertThat(get(first).isComplete()).isTrue();
    assertThat(get(second.get(0)).isComplete()).isTrue();
  }

  @Test
  void backPressure_interrupted_isRejectedAndKeepsTheFlag() throws Exception {
    server.on(Stage.END_OF_DATA).then(SmtpAction.run(this::hold));
    MailSender sender = sender(one().maxInFlight(1));
    CompletableFuture<DeliveryReport> first = send(sender, "bob@example.org");
    held.await();

    Thread.currentThread().interrupt();
    CompletableFuture<DeliveryReport> second = send(sender, "bob@example.org");

    assertThat(Thread.interrupted()).isTrue();
    assertThatThrownBy(second::join)
        .hasCauseInstanceOf(RejectedExecutionException.class)
        .hasMessageContaining("interrupted while waiting for room");
    release.countDown();
    assertThat(get(first).isComplete()).isTrue();
  }

  @Test
  void backPressure_closed_isRejected() throws Exception {
    server.on(Stage.END_OF_DATA).then(SmtpAction.run(this::hold));
    MailSender sender = sender(one().maxInFlight(1));
    CompletableFuture<DeliveryReport> first = send(sender, "bob@example.org");
    held.await();
    MimeMessage message = TransportKind.message();
    List<CompletableFuture<DeliveryReport>> second = new ArrayList<>();
    Thread caller = new Thread(() -> second.add(sender.send(message)));
    caller.start();
    awaitWaiting(caller);
    CompletableFuture<List<DeliveryReport>> closing =
        CompletableFuture.supplyAsync(() -> sender.close(Duration.ZERO));
    caller.join();

    assertThatThrownBy(() -> second.get(0).join()).hasMessageContaining("the sender is closed");
    release.countDown();
    assertThat(closing.get(40, TimeUnit.SECONDS)).isEmpty();
    assertThat(get(first).isComplete()).isTrue();
  }

  /**
   * After an outage: one connection until it has answered, then one more for every ten messages.
   */
  @Test
  void relay_backAfterAnOutage_isNotStampeded() throws Exception {
    FakeClock clock = new FakeClock();
    ManualScheduler scheduler = new ManualScheduler(clock);
    Deque<Runnable> work = new ArrayDeque<>();
    List<Integer> busy = new ArrayList<>();
    MailSender[] made = new MailSender[1];
    DeliveryListener listener =
        new DeliveryListener() {
          @Override
          public void attemptFinished(Attempt attempt) {
            busy.add(made[0].status().relays().get(0).busy());
          }
        };
    MailSender sender =
        MailSender.builder(Session.getInstance(properties))
            .redeliverer(
                Redeliverer.builder(RetryPolicy.of(Profile.BACKGROUND))
                    .clock(clock)
                    .listener(listener)
                    .build())
            .settings(SenderSettings.builder().connections(4).build())
            .executor(work::add)
            .scheduler(scheduler)
            .build();
    made[0] = sender;
    senders.add(sender);
    server.stop();
    List<CompletableFuture<DeliveryReport>> futures = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      futures.add(send(sender, "bob@" + i + ".example"));
    }
    runAll(work);
    scheduler.advance(Duration.ofHours(1));
    runAll(work);
    assertThat(sender.status().relays().get(0).idle()).isZero();
    assertThat(sender.status().relays().get(0).state()).isEqualTo(RelayStatus.State.DOWN);

    server.start();
    scheduler.advance(Duration.ofMinutes(5));
    assertThat(work).as("one probe, whatever waits").hasSize(1);
    runAll(work);

    assertThat(futures).allMatch(future -> future.join().isComplete());
    assertThat(busy.subList(0, 10)).containsOnly(1);
    assertThat(busy.subList(10, 20)).allMatch(connections -> connections <= 2);
    assertThat(busy.subList(20, 30)).allMatch(connections -> connections <= 3);
    assertThat(busy).contains(4);
  }

  private static void runAll(Deque<Runnable> work) {
    while (!work.isEmpty()) {
      work.removeFirst().run();
    }
  }

  /** The heap of a message that waits, less its copy of the content. */
  @Test
  void waiting_costsAboutOneKibibyteAndNoThread() throws Exception {
    int count = 5_000;
    server.on(Stage.RCPT).always().reply("451 4.3.0 Error: queue file write error");
    MailSender sender =
        MailSender.builder(Session.getInstance(properties))
            .policy(
                RetryPolicy.builder(Profile.BACKGROUND)
                    .guard(GuardSettings.DEFAULT.withEnabled(false))
                    .build())
            .settings(SenderSettings.builder().maxInFlight(2 * count).build())
            .executor(Runnable::run)
            .build();
    senders.add(sender);
    MimeMessage message = TransportKind.message();
    List<CompletableFuture<DeliveryReport>> futures = new ArrayList<>(2 * count);
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    message.writeTo(content);
    for (int i = 0; i < 500; i++) {
      futures.add(sender.send(message));
    }
    int threads = Thread.activeCount();
    long before = heap();
    for (int i = 0; i < count; i++) {
      futures.add(sender.send(message));
    }
    long each = (heap() - before) / count;

    assertThat(sender.status().waiting()).isEqualTo(count + 500);
    assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 1);
    assertThat(each - content.size()).isLessThan(1_500);
    assertThat(sender.close(Duration.ZERO)).hasSize(count + 500);
    assertThat(futures).allMatch(CompletableFuture::isDone);
  }

  private long heap() {
    server.reset();
    server.on(Stage.RCPT).always().reply("451 4.3.0 Error: queue file write error");
    for (int i = 0; i < 4; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
