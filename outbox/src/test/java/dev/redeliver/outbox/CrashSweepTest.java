package dev.redeliver.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process is killed before and after every statement to the database, and at every stage of the
 * conversation with the mail server; another one goes on. What the server has recorded is compared
 * with what the database says.
 */
@Timeout(300)
class CrashSweepTest {
  private static final String GOOD = "good@example.org";
  private static final String GREY = "grey@example.org";
  private static final String GONE = "gone@example.org";
  private static final String ELSEWHERE = "good@example.net";

  @TempDir private Path directory = Path.of("");

  private int worlds;

  private World world(Dialect dialect) throws Exception {
    Path own = Files.createDirectory(directory.resolve("world" + ++worlds));
    World world = World.of(dialect, own);
    world.server.on(Stage.RCPT).to(GREY).times(1).reply("450 4.2.0 Greylisted, try again");
    world.server.on(Stage.RCPT).to(GONE).always().reply("550 5.1.1 No such user");
    return world;
  }

  private static void submit(World world, World.Node node) throws Exception {
    List<String> ids = new ArrayList<>();
    ids.add(node.outbox.submit(world.message("one", GOOD, GREY, GONE, ELSEWHERE)));
    ids.add(node.outbox.submit(world.message("two", GOOD)));
    assertThat(ids).doesNotHaveDuplicates();
  }

  /** Time passes until everything has ended. */
  private static void finish(World world) {
    World.Node heir = world.start();
    for (int i = 0; i < 30 && world.count(OPEN) > 0; i++) {
      world.advance(Duration.ofMinutes(10));
      heir.scheduler.runDeadExecutionDetection();
      heir.sending().engine().wakeForgotten();
      heir.run();
    }
  }

  private static final String OPEN =
      "select count(*) from redeliver_recipient where next_try is not null";

  /** Nothing lost, nothing twice but what is counted as unknown, nothing left behind. */
  private static void check(World world, String when) {
    assertThat(world.count(OPEN)).as("%s: open", when).isZero();
    List<String> rows =
        world.query(
            "select r.address || ' ' || r.state || ' ' || r.unknown_outcomes || ' ' || m.message_id"
                + " from redeliver_recipient r join redeliver_message m on m.id = r.message_id");
    assertThat(rows).as(when).hasSize(5);
    for (String row : rows) {
      String[] parts = row.split(" ", -1);
      int copies = world.server.copies(parts[3], parts[0]);
      int unknown = Integer.parseInt(parts[2]);
      if (parts[0].equals(GONE)) {
        assertThat(copies).as("%s: %s", when, row).isZero();
        assertThat(parts[1]).as("%s: %s", when, row).isIn("REFUSED", "UNKNOWN");
      } else {
        assertThat(parts[1]).as("%s: %s", when, row).isEqualTo("ACCEPTED");
        assertThat(copies).as("%s: copies of %s", when, row).isBetween(1, 1 + unknown);
        assertThat(unknown).as("%s: %s", when, row).isLessThanOrEqualTo(1);
      }
    }
    assertThat(world.count("select count(*) from redeliver_message where finished_at is null"))
        .as("%s: messages without an end", when)
        .isZero();
    assertThat(world.count("select count(*) from redeliver_task")).as(when).isZero();
    assertThat(sameBytes(world.server.accepted())).as(when).isTrue();
  }

  private static boolean sameBytes(List<ReceivedMessage> messages) {
    return messages.stream()
            .map(message -> message.messageId().orElse("") + message.text())
            .distinct()
            .count()
        == messages.stream().map(ReceivedMessage::messageId).distinct().count();
  }

  @ParameterizedTest
  @EnumSource
  void killedAtAnyStatement_nothingIsLostAndNothingTwice(Dialect dialect) throws Exception {
    int moment = 0;
    boolean killed = true;
    while (killed) {
      moment++;
      try (World world = world(dialect)) {
        World.Node node = world.start();
        submit(world, node);
        node.plug.pullAt(moment);
        node.run();
        killed = node.plug.isPulled();
        node.kill();
        finish(world);
        check(world, dialect + ", moment " + moment);
      }
    }
    assertThat(moment).as("moments").isGreaterThan(40);
  }

  @ParameterizedTest
  @EnumSource
  void killedWhileItSubmits_isStoredWholeOrNotAtAll(Dialect dialect) throws Exception {
    boolean killed = true;
    for (int moment = 1; killed; moment++) {
      try (World world = world(dialect)) {
        World.Node node = world.start();
        node.plug.pullAt(moment);
        try {
          assertThat(node.outbox.submit(world.message("one", GOOD, ELSEWHERE))).isNotEmpty();
          killed = false;
        } catch (Plug.Killed e) {
          node.kill();
        }
        finish(world);
        int copies = world.server.accepted().size();
        assertThat(copies).as("moment %s", moment).isIn(0, 2);
        assertThat(world.states()).hasSize(copies).allMatch("ACCEPTED"::equals);
        if (!killed) {
          assertThat(copies).isEqualTo(2);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void killedAtAnyStageOfSmtp_nothingIsLostAndNothingTwice(Dialect dialect) throws Exception {
    for (Stage stage : Stage.values()) {
      for (boolean afterwards : new boolean[] {false, true}) {
        for (int transaction = 1; transaction <= 2; transaction++) {
          try (World world = world(dialect)) {
            World.Node node = world.start();
            submit(world, node);
            SmtpAction kill = SmtpAction.run(node.plug::pull);
            world
                .server
                .on(stage)
                .skip(transaction - 1)
                .times(1)
                .then(
                    kill,
                    afterwards ? SmtpAction.proceed() : SmtpAction.close(),
                    SmtpAction.close());
            node.run();
            node.kill();
            finish(world);
            check(world, dialect + ", " + stage + (afterwards ? " answered " : " ") + transaction);
          }
        }
      }
    }
  }
}
