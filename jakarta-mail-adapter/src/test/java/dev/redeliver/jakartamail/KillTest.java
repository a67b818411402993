package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.classify.Lane;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.jakartamail.Bench.Way;
import dev.redeliver.policy.Backoff;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The network goes, somebody closes what is being used, threads are interrupted: in mid-send, at
 * every stage. Every recipient is reported all the same, and the report is true.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KillTest {
  private static final List<Stage> STAGES =
      List.of(
          Stage.GREETING,
          Stage.EHLO,
          Stage.MAIL,
          Stage.RCPT,
          Stage.DATA,
          Stage.CONTENT,
          Stage.END_OF_DATA);

  private static final int MESSAGES = 24;
  private static final int AT_ONCE = 4;
  private static final int LIMIT_SECONDS = 30;

  /** Says for each message that the test's scheduler is gone; held, or it would be forgotten. */
  private static final Logger SENDERS = Logger.getLogger("dev.redeliver.jakartamail");

  private final ScriptedSmtpServer server = ScriptedSmtpServer.builder().with("PIPELINING").open();
  private final Properties properties = TransportKind.properties(server);
  private final ExecutorService helpers = Executors.newCachedThreadPool();

  @BeforeEach
  void beQuiet() {
    SENDERS.setLevel(Level.SEVERE);
  }

  @AfterEach
  void close() {
    SENDERS.setLevel(null);
    helpers.shutdownNow();
    server.close();
  }

  static Stream<Stage> stages() {
    return STAGES.stream();
  }

  static Stream<Arguments> waysAndStages() {
    return Stream.of(Way.values())
        .flatMap(way -> STAGES.stream().map(stage -> Arguments.of(way, stage)));
  }

  static Stream<Arguments> transportsAndStages() {
    return Stream.of(Way.WRAPPED, Way.CONFIGURED)
        .flatMap(way -> STAGES.stream().map(stage -> Arguments.of(way, stage)));
  }

  private static RetryPolicy.Builder policy() {
    return RetryPolicy.builder(Profile.INTERACTIVE).maxAttempts(4);
  }

  private void rulesHold(Witness witness, RetryPolicy policy) throws Exception {
    new Rules(witness, policy, SweepServers.log(server)).check();
  }

  private static void at(ScriptedSmtpServer server, Stage stage, int skip, Runnable hook) {
    server.on(stage).skip(skip).then(SmtpAction.run(hook));
  }

  /** {@return what a future brings} A sender that hangs shall fail the test, not stop it. */
  private <T> T in(Future<T> future) throws Exception {
    return future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  // ---------------------------------------------------------------- the network goes

  @ParameterizedTest
  @MethodSource("waysAndStages")
  void allConnectionsReset_severalSendAtOnce_everybodyIsReported(Way way, Stage stage)
      throws Exception {
    at(server, stage, stage.compareTo(Stage.MAIL) < 0 ? 1 : 5, server::resetAll);
    List<Future<Bench>> benches = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      int number = i;
      benches.add(
          helpers.submit(() -> sendThree(new Bench(way, policy().build(), properties), number)));
    }

    for (Future<Bench> each : benches) {
      Bench bench = in(each);
      rulesHold(bench.witness, bench.policy());
      assertThat(bench.witness.stories()).hasSize(3).allMatch(story -> story.report().isComplete());
    }
  }

  private static Bench sendThree(Bench bench, int number) throws Exception {
    try (bench) {
      for (int i = 0; i < 3; i++) {
        String name = "r" + number + "." + i;
        bench.send(bench.message("hello"), List.of(name + "a@example.org", name + "b@example.org"));
      }
    }
    return bench;
  }

  /** The same from this side: the sockets are closed under the transport. */
  @ParameterizedTest
  @MethodSource("waysAndStages")
  void ownSocketsClosed_inMidSend_everybodyIsReported(Way way, Stage stage) throws Exception {
    Sockets sockets = new Sockets();
    properties.put("mail.smtp.socketFactory", sockets);
    at(server, stage, 0, sockets::closeAll);
    Bench bench = new Bench(way, policy().build(), properties);

    sendThree(bench, 0);

    rulesHold(bench.witness, bench.policy());
    assertThat(bench.witness.stories()).hasSize(3).allMatch(story -> story.report().isComplete());
  }

  /** Keeps what it makes, as a watchdog would that ends connections. */
  private static final class Sockets extends UnconnectedSockets {
    private final List<Socket> all = Collections.synchronizedList(new ArrayList<>());

    void closeAll() {
      for (Socket socket : List.copyOf(all)) {
        try {
          socket.close();
        } catch (IOException e) {
          throw new IllegalStateException(e);
        }
      }
    }

    @Override
    public Socket createSocket() {
      Socket socket = new Socket();
      all.add(socket);
      return socket;
    }
  }

  @ParameterizedTest
  @MethodSource("stages")
  void allConnectionsReset_senderWithThreads_everyFutureCompletes(Stage stage) throws Exception {
    at(server, stage, stage.compareTo(Stage.MAIL) < 0 ? 1 : 7, server::resetAll);
    Threads threads = new Threads();

    List<CompletableFuture<DeliveryReport>> futures = threads.sendAll();

    for (CompletableFuture<DeliveryReport> future : futures) {
      assertThat(in(future).isComplete()).as(in(future).describe()).isTrue();
    }
    threads.close();
    rulesHold(threads.witness, threads.policy);
  }

  /** A sender with threads of the test's, and waits of a millisecond. */
  private final class Threads implements AutoCloseable {
    final Witness witness = new Witness();
    final RetryPolicy policy;
    final List<Thread> workers = Collections.synchronizedList(new ArrayList<>());
    final ExecutorService executor =
        Executors.newCachedThreadPool(
            work -> {
              Thread thread = new Thread(work, "kill-worker");
              workers.add(thread);
              return thread;
            });
    final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(1);
    final MailSender sender;
    private final Session session = Session.getInstance(properties);

    Threads() {
      RetryPolicy.Builder quick = RetryPolicy.builder(Profile.BACKGROUND).maxAttempts(10);
      for (Lane lane : List.of(Lane.CONNECTION, Lane.TRANSIENT)) {
        quick.lane(lane, Backoff.of(Duration.ofMillis(1), 1, Duration.ofMillis(1)));
      }
      policy = quick.build();
      sender =
          MailSender.builder(session)
              .redeliverer(Redeliverer.builder(policy).listener(witness).build())
              .settings(SenderSettings.builder().connections(AT_ONCE).build())
              .executor(executor)
              .scheduler(scheduler)
              .build();
    }

    List<CompletableFuture<DeliveryReport>> sendAll() throws MessagingException {
      List<CompletableFuture<DeliveryReport>> futures = new ArrayList<>();
      for (int i = 0; i < MESSAGES; i++) {
        MimeMessage message = new MimeMessage(session);
        message.setFrom(new InternetAddress("alice@example.org"));
        message.setText("hello " + i);
        message.saveChanges();
        String domain = "@d" + i % 3 + ".example";
        List<String> to = List.of("a" + i + domain, "b" + i + domain);
        futures.add(sender.send(message, Bench.addresses(to)));
      }
      return futures;
    }

    @Override
    public void close() {
      sender.close();
      executor.shutdownNow();
      scheduler.shutdownNow();
    }
  }

  // ---------------------------------------------------------------- somebody closes

  /** Closing waits for the send, because to cut it off would leave its outcome unknown. */
  @ParameterizedTest
  @MethodSource("transportsAndStages")
  void transportClosed_inMidSend_theSendEndsFirst(Way way, Stage stage) throws Exception {
    Bench bench = new Bench(way, policy().build(), properties);
    bench.connect();
    boolean connecting = stage.compareTo(Stage.MAIL) < 0;
    if (connecting) {
      // Within a delivery, that is: the connection is opened again.
      server.on(Stage.DATA).onConnection(1).close();
    }
    AtomicReference<Thread> closer = new AtomicReference<>();
    at(server, stage, 0, () -> closeMeanwhile(bench, closer));

    DeliveryReport report =
        bench
            .send(bench.message("hello"), List.of("a@example.org", "b@example.org"))
            .report()
            .orElseThrow();

    assertThat(report.isComplete()).isTrue();
    Objects.requireNonNull(closer.get()).join();
    assertThat(bench.transport().isConnected()).isFalse();
    rulesHold(bench.witness, bench.policy());
  }

  /** Begins to close, and comes back when the closing waits for the send. */
  private static void closeMeanwhile(Bench bench, AtomicReference<Thread> closer) {
    Thread thread =
        new Thread(
            () -> {
              try {
                bench.transport().close();
              } catch (MessagingException e) {
                throw new IllegalStateException(e);
              }
            },
            "closer");
    closer.set(thread);
    thread.start();
    await(thread, Thread.State.BLOCKED);
  }

  private static void await(Thread thread, Thread.State state) {
    while (thread.getState() != state && thread.getState() != Thread.State.TERMINATED) {
      Thread.onSpinWait();
    }
  }

  /** The wait between two attempts belongs to the send. */
  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"WRAPPED", "CONFIGURED"})
  void transportClosed_whileItWaits_theSendEndsFirst(Way way) throws Exception {
    server.on(Stage.RCPT).to("b@example.org").reply("451 4.3.0 later");
    Bench bench = new Bench(way, policy().build(), properties);
    bench.connect();
    AtomicReference<Thread> closer = new AtomicReference<>();
    bench.waiter.runAt(1, () -> closeMeanwhile(bench, closer));

    DeliveryReport report =
        bench
            .send(bench.message("hello"), List.of("a@example.org", "b@example.org"))
            .report()
            .orElseThrow();

    assertThat(report.isComplete()).isTrue();
    Objects.requireNonNull(closer.get()).join();
    rulesHold(bench.witness, bench.policy());
  }

  @ParameterizedTest
  @MethodSource("stages")
  void senderClosed_inMidSend_everyFutureCompletes(Stage stage) throws Exception {
    server.on(Stage.RCPT).to("b1@d1.example").always().reply("450 4.2.0 greylisted");
    Threads threads = new Threads();
    AtomicReference<Future<List<DeliveryReport>>> closing = new AtomicReference<>();
    at(
        server,
        stage,
        stage.compareTo(Stage.MAIL) < 0 ? 0 : 5,
        () -> closing.set(helpers.submit(() -> threads.sender.close(Duration.ZERO))));

    List<CompletableFuture<DeliveryReport>> futures = threads.sendAll();

    for (CompletableFuture<DeliveryReport> future : futures) {
      try {
        assertThat(in(future).with(Outcome.UNKNOWN)).isEmpty();
      } catch (ExecutionException e) {
        assertThat(e).hasRootCauseInstanceOf(RejectedExecutionException.class);
      }
    }
    List<DeliveryReport> left = in(Objects.requireNonNull(closing.get()));
    assertThat(left).allMatch(report -> !report.isComplete());
    threads.close();
    rulesHold(threads.witness, threads.policy);
  }

  /** Somebody shut the executor down first; the messages go on in threads of their own. */
  @ParameterizedTest
  @MethodSource("stages")
  void executorShutDown_inMidSend_everyFutureCompletes(Stage stage) throws Exception {
    Threads threads = new Threads();
    at(server, stage, stage.compareTo(Stage.MAIL) < 0 ? 0 : 5, threads.executor::shutdownNow);

    List<CompletableFuture<DeliveryReport>> futures = threads.sendAll();

    for (CompletableFuture<DeliveryReport> future : futures) {
      assertThat(in(future).recipients()).hasSize(2);
    }
    threads.close();
    rulesHold(threads.witness, threads.policy);
  }

  /** What waits on a scheduler that is no more, ends when the sender is closed, and not later. */
  @ParameterizedTest
  @MethodSource("stages")
  void schedulerShutDown_inMidSend_closingCompletesEveryFuture(Stage stage) throws Exception {
    server.on(Stage.RCPT).to("b1@d1.example").always().reply("451 4.3.0 later");
    Threads threads = new Threads();
    at(server, stage, stage.compareTo(Stage.MAIL) < 0 ? 0 : 5, threads.scheduler::shutdownNow);
    List<CompletableFuture<DeliveryReport>> futures = threads.sendAll();
    in(futures.get(0));
    in(futures.get(2));

    List<DeliveryReport> left = in(helpers.submit(() -> threads.sender.close(Duration.ofHours(1))));

    assertThat(futures).allMatch(CompletableFuture::isDone);
    assertThat(left).allMatch(report -> !report.isComplete());
    threads.close();
    rulesHold(threads.witness, threads.policy);
  }

  // ---------------------------------------------------------------- threads are interrupted

  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"WRAPPED", "CONFIGURED"})
  void interrupted_whileItWaits_endsAndKeepsTheFlag(Way way) throws Exception {
    server.on(Stage.RCPT).to("b@example.org").always().reply("451 4.3.0 later");
    Bench bench = new Bench(way, policy().build(), properties);
    bench.waiter.interruptAt(2);

    DeliveryReport report = interrupted(bench);

    assertInterrupted(report);
    assertThat(report.transactions()).isEqualTo(2);
    bench.close();
    rulesHold(bench.witness, bench.policy());
  }

  /** An attempt under way is finished; what is in doubt for b is not tried again. */
  @ParameterizedTest
  @MethodSource("transportsAndStages")
  void interrupted_inMidSend_endsAfterTheAttemptAndKeepsTheFlag(Way way, Stage stage)
      throws Exception {
    server.on(Stage.RCPT).to("b@example.org").always().reply("451 4.3.0 later");
    Thread sending = Thread.currentThread();
    at(server, stage, 0, sending::interrupt);
    Bench bench = new Bench(way, policy().build(), properties);

    DeliveryReport report = interrupted(bench);

    assertInterrupted(report);
    assertThat(report.transactions()).isEqualTo(1);
    bench.close();
    rulesHold(bench.witness, bench.policy());
  }

  private static DeliveryReport interrupted(Bench bench) throws Exception {
    DeliveryReport report =
        bench
            .sendInterruptibly(bench.message("hello"), List.of("a@example.org", "b@example.org"))
            .report()
            .orElseThrow();
    assertThat(Thread.interrupted()).as("interrupt flag").isTrue();
    return report;
  }

  private static void assertInterrupted(DeliveryReport report) {
    assertThat(report.recipients().get(0).outcome()).isEqualTo(Outcome.ACCEPTED);
    assertThat(report.recipients().get(1).outcome()).isEqualTo(Outcome.PENDING);
    assertThat(report.recipients().get(1).decision())
        .get()
        .isInstanceOfSatisfying(
            Decision.GiveUp.class,
            end -> {
              assertThat(end.reason()).isEqualTo(Decision.Reason.INTERRUPTED);
              assertThat(end.laterTry()).isPresent();
            });
  }

  /** Whoever interrupts the sender's workers does not get at the messages. */
  @ParameterizedTest
  @MethodSource("stages")
  void workersInterrupted_inMidSend_everyFutureCompletes(Stage stage) throws Exception {
    Threads threads = new Threads();
    server
        .on(stage)
        .times(10)
        .then(SmtpAction.run(() -> List.copyOf(threads.workers).forEach(Thread::interrupt)));

    List<CompletableFuture<DeliveryReport>> futures = threads.sendAll();

    for (CompletableFuture<DeliveryReport> future : futures) {
      assertThat(in(future).recipients()).hasSize(2);
    }
    threads.close();
    rulesHold(threads.witness, threads.policy);
  }

  @Test
  void senderClosed_byInterruptedThread_everyFutureCompletesAndTheFlagStays() throws Exception {
    Threads threads = new Threads();
    List<CompletableFuture<DeliveryReport>> futures = threads.sendAll();
    Callable<Boolean> closing =
        () -> {
          Thread.currentThread().interrupt();
          threads.sender.close(Duration.ofMinutes(5));
          return Thread.interrupted();
        };

    assertThat(in(helpers.submit(closing))).as("interrupt flag").isTrue();

    for (CompletableFuture<DeliveryReport> future : futures) {
      assertThat(in(future).recipients()).hasSize(2);
    }
    threads.close();
    rulesHold(threads.witness, threads.policy);
  }
}
