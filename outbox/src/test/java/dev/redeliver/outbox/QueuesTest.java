package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static dev.redeliver.outbox.World.CAROL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who goes first, who waits, and for what. */
@Timeout(60)
class QueuesTest extends InWorld {
  private static List<String> subjects(World world) {
    return world.server.accepted().stream()
        .map(message -> message.header("Subject").orElse(""))
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void urgent_goesBeforeNewsletters(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    for (int i = 0; i < 5; i++) {
      node.outbox.submit(
          Submission.of(world.message("news " + i, "reader@" + i + ".example.org"))
              .withPriority(Priority.BULK));
    }
    node.outbox.submit(world.message("order", BOB));
    node.outbox.submit(Submission.of(world.message("code", BOB)).withPriority(Priority.URGENT));
    node.run();

    assertThat(subjects(world)).startsWith("code", "order").hasSize(7);
  }

  /** A destination with many messages gives way after its slice. */
  @ParameterizedTest
  @EnumSource
  void manyMessagesToOneSlowDestination_doNotKeepAnother(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    world
        .server
        .on(Stage.DATA)
        .to(BOB)
        .always()
        .then(
            SmtpAction.run(() -> world.clock.advance(Duration.ofSeconds(1))), SmtpAction.proceed());
    for (int i = 0; i < 40; i++) {
      node.outbox.submit(world.message("slow " + i, BOB));
    }
    node.outbox.submit(world.message("other", CAROL));
    node.run();

    // Four queues of the slow destination, two seconds each, may have had their slice before.
    assertThat(subjects(world)).hasSize(41);
    assertThat(subjects(world).indexOf("other")).isLessThanOrEqualTo(12);
  }

  /** What was due first must not be first for ever. */
  @ParameterizedTest
  @EnumSource
  void queueThatHasUsedItsTime_goesBehindWhatCameLater(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    world
        .server
        .on(Stage.RCPT)
        .to(BOB)
        .always()
        .then(
            SmtpAction.run(() -> world.clock.advance(Duration.ofSeconds(1))), SmtpAction.proceed());
    for (int i = 0; i < 10; i++) {
      node.outbox.submit(world.message("slow " + i, BOB));
    }
    int unused = node.sending().engine().wake();
    node.scheduler.runAnyDueExecutions();

    assertThat(subjects(world)).hasSizeBetween(2, 9);
    assertThat(
            world.query(
                "select execution_time >= "
                    + world.now()
                    + " from redeliver_task where not picked"))
        .singleElement()
        .isIn("1", "t");
  }

  @ParameterizedTest
  @EnumSource
  void destinationThatBlames_pausesForAllProcesses(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node first = world.start();
    World.Node second = world.start();
    world
        .server
        .on(Stage.RCPT)
        .to(BOB)
        .times(3)
        .reply("450 4.7.1 Your IP address has a poor reputation here");
    for (int i = 0; i < 12; i++) {
      first.outbox.submit(world.message("mail " + i, BOB));
    }
    first.run();
    assertThat(world.query("select why from redeliver_destination"))
        .singleElement()
        .asString()
        .contains("poor reputation");
    int asked = world.server.commands("RCPT");
    second.outbox.submit(world.message("one more", BOB));
    second.run();
    first.run();
    assertThat(world.server.commands("RCPT")).isEqualTo(asked);

    for (int i = 0; i < 20; i++) {
      world.advance(Duration.ofMinutes(15));
      second.run();
      first.run();
    }
    assertThat(world.states()).hasSize(13).allMatch("ACCEPTED"::equals);
  }

  /** At six a minute, two processes together send six a minute. */
  @ParameterizedTest
  @EnumSource
  void maxRate_isOneForAllProcesses(Dialect dialect) throws Exception {
    World world = world(dialect);
    var slow = world.policy.toBuilder().guard(GuardSettings.DEFAULT.withMaxRate(6)).build();
    World.Node first = world.start(builder -> builder.policy(slow));
    World.Node second = world.start(builder -> builder.policy(slow));
    for (int i = 0; i < 30; i++) {
      first.outbox.submit(world.message("mail " + i, BOB));
    }
    for (int second1 = 0; second1 < 120; second1++) {
      first.run();
      second.run();
      world.advance(Duration.ofSeconds(1));
    }
    assertThat(world.server.accepted().size()).isBetween(10, 13);
  }

  /** A wrong password is nobody's message's fault. */
  @ParameterizedTest
  @EnumSource
  void ownSetUpAtFault_messagesAreHeldAndGoOnWhenItIsMended(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    world.server.on(Stage.MAIL).times(1).reply("530 5.7.0 Authentication required");
    for (int i = 0; i < 3; i++) {
      node.outbox.submit(world.message("mail " + i, "bob@" + i + ".example.org"));
    }
    node.run();
    assertThat(world.states()).contains("HELD").doesNotContain("REFUSED", "EXPIRED");
    assertThat(world.server.accepted()).isEmpty();
    assertThat(world.query("select sum(attempts) from redeliver_recipient")).containsExactly("0");
    int commands = world.server.commands("MAIL");
    node.run();
    assertThat(world.server.commands("MAIL")).isEqualTo(commands);

    world.advance(Duration.ofHours(12));
    node.run();
    assertThat(world.states()).containsOnly("ACCEPTED");
  }

  @ParameterizedTest
  @EnumSource
  void serverIsDown_nothingIsCountedAndOneProbeFindsOut(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    for (int i = 0; i < 20; i++) {
      node.outbox.submit(world.message("mail " + i, "bob@" + i + ".example.org"));
    }
    world.server.stop();
    node.run();
    assertThat(world.query("select sum(attempts) from redeliver_recipient")).containsExactly("0");
    assertThat(world.query("select reply || ': ' || decision from redeliver_recipient"))
        .anyMatch(why -> why.contains("CONNECT") && why.contains("no attempt counted"));
    world.server.start();
    world.advance(Duration.ofMinutes(2));
    node.run();
    assertThat(world.states()).hasSize(20).containsOnly("ACCEPTED");
  }

  /** The recipients of a message at one destination get it in one transaction. */
  @ParameterizedTest
  @EnumSource
  void recipientsAtOneDestination_shareATransaction(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    node.outbox.submit(world.message("all", BOB, "alice@example.org", CAROL, "dave@example.org"));
    node.run();
    List<List<String>> transactions =
        new ArrayList<>(world.server.accepted().stream().map(ReceivedMessage::recipients).toList());
    assertThat(transactions)
        .containsExactlyInAnyOrder(
            List.of(BOB, "alice@example.org", "dave@example.org"), List.of(CAROL));
  }

  /** Two processes and many queues: nobody gets anything twice. */
  @ParameterizedTest
  @EnumSource
  void twoProcessesInTurn_shareTheWork(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node first = world.start();
    World.Node second =
        world.start(
            builder -> builder.senderSettings(SenderSettings.builder().connections(2).build()));
    for (int i = 0; i < 50; i++) {
      (i % 2 == 0 ? first : second)
          .outbox.submit(world.message("mail " + i, "bob@" + i % 10 + ".example.org"));
    }
    for (int i = 0; i < 10; i++) {
      first.scheduler.runAnyDueExecutions();
      second.run();
    }
    first.run();
    assertThat(subjects(world)).hasSize(50).doesNotHaveDuplicates();
    assertThat(world.states()).hasSize(50).containsOnly("ACCEPTED");
  }

  /** What cannot be read, because another release wrote it, keeps nobody else. */
  @ParameterizedTest
  @EnumSource
  void rowOfAnotherRelease_keepsNobody(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    String strange = node.outbox.submit(world.message("strange", BOB));
    world.execute("update redeliver_recipient set failures = 'MOON_PHASE=3'");
    for (int i = 0; i < 8; i++) {
      node.outbox.submit(world.message("mail " + i, BOB));
    }
    node.run();
    assertThat(subjects(world)).hasSize(8).doesNotContain("strange");

    world.execute("update redeliver_recipient set failures = ''");
    world.advance(Duration.ofHours(1));
    node.run();
    assertThat(node.outbox.operations().show(strange).orElseThrow().finishedAt()).isPresent();
    assertThat(subjects(world)).hasSize(9);
  }

  /** One message that our set-up cannot send is held by itself. */
  @ParameterizedTest
  @EnumSource
  void messageWithUnknownParameters_keepsNobody(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    node.outbox.submit(world.message("strange", BOB));
    world.execute("update redeliver_message set parameters = '9&from=x'");
    for (int i = 0; i < 8; i++) {
      node.outbox.submit(world.message("mail " + i, BOB));
    }
    node.run();
    assertThat(subjects(world)).hasSize(8);
    assertThat(world.query("select decision from redeliver_recipient where state = 'DEFERRED'"))
        .singleElement()
        .asString()
        .contains("version '9', and this release knows 1");
  }

  /** Time is over also while the destination pauses. */
  @ParameterizedTest
  @EnumSource
  void deadlinePassesWhileTheServerIsDown_isExpired(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    node.outbox.submit(
        Submission.of(world.message("code", BOB)).withDeadline(Duration.ofMinutes(5)));
    world.server.stop();
    node.run();
    for (int minute = 0; minute < 10; minute++) {
      world.advance(Duration.ofMinutes(1));
      node.run();
    }
    assertThat(world.states()).containsExactly("EXPIRED");
  }

  /** Whoever waits for bounces hears of each recipient once, however the others fare. */
  @ParameterizedTest
  @EnumSource
  void recipientsEndOneByOne_listenersHearOfEachOnce(Dialect dialect) throws Exception {
    List<String> told = new ArrayList<>();
    World world = world(dialect);
    World.Node node =
        world.start(
            new DeliveryListener() {
              @Override
              public void deliveryFinished(DeliveryReport report) {
                report
                    .recipients()
                    .forEach(each -> told.add(each.recipient() + " " + each.outcome()));
              }
            });
    world.server.on(Stage.RCPT).to("gone@example.org").always().reply("550 5.1.1 No such user");
    world.server.on(Stage.RCPT).to("grey@example.org").times(1).reply("450 4.2.0 Greylisted");
    node.outbox.submit(world.message("all", "gone@example.org", "grey@example.org", BOB));
    node.run();
    assertThat(told)
        .containsExactlyInAnyOrder("gone@example.org REFUSED", "bob@example.org ACCEPTED");
    world.advance(Duration.ofMinutes(5));
    node.run();
    assertThat(told).hasSize(3).endsWith("grey@example.org ACCEPTED");
  }

  /** A restart is how most set-ups are mended. */
  @ParameterizedTest
  @EnumSource
  void restartWithAMendedSetUp_whatWasHeldGoesAtOnce(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node before = world.start();
    world.server.on(Stage.MAIL).times(1).reply("530 5.7.0 Authentication required");
    before.outbox.submit(world.message("one", BOB));
    before.run();
    assertThat(world.states()).containsExactly("HELD");
    before.kill();

    World.Node after = world.start();
    after.sending().release();
    after.run();
    assertThat(world.states()).containsExactly("ACCEPTED");
  }

  /** A clock that was days ahead for a while. */
  @ParameterizedTest
  @EnumSource
  void clockWasAhead_pauseOfThatTimeIsForgotten(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node first = world.start();
    world
        .server
        .on(Stage.RCPT)
        .to(BOB)
        .times(3)
        .reply("450 4.7.1 Your IP address has a poor reputation here");
    for (int i = 0; i < 6; i++) {
      first.outbox.submit(world.message("mail " + i, BOB));
    }
    Instant now = world.clock.instant();
    world.clock.set(now.plus(Duration.ofDays(3)));
    first.run();
    first.kill();
    world.clock.set(now);
    World.Node second = world.start();
    for (int hour = 0; hour < 5; hour++) {
      world.advance(Duration.ofHours(1));
      second.scheduler.runDeadExecutionDetection();
      second.sending().engine().wakeForgotten();
      second.run();
    }
    assertThat(world.states()).contains("ACCEPTED");
  }
}
