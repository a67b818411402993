package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static dev.redeliver.outbox.World.CAROL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.OutboxSettings;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong around an outbox, and must not become a message's fate. */
@Timeout(60)
class TroubleTest extends InWorld {
  private static int update(World world, String sql) {
    return world
        .database()
        .transact(
            connection -> {
              try (Statement statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
              }
            });
  }

  @ParameterizedTest
  @EnumSource
  void heldAndReleased_isSentAtOnce(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    world.server.on(Stage.MAIL).times(1).reply("530 5.7.0 Authentication required");
    node.outbox.submit(world.message("one", BOB));
    node.run();
    assertThat(world.states()).containsExactly("HELD");

    node.kill();

    world.advance(Duration.ofSeconds(2));
    World.Node heir = world.start();
    assertThat(heir.outbox.operations().release(Selection.ALL)).isEqualTo(1);
    heir.run();
    assertThat(world.states()).containsExactly("ACCEPTED");
  }

  @ParameterizedTest
  @EnumSource
  void releasedWhileItsQueueGoesToSleep_isSentAtOnce(Dialect dialect) throws Exception {
    World world = world(dialect);
    AtomicInteger released = new AtomicInteger();
    DeliveryListener operator =
        new DeliveryListener() {
          @Override
          public void deliverySuspended(Envelope envelope) {
            released.addAndGet(world.nodes.get(0).outbox.operations().release(Selection.ALL));
          }
        };
    World.Node node = world.start(operator);
    world.server.on(Stage.MAIL).times(1).reply("530 5.7.0 Authentication required");
    node.outbox.submit(world.message("one", BOB));
    int unused = node.sending().engine().wake();
    node.scheduler.runAnyDueExecutions();
    assertThat(released).hasValue(1);
    node.kill();

    World.Node heir = world.start();
    heir.run();
    assertThat(world.states()).containsExactly("ACCEPTED");
  }

  /** As after a crash between the end of a message and the removal of its octets. */
  @ParameterizedTest
  @EnumSource
  void octetsThatNobodyNeeds_areRemovedAnHourLater(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    String left = node.outbox.submit(world.message("left", BOB));
    node.outbox.submit(world.message("needed", BOB));
    world.execute("update redeliver_message set body_id = null where id = '" + left + "'");

    assertThat(node.sending().sweepPart(new byte[0])).isEmpty();
    assertThat(world.count("select count(*) from redeliver_body")).isEqualTo(2);

    world.advance(Duration.ofMinutes(61));
    assertThat(node.sending().sweepPart(new byte[0])).isEmpty();
    assertThat(world.count("select count(*) from redeliver_body")).isEqualTo(1);
    assertThat(node.sending().sweepPart(new byte[] {-1})).isEmpty();

    node.run();
    assertThat(world.states()).containsExactlyInAnyOrder("DEFERRED", "ACCEPTED");
    assertThat(world.query("select sum(unknown_outcomes) from redeliver_recipient"))
        .containsExactly("0");
  }

  /** A hold burns nothing, neither what may have been sent before. */
  @ParameterizedTest
  @EnumSource
  void unknownThenHeld_isKept(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node first = world.start();
    world
        .server
        .on(Stage.END_OF_DATA)
        .times(1)
        .then(SmtpAction.run(first.plug::pull), SmtpAction.close());
    first.outbox.submit(world.message("one", BOB));
    first.run();
    first.kill();

    world.server.on(Stage.MAIL).times(1).reply("530 5.7.0 Authentication required");
    World.Node second = world.start();
    for (int i = 0; i < 40 && !world.states().contains("HELD"); i++) {
      world.advance(Duration.ofMinutes(1));
      second.scheduler.runDeadExecutionDetection();
      second.run();
      assertThat(world.states()).doesNotContain("UNKNOWN");
    }
    for (int i = 0; i < 60; i++) {
      world.advance(Duration.ofMinutes(15));
      second.run();
    }
    assertThat(world.states()).containsExactly("ACCEPTED");
    assertThat(world.server.accepted()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void unknownThenContentCannotBeReadOnce_isKept(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node first = world.start();
    world
        .server
        .on(Stage.END_OF_DATA)
        .times(1)
        .then(SmtpAction.run(first.plug::pull), SmtpAction.close());
    first.outbox.submit(world.message("one", BOB));
    first.run();
    first.kill();
    update(world, "update redeliver_body set format = 7");
    World.Node second = world.start();
    for (int i = 0; i < 10; i++) {
      world.advance(Duration.ofMinutes(1));
      second.scheduler.runDeadExecutionDetection();
      second.run();
    }
    update(world, "update redeliver_body set format = 0");
    for (int i = 0; i < 10; i++) {
      world.advance(Duration.ofMinutes(15));
      second.run();
    }
    assertThat(world.states()).containsExactly("ACCEPTED");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "redeliver_message set parameters = '2&from=x' where id = '%s'",
        "redeliver_message set parameters = '1&from=%%zz' where id = '%s'",
        "redeliver_message set unknown_outcome = 'MAYBE' where id = '%s'",
        "redeliver_message set deadline = submitted_at where id = '%s'",
        "redeliver_recipient set failures = 'NIGHT=1' where message_id = '%s'",
        "redeliver_recipient set state = 'RESTING' where message_id = '%s'",
        "redeliver_recipient set unknown_outcomes = -1 where message_id = '%s'"
      })
  void rowOfANewerRelease_doesNotStopItsQueue(String change) throws Exception {
    for (Dialect dialect : Dialect.values()) {
      try (World world =
          World.of(dialect, java.nio.file.Files.createTempDirectory(directory, "w"))) {
        World.Node node =
            world.start(
                builder ->
                    builder.settings(
                        OutboxSettings.DEFAULT
                            .withLocation(world.location())
                            .withQueuesPerDestination(1)));
        String poison = node.outbox.submit(world.message("poison", BOB));
        world.advance(Duration.ofSeconds(1));
        node.outbox.submit(world.message("good", BOB));
        assertThat(update(world, "update " + String.format(change, poison))).isEqualTo(1);
        for (int i = 0; i < 10; i++) {
          node.run();
          world.advance(Duration.ofMinutes(1));
        }
        assertThat(world.server.accepted()).as("%s", dialect).hasSize(1);
        assertThat(
                world.query("select next_try is null from redeliver_recipient order by message_id"))
            .as("%s: waits, and the other does not", dialect)
            .containsExactly(
                dialect == Dialect.SQLITE ? "0" : "f", dialect == Dialect.SQLITE ? "1" : "t");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void queueOfANewerRelease_doesNotStopOthers(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    try (Outbox other = world.builder().dataSource(builderSource(world)).connect()) {
      other.submit(world.message("good", BOB));
      String hasty = other.submit(world.message("other", CAROL));
      assertThat(
              update(
                  world,
                  "update redeliver_recipient set queue = 'HASTY/example.net/0'"
                      + " where message_id = '"
                      + hasty
                      + "'"))
          .isEqualTo(1);
    }
    assertThat(node.sending().engine().wake()).isEqualTo(1);
    node.scheduler.runAnyDueExecutions();
    assertThat(world.server.accepted()).hasSize(1);
  }

  private static void runOn(World.Node node) {
    try {
      node.run();
    } catch (LinkageError e) {
      // In a process, the scheduler logs it.
    }
  }

  @ParameterizedTest
  @EnumSource
  void listenerHasAnError_acceptedMessageIsNotSentAgain(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node =
        world.start(
            new DeliveryListener() {
              @Override
              public void attemptFinished(Attempt attempt) {
                throw new NoClassDefFoundError("metrics");
              }
            });
    node.outbox.submit(world.message("one", BOB));
    for (int i = 0; i < 20; i++) {
      runOn(node);
      world.advance(Duration.ofMinutes(1));
    }
    assertThat(world.states()).containsExactly("ACCEPTED");
    assertThat(world.server.accepted()).hasSize(1);
    assertThat(world.query("select unknown_outcomes from redeliver_recipient"))
        .containsExactly("0");
  }

  /** One message is too large for the memory that there is: it waits, and was never sent. */
  @ParameterizedTest
  @EnumSource
  void noMemoryForAMessage_itIsNotInDoubtAndTheOthersGo(Dialect dialect) throws Exception {
    World world = world(dialect);
    AtomicInteger errors = new AtomicInteger();
    DataSource source = builderSource(world);
    DataSource small =
        (DataSource)
            Proxy.newProxyInstance(
                TroubleTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                  Object result = method.invoke(source, arguments);
                  return result instanceof Connection connection
                      ? smallMemory(connection, errors)
                      : result;
                });
    World.Node node =
        world.start(
            builder ->
                builder
                    .dataSource(small)
                    .settings(
                        OutboxSettings.DEFAULT
                            .withLocation(world.location())
                            .withQueuesPerDestination(1)));
    node.outbox.submit(world.message("large", BOB));
    world.advance(Duration.ofSeconds(1));
    node.outbox.submit(world.message("good", BOB));
    for (int i = 0; i < 20; i++) {
      try {
        node.run();
      } catch (OutOfMemoryError e) {
        assertThat(errors.get()).isPositive();
      }
      world.advance(Duration.ofSeconds(15));
    }
    assertThat(world.states()).containsExactly("DEFERRED", "ACCEPTED");
    assertThat(world.query("select sum(unknown_outcomes) from redeliver_recipient"))
        .containsExactly("0");
  }

  private static Connection smallMemory(Connection connection, AtomicInteger errors) {
    return (Connection)
        Proxy.newProxyInstance(
            TroubleTest.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              boolean content =
                  arguments != null
                      && String.valueOf(arguments[0]).startsWith("select id, format, content");
              if (content && errors.getAndIncrement() == 0) {
                throw new OutOfMemoryError("too large");
              }
              return method.invoke(connection, arguments);
            });
  }

  @ParameterizedTest
  @EnumSource
  void listenerHasAnErrorAtTheEnd_nextMessageIsNotInDoubt(Dialect dialect) throws Exception {
    World world = world(dialect);
    DeliveryListener listener =
        new DeliveryListener() {
          @Override
          public void deliveryFinished(DeliveryReport report) {
            throw new NoClassDefFoundError("metrics");
          }
        };
    World.Node node =
        world.start(
            builder ->
                builder
                    .listener(listener)
                    .settings(
                        OutboxSettings.DEFAULT
                            .withLocation(world.location())
                            .withQueuesPerDestination(1)));
    for (int i = 0; i < 5; i++) {
      node.outbox.submit(world.message("mail " + i, BOB));
    }
    for (int i = 0; i < 20; i++) {
      runOn(node);
      world.advance(Duration.ofMinutes(1));
    }
    assertThat(world.query("select sum(unknown_outcomes) from redeliver_recipient"))
        .containsExactly("0");
    assertThat(world.states()).hasSize(5).containsOnly("ACCEPTED");
    assertThat(world.server.accepted()).hasSize(5);
  }

  /** A connection is lost when the database has committed and not yet said so. */
  private static DataSource losingCommits(DataSource source, AtomicBoolean armed) {
    return (DataSource)
        Proxy.newProxyInstance(
            TroubleTest.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              try {
                Object result = method.invoke(source, arguments);
                return result instanceof Connection connection ? losing(connection, armed) : result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static Connection losing(Connection connection, AtomicBoolean armed) {
    return (Connection)
        Proxy.newProxyInstance(
            TroubleTest.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              try {
                Object result = method.invoke(connection, arguments);
                if (method.getName().equals("commit") && armed.getAndSet(false)) {
                  throw new SQLException("connection reset");
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @ParameterizedTest
  @EnumSource
  void answerToCommitIsLost_nobodyIsInDoubt(Dialect dialect) throws Exception {
    World world = world(dialect);
    AtomicBoolean armed = new AtomicBoolean();
    World.Node node =
        world.start(
            builder ->
                builder
                    .dataSource(losingCommits(builderSource(world), armed))
                    .settings(
                        OutboxSettings.DEFAULT
                            .withLocation(world.location())
                            .withQueuesPerDestination(1)));
    world
        .server
        .on(Stage.END_OF_DATA)
        .always()
        .then(SmtpAction.run(() -> armed.set(true)), SmtpAction.accept());
    for (int i = 0; i < 4; i++) {
      node.outbox.submit(world.message("mail " + i, BOB));
    }
    for (int i = 0; i < 10; i++) {
      node.run();
      world.advance(Duration.ofMinutes(1));
    }
    assertThat(world.query("select sum(unknown_outcomes) from redeliver_recipient"))
        .containsExactly("0");
    assertThat(world.states()).hasSize(4).containsOnly("ACCEPTED");
    assertThat(world.server.accepted()).hasSize(4);
  }

  private static DataSource builderSource(World world) {
    return world.database().source();
  }

  /** What is never committed would be lost without a word. */
  @ParameterizedTest
  @EnumSource
  void connectionsWithoutAutoCommit_areRefused(Dialect dialect) throws Exception {
    World world = world(dialect);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(
        dialect == Dialect.SQLITE ? "jdbc:sqlite:" + world.location() : world.location());
    config.setMaximumPoolSize(2);
    config.setAutoCommit(false);
    try (HikariDataSource source = new HikariDataSource(config)) {
      assertThatThrownBy(
              () -> {
                World.Node node = world.start(builder -> builder.dataSource(source));
                String id = node.outbox.submit(world.message("one", BOB));
                System.out.println(dialect + " submitted " + id + ", found " + world.states());
              })
          .isInstanceOf(OutboxException.class)
          .hasMessageContaining("auto-commit");
    }
  }

  @ParameterizedTest
  @EnumSource
  void submitWithAConnectionThatCommitsEachStatement_isRefused(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    Submission submission = Submission.of(world.message("one", BOB));
    try (Connection connection = builderSource(world).getConnection()) {
      assertThatThrownBy(() -> node.outbox.submit(connection, submission))
          .hasMessageContaining("auto-commit");
    }
    assertThat(world.states()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void destinations_areForgotten(Dialect dialect) throws Exception {
    World world = world(dialect);
    var slow = world.policy.toBuilder().guard(GuardSettings.DEFAULT.withMaxRate(60)).build();
    World.Node node = world.start(builder -> builder.policy(slow));
    for (int i = 0; i < 20; i++) {
      node.outbox.submit(world.message("mail", "bob@" + i + ".example.org"));
    }
    node.run();
    assertThat(world.states()).containsOnly("ACCEPTED");
    world.advance(Duration.ofDays(30));
    node.sending().clean();
    assertThat(world.count("select count(*) from redeliver_destination")).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void notificationCannotBeStored_whatHappenedIs(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node =
        world.start(
            builder ->
                builder.settings(
                    OutboxSettings.DEFAULT.withLocation(world.location()).withDsn(true)));
    world.server.on(Stage.RCPT).to(BOB).always().reply("550 5.1.1 No such user");
    String id = node.outbox.submit(world.message("one", BOB));
    update(
        world,
        "update redeliver_message set parameters = '1&from=x%00y@example.com' where id = '"
            + id
            + "'");
    for (int i = 0; i < 10; i++) {
      node.run();
      world.advance(Duration.ofMinutes(1));
    }
    assertThat(world.query("select state from redeliver_recipient where message_id = '" + id + "'"))
        .containsExactly("REFUSED");
  }

  /** The process that goes on has another clock, or the clock was put back. */
  @ParameterizedTest
  @EnumSource
  void clockGoesBack_lostAttemptIsInDoubtForAll(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node first = world.start();
    world.server.on(Stage.RCPT).to("grey@example.org").times(1).reply("450 4.2.0 Greylisted");
    world.server.on(Stage.RCPT).to("busy@example.org").times(1).reply("451 4.3.0 busy");
    first.outbox.submit(world.message("one", "grey@example.org", "busy@example.org"));
    first.run();
    update(world, "update redeliver_recipient set next_try = next_try + 60000 where position = 1");
    world
        .server
        .on(Stage.END_OF_DATA)
        .times(1)
        .then(SmtpAction.run(first.plug::pull), SmtpAction.accept());
    world.advance(Duration.ofHours(1));
    first.run();
    assertThat(world.states()).containsExactly("TRANSMITTING", "TRANSMITTING");
    first.kill();

    world.clock.set(world.clock.instant().minus(Duration.ofMinutes(59)));
    update(
        world, "update redeliver_task set picked = " + (dialect == Dialect.SQLITE ? "0" : "false"));
    World.Node second = world.start();
    second.sending().engine().wakeForgotten();
    for (int i = 0; i < 120; i++) {
      second.run();
      world.advance(Duration.ofMinutes(1));
    }
    assertThat(world.query("select unknown_outcomes from redeliver_recipient order by position"))
        .containsExactly("1", "1");
  }

  /** What another process sees of the lock of a file. */
  private static String lockedByAnother(Path file) throws Exception {
    Path program = file.resolveSibling("Lock.java");
    java.nio.file.Files.writeString(
        program,
        "import java.nio.channels.*;import java.nio.file.*;class Lock{"
            + "public static void main(String[] a)throws Exception{"
            + "System.out.print(FileChannel.open(Path.of(a[0]),StandardOpenOption.WRITE)"
            + ".tryLock()==null);}}");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                program.toString(),
                file.toString())
            .start();
    try (var reader = process.inputReader()) {
      return String.valueOf(reader.readLine());
    }
  }

  /** On most systems, to close any channel on a file gives back what others have locked. */
  @Test
  void secondOutboxOfTheProcess_leavesTheFirstItsLock() throws Exception {
    Path file = directory.resolve("mail.db");
    try (Ownership first = new Ownership(file);
        Ownership second = new Ownership(file)) {
      assertThat(first.take()).isTrue();
      assertThat(second.take()).isFalse();
      assertThat(lockedByAnother(directory.resolve("mail.db.lock"))).isEqualTo("true");
    }
    try (Ownership third = new Ownership(file)) {
      assertThat(third.take()).isTrue();
    }
  }

  /** With real threads: the timer survives whatever happens once. */
  @Test
  void databaseHasAnErrorOnce_newMessagesAreStillFound() throws Exception {
    World world = world(Dialect.SQLITE);
    world.clock.set(Instant.now());
    AtomicInteger errors = new AtomicInteger();
    AtomicBoolean broken = new AtomicBoolean();
    CountDownLatch sent = new CountDownLatch(1);
    world
        .server
        .on(Stage.END_OF_DATA)
        .always()
        .then(SmtpAction.run(sent::countDown), SmtpAction.accept());
    DataSource source = builderSource(world);
    DataSource faulty =
        failing(source, broken, errors, () -> new OutOfMemoryError("no memory just now"));
    try (Outbox outbox = real(world).dataSource(faulty).open();
        Outbox other = world.builder().dataSource(source).connect()) {
      broken.set(true);
      while (errors.get() == 0) {
        Thread.onSpinWait();
      }
      broken.set(false);
      String id = other.submit(world.message("one", BOB));
      assertThat(sent.await(5, TimeUnit.SECONDS)).as(id).isTrue();
      assertThat(outbox.operations().count()).isNotEmpty();
    }
  }

  /** Fails in the outbox's own thread, as long as it is broken. */
  private static DataSource failing(
      DataSource source, AtomicBoolean broken, AtomicInteger errors, Supplier<Throwable> problem) {
    return (DataSource)
        Proxy.newProxyInstance(
            TroubleTest.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              if (broken.get()) {
                errors.incrementAndGet();
                throw problem.get();
              }
              return method.invoke(source, arguments);
            });
  }

  private static Outbox.Builder real(World world) {
    return world
        .builder()
        .clock(InstantSource.system())
        .settings(
            OutboxSettings.DEFAULT.withLocation(world.location()).withPoll(Duration.ofMillis(20)))
        .scheduler(Scheduler::create);
  }

  /** With real threads: whoever has the file, but could not begin, begins later. */
  @Test
  void databaseFailsWhenAProcessTakesOver_itDoesSoLater() throws Exception {
    World world = world(Dialect.SQLITE);
    AtomicInteger errors = new AtomicInteger();
    AtomicBoolean broken = new AtomicBoolean();
    CountDownLatch sent = new CountDownLatch(1);
    world
        .server
        .on(Stage.END_OF_DATA)
        .always()
        .then(SmtpAction.run(sent::countDown), SmtpAction.accept());
    DataSource faulty =
        failing(builderSource(world), broken, errors, () -> new SQLException("not just now"));
    Outbox first = real(world).dataSource(builderSource(world)).open();
    try (Outbox second = real(world).dataSource(faulty).open()) {
      broken.set(true);
      first.close();
      while (errors.get() == 0) {
        Thread.onSpinWait();
      }
      broken.set(false);
      String id = second.submit(world.message("one", BOB));
      assertThat(sent.await(5, TimeUnit.SECONDS)).as(id).isTrue();
    }
  }

  @Test
  void outboxCannotBegin_anotherCan() throws Exception {
    World world = world(Dialect.SQLITE);
    AtomicBoolean broken = new AtomicBoolean();
    DeliveryListener breaking =
        new DeliveryListener() {
          @Override
          public void outboxOpened(Supplier<OutboxStatus> status) {
            broken.set(true);
          }
        };
    DataSource faulty =
        failing(
            builderSource(world),
            broken,
            new AtomicInteger(),
            () -> new SQLException("not just now"));
    assertThatThrownBy(() -> real(world).dataSource(faulty).listener(breaking).open())
        .isInstanceOf(OutboxException.class);
    CountDownLatch sent = new CountDownLatch(1);
    world
        .server
        .on(Stage.END_OF_DATA)
        .always()
        .then(SmtpAction.run(sent::countDown), SmtpAction.accept());
    try (Outbox outbox = real(world).dataSource(builderSource(world)).open()) {
      String id = outbox.submit(world.message("one", BOB));
      assertThat(sent.await(5, TimeUnit.SECONDS)).as(id).isTrue();
    }
  }

  @Test
  void closedTwice_isToldOnce() throws Exception {
    World world = world(Dialect.SQLITE);
    AtomicInteger told = new AtomicInteger();
    Outbox outbox =
        world
            .builder()
            .location(directory.resolve("own.db").toString())
            .listener(
                new DeliveryListener() {
                  @Override
                  public void outboxClosed(Supplier<OutboxStatus> status) {
                    told.incrementAndGet();
                  }
                })
            .open();
    outbox.close();
    outbox.close();
    assertThat(told).hasValue(1);
  }

  @ParameterizedTest
  @EnumSource
  void hostileReplies_areStored(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    String emoji = "\ud83d\ude00".repeat(600);
    world
        .server
        .on(Stage.RCPT)
        .to(BOB)
        .times(1)
        .then(SmtpAction.raw("450 4.7.1 Your IP has a poor \u0000 reputation " + emoji + "\r\n"));
    world
        .server
        .on(Stage.RCPT)
        .to(CAROL)
        .always()
        .then(SmtpAction.raw("550 5.1.1 \u0000\u0001'; drop table x\r\n"));
    node.outbox.submit(world.message("one", BOB));
    world.advance(Duration.ofSeconds(1));
    node.outbox.submit(world.message("two", CAROL));
    world.advance(Duration.ofSeconds(1));
    String longDomain = "x".repeat(60) + "." + "y".repeat(60) + "." + "z".repeat(60) + ".org";
    node.outbox.submit(world.message("three", "bob@" + longDomain));
    node.outbox.submit(world.message("four", "Bob@EXAMPLE.com"));
    for (int i = 0; i < 20; i++) {
      node.run();
      world.advance(Duration.ofMinutes(5));
    }
    assertThat(world.states()).containsExactly("ACCEPTED", "REFUSED", "ACCEPTED", "ACCEPTED");
  }
}
