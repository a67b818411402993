package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.kagkarlsson.scheduler.Scheduler;
import dev.redeliver.classify.Lane;
import dev.redeliver.policy.Backoff;
import dev.redeliver.policy.OutboxSettings;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The settings of the scheduler that would lose or repeat mail if they were left as they are. */
@Timeout(60)
class EngineTest extends InWorld {
  private static void insertTask(World world, World.Node node, String name, Instant due) {
    int inserted =
        node.outbox
            .store()
            .database()
            .transact(
                connection -> {
                  try (PreparedStatement insert =
                      connection.prepareStatement(
                          "insert into redeliver_task (task_name, task_instance, execution_time,"
                              + " picked, version, priority) values (?, 'x', ?, ?, 1, 1)")) {
                    insert.setString(1, name);
                    world.dialect().customization().setInstant(insert, 2, due);
                    insert.setBoolean(3, false);
                    return insert.executeUpdate();
                  }
                });
    assertThat(inserted).isEqualTo(1);
  }

  /** An application that was off for weeks, or another release's task: by default it is deleted. */
  @ParameterizedTest
  @EnumSource
  void unknownTask_weeksOverdue_isKept(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    insertTask(world, node, "of-another-release", world.clock.instant().minus(Duration.ofDays(60)));
    node.scheduler.runAnyDueExecutions();
    world.advance(Duration.ofDays(60));
    node.scheduler.runDeadExecutionDetection();
    node.scheduler.runAnyDueExecutions();
    node.scheduler.runDeadExecutionDetection();

    assertThat(world.query("select task_name from redeliver_task"))
        .containsExactly("of-another-release");
  }

  /** What is picked and waits for a thread gets no heartbeat and would be picked again. */
  @ParameterizedTest
  @EnumSource
  void queuesPicked_areNotMoreThanThreads(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node =
        world.start(
            builder -> builder.senderSettings(SenderSettings.builder().connections(3).build()));
    List<Long> picked = Collections.synchronizedList(new ArrayList<>());
    world
        .server
        .on(Stage.DATA)
        .always()
        .then(
            SmtpAction.run(
                () -> picked.add(world.count("select count(*) from redeliver_task where picked"))),
            SmtpAction.proceed());
    for (int i = 0; i < 20; i++) {
      node.outbox.submit(world.message("one", "bob@" + i + ".example.org"));
    }
    node.run();

    assertThat(world.states()).hasSize(20).allMatch("ACCEPTED"::equals);
    assertThat(picked).hasSize(20).allMatch(number -> number <= 3);
  }

  /** What is stored is ours, two octets, and what cannot be read does not stop the queue. */
  @ParameterizedTest
  @EnumSource
  void taskData_ofAnotherVersion_isNoObstacle(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    node.outbox.submit(world.message("one", BOB));
    node.sending().engine().wake();
    assertThat(world.octets("select task_data from redeliver_task")).containsExactly(1, 0);

    int changed =
        node.outbox
            .store()
            .database()
            .transact(
                connection -> {
                  try (PreparedStatement update =
                      connection.prepareStatement("update redeliver_task set task_data = ?")) {
                    update.setBytes(1, new byte[] {9, 8, 7});
                    return update.executeUpdate();
                  }
                });
    assertThat(changed).isEqualTo(1);
    node.run();
    assertThat(world.states()).containsExactly("ACCEPTED");
  }

  /** With real threads: a process without a sign of life is taken for dead after its lease. */
  @Test
  void processDies_anotherOneTakesOverAfterTheLease() throws Exception {
    World world = world(Dialect.POSTGRESQL);
    world.clock.set(Instant.now());
    CountDownLatch sent = new CountDownLatch(1);
    World.Node victim = world.start();
    world
        .server
        .on(Stage.END_OF_DATA)
        .times(1)
        .then(SmtpAction.run(victim.plug::pull), SmtpAction.close());
    world
        .server
        .on(Stage.END_OF_DATA)
        .always()
        .then(SmtpAction.run(sent::countDown), SmtpAction.accept());
    victim.outbox.submit(world.message("one", BOB));
    victim.run();
    assertThat(world.states()).containsExactly("TRANSMITTING");
    victim.kill();

    try (Outbox heir =
        world
            .builder()
            .clock(InstantSource.system())
            .policy(
                world.policy.toBuilder()
                    .lane(
                        Lane.CONNECTION,
                        Backoff.of(Duration.ofMillis(10), 1, Duration.ofMillis(10)))
                    .build())
            .settings(
                OutboxSettings.DEFAULT
                    .withLocation(world.location())
                    .withPoll(Duration.ofMillis(50))
                    .withLease(Duration.ofSeconds(1)))
            .scheduler(Scheduler::create)
            .open()) {
      assertThat(sent.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(heir.operations().count()).isNotEmpty();
    }
    assertThat(world.states()).containsExactly("ACCEPTED");
    assertThat(world.query("select unknown_outcomes from redeliver_recipient"))
        .containsExactly("1");
  }

  /** A file belongs to one process; the next one waits for its end, as in a restart. */
  @Test
  void secondProcessOnAFile_takesOverWhenTheFirstEnds() throws Exception {
    World world = world(Dialect.SQLITE);
    CountDownLatch sent = new CountDownLatch(1);
    world
        .server
        .on(Stage.END_OF_DATA)
        .always()
        .then(SmtpAction.run(sent::countDown), SmtpAction.accept());
    Outbox first = realTime(world).open();
    try (Outbox second = realTime(world).open()) {
      try (Outbox same = realTime(world).connect()) {
        first.close();
        same.submit(world.message("one", BOB));
      }
      assertThat(sent.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(second.operations().list(Selection.ALL, "", 10)).hasSize(1);
    }
  }

  /** Closing an outbox that never began to send gives everything back, too. */
  @Test
  void secondProcessOnAFile_closedWhileItWaits_ends() throws Exception {
    World world = world(Dialect.SQLITE);
    try (Outbox first = realTime(world).open()) {
      realTime(world).open().close();
      assertThat(first.operations().count()).isEmpty();
    }
    realTime(world).open().close();
  }

  private static Outbox.Builder realTime(World world) {
    return world
        .builder()
        .dataSource(world.database().source())
        .clock(InstantSource.system())
        .settings(OutboxSettings.DEFAULT.withPoll(Duration.ofMillis(50)))
        .scheduler(Scheduler::create);
  }
}
