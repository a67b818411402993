package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static dev.redeliver.outbox.World.CAROL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.testkit.Stage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an operator can see and do. */
@Timeout(60)
class OperationsTest extends InWorld {
  @Override
  World world(Dialect dialect) throws Exception {
    World world = super.world(dialect);
    world.server.on(Stage.RCPT).to(BOB).times(1).reply("452 4.2.2 Mailbox full");
    return world;
  }

  @ParameterizedTest
  @EnumSource
  void show_tellsEverything(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    String id =
        node.outbox.submit(
            Submission.of(world.message("one", BOB, CAROL)).withIdempotencyKey("order-1"));
    node.run();

    Entry entry = node.outbox.operations().show(id).orElseThrow();
    assertThat(entry.idempotencyKey()).contains("order-1");
    assertThat(entry.priority()).isEqualTo(Priority.NORMAL);
    assertThat(entry.deadline()).isEqualTo(entry.submittedAt().plus(Duration.ofDays(5)));
    assertThat(entry.finishedAt()).isEmpty();
    assertThat(entry.recipients())
        .extracting(Entry.Recipient::state)
        .containsExactly(EntryState.DEFERRED, EntryState.ACCEPTED);
    Entry.Recipient bob = entry.recipients().get(0);
    assertThat(bob.cause()).isEqualTo("mailbox-full");
    assertThat(bob.reply()).contains("452 4.2.2 Mailbox full");
    assertThat(bob.attempts()).isEqualTo(1);
    assertThat(bob.nextTry()).contains(world.clock.instant().plus(Duration.ofHours(2)));
    assertThat(node.outbox.operations().count())
        .isEqualTo(Map.of(EntryState.DEFERRED, 1L, EntryState.ACCEPTED, 1L));
    assertThat(node.outbox.operations().show("unknown")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void status_tellsWhatWaits(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    assertThat(node.outbox.operations().status().recipients()).isEmpty();
    node.outbox.submit(world.message("one", BOB));
    node.run();
    node.outbox.submit(world.message("two", CAROL));
    node.sending().engine().wake();
    world.advance(Duration.ofSeconds(7));
    var status = node.outbox.operations().status();
    assertThat(status.recipients()).isEqualTo(Map.of("deferred", 1L, "new", 1L));
    assertThat(status.oldest()).contains(world.clock.instant().minusSeconds(7));
    assertThat(status.overdueSince()).contains(world.clock.instant().minusSeconds(7));
  }

  @ParameterizedTest
  @EnumSource
  void retryNow_doesNotWait(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    node.outbox.submit(world.message("one", BOB));
    node.run();
    assertThat(node.outbox.operations().retryNow(Selection.domain("Example.ORG"))).isEqualTo(1);
    assertThat(node.outbox.operations().retryNow(Selection.domain("ample.org"))).isZero();
    node.run();
    assertThat(world.states()).containsExactly("ACCEPTED");
    assertThat(node.outbox.operations().retryNow(Selection.ALL)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void cancel_endsTheMessage(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    String id = node.outbox.submit(world.message("one", BOB));
    node.run();
    assertThat(node.outbox.operations().cancel(Selection.cause("mailbox-full"))).isEqualTo(1);

    world.advance(Duration.ofHours(3));
    node.run();
    assertThat(world.states()).containsExactly("CANCELLED");
    assertThat(world.server.accepted()).isEmpty();
    assertThat(node.outbox.operations().show(id).orElseThrow().finishedAt()).isPresent();
    node.sending().clean();
    assertThat(world.count("select count(*) from redeliver_body")).isZero();
  }

  /** Equal contents are stored once, and deleted with the last that needs them. */
  @ParameterizedTest
  @EnumSource
  void cancel_deletesContentAtOnce(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    Submission submission = Submission.of(world.message("one", BOB));
    List<String> ids = node.outbox.submitAll(List.of(submission, submission));

    assertThat(node.outbox.operations().cancel(Selection.id(ids.get(0)))).isEqualTo(1);
    assertThat(world.count("select count(*) from redeliver_body")).isEqualTo(1);
    assertThat(node.outbox.operations().cancel(Selection.ALL)).isEqualTo(1);
    assertThat(world.count("select count(*) from redeliver_body")).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void purgeAndRetention_forgetWhatHasEnded(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    String ended = node.outbox.submit(world.message("one", CAROL));
    String waiting = node.outbox.submit(world.message("two", BOB));
    node.run();
    assertThat(node.outbox.operations().purge(Selection.id(waiting))).isZero();
    assertThat(node.outbox.operations().purge(Selection.id(ended))).isEqualTo(1);
    assertThat(node.outbox.operations().list(Selection.ALL, "", 10))
        .extracting(Entry::id)
        .containsExactly(waiting);

    world.advance(Duration.ofHours(3));
    node.run();
    world.advance(Duration.ofDays(6));
    node.sending().clean();
    assertThat(node.outbox.operations().show(waiting)).isPresent();
    world.advance(Duration.ofDays(2));
    node.sending().clean();
    assertThat(node.outbox.operations().show(waiting)).isEmpty();
    assertThat(world.count("select count(*) from redeliver_recipient")).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void list_pagesThroughManyMessages(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    for (int i = 0; i < 25; i++) {
      node.outbox.submit(world.message("mail " + i, "bob@" + i % 2 + ".example.org"));
      world.advance(Duration.ofMillis(2));
    }
    Operations operations = node.outbox.operations();
    List<Entry> first = operations.list(Selection.domain("1.example.org"), "", 10);
    List<Entry> rest = operations.list(Selection.domain("1.example.org"), first.get(9).id(), 10);
    assertThat(first).hasSize(10);
    assertThat(rest).hasSize(2).doesNotContainAnyElementsOf(first);
    assertThat(operations.list(Selection.ALL.in(EntryState.ACCEPTED), "", 10)).isEmpty();
    assertThat(operations.cancel(Selection.ALL)).isEqualTo(25);
    assertThatThrownBy(() -> operations.list(Selection.ALL, "", 0))
        .hasMessageContaining("limit must be from 1 to 10000, but is 0");
  }

  /** Names from outside are no patterns and no statements. */
  @ParameterizedTest
  @EnumSource
  void selection_hostileText_isText(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start();
    node.outbox.submit(world.message("one", BOB));
    Operations operations = node.outbox.operations();
    assertThat(operations.cancel(Selection.domain("%"))).isZero();
    assertThat(operations.cancel(Selection.domain("exampl_.org"))).isZero();
    assertThat(operations.cancel(Selection.id("' or '1'='1"))).isZero();
    assertThat(operations.cancel(Selection.cause("x' or 'a'='a"))).isZero();
    assertThat(world.states()).containsExactly("NEW");
  }
}
