package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static dev.redeliver.outbox.World.CAROL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.ds.PGSimpleDataSource;

/** One process, step by step, on each database. */
@Timeout(60)
class OutboxTest extends InWorld {
  @ParameterizedTest
  @EnumSource
  void submit_serverAccepts_isDeliveredAndContentIsDeleted(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node process = world.start();
    String id = process.outbox.submit(world.message("one", BOB, CAROL));
    assertThat(world.states()).containsExactly("NEW", "NEW");
    assertThat(world.count("select count(*) from redeliver_body")).isEqualTo(1);

    process.run();

    assertThat(world.states()).containsExactly("ACCEPTED", "ACCEPTED");
    assertThat(world.server.accepted()).hasSize(2);
    assertThat(world.server.accepted().get(0).text()).contains("this is one.");
    assertThat(world.count("select count(*) from redeliver_body")).isZero();
    assertThat(world.query("select id from redeliver_message where finished_at is not null"))
        .containsExactly(id);
    assertThat(world.count("select count(*) from redeliver_task")).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void greylisted_isSentWhenItsTimeHasCome(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node process = world.start();
    world.server.on(Stage.RCPT).to(BOB).times(1).reply("450 4.2.0 Greylisted, try again");
    process.outbox.submit(world.message("one", BOB));
    process.run();
    assertThat(world.states()).containsExactly("DEFERRED");
    assertThat(world.query("select cause from redeliver_recipient")).containsExactly("greylisted");

    world.advance(Duration.ofMinutes(4));
    process.run();
    assertThat(world.server.accepted()).isEmpty();

    world.advance(Duration.ofMinutes(1));
    process.run();
    assertThat(world.states()).containsExactly("ACCEPTED");
    assertThat(world.query("select attempts from redeliver_recipient")).containsExactly("2");
    assertThat(world.server.accepted()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void refused_isFinalAndTold(Dialect dialect) throws Exception {
    List<DeliveryReport> reports = new ArrayList<>();
    World world = world(dialect);
    World.Node process =
        world.start(
            new DeliveryListener() {
              @Override
              public void deliveryFinished(DeliveryReport report) {
                reports.add(report);
              }
            });
    world.server.on(Stage.RCPT).to(BOB).always().reply("550 5.1.1 No such user");
    process.outbox.submit(world.message("one", BOB));
    process.run();

    assertThat(world.states()).containsExactly("REFUSED");
    assertThat(reports)
        .singleElement()
        .satisfies(report -> assertThat(report.summary()).contains("refused 1"));
    assertThat(world.query("select reply from redeliver_recipient").get(0)).contains("550 5.1.1");
  }

  @ParameterizedTest
  @EnumSource
  void deadlinePasses_isExpired(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node process = world.start();
    world.server.on(Stage.RCPT).to(BOB).always().reply("451 4.3.0 local error");
    process.outbox.submit(
        Submission.of(world.message("one", BOB)).withDeadline(Duration.ofMinutes(8)));
    process.run();
    assertThat(world.states()).containsExactly("DEFERRED");
    world.advance(Duration.ofMinutes(5));
    process.run();
    assertThat(world.states()).containsExactly("EXPIRED");
    assertThat(world.count("select count(*) from redeliver_body")).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void crashWhileTransmitting_outcomeIsUnknownAndSentOnceMore(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node first = world.start();
    world
        .server
        .on(Stage.END_OF_DATA)
        .times(1)
        .then(SmtpAction.run(first.plug::pull), SmtpAction.accept());
    first.outbox.submit(world.message("one", BOB));
    first.run();
    assertThat(world.states()).containsExactly("TRANSMITTING");
    first.kill();

    World.Node second = world.start();
    world.advance(Duration.ofHours(1));
    second.scheduler.runDeadExecutionDetection();
    second.run();
    assertThat(world.states()).containsExactly("DEFERRED");
    assertThat(world.query("select unknown_outcomes from redeliver_recipient"))
        .containsExactly("1");

    world.advance(Duration.ofMinutes(1));
    second.run();
    assertThat(world.states()).containsExactly("ACCEPTED");
  }

  @ParameterizedTest
  @EnumSource
  void idempotencyKey_secondSubmit_isTheFirstMessage(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node process = world.start();
    Submission order = Submission.of(world.message("one", BOB)).withIdempotencyKey("order-17");
    Submission again = Submission.of(world.message("two", BOB)).withIdempotencyKey("order-17");
    String id = process.outbox.submit(order);
    assertThat(process.outbox.submit(again)).isEqualTo(id);
    process.run();
    assertThat(process.outbox.submit(again)).isEqualTo(id);
    process.run();

    assertThat(world.server.accepted()).hasSize(1);
    assertThat(world.count("select count(*) from redeliver_body")).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void callersTransaction_rolledBack_nothingIsSent(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node process = world.start();
    Submission submission = Submission.of(world.message("one", BOB));
    assertThatThrownBy(
            () ->
                process
                    .outbox
                    .store()
                    .database()
                    .transact(
                        connection -> {
                          assertThat(process.outbox.submit(connection, submission)).isNotEmpty();
                          throw new IllegalStateException("the order failed");
                        }))
        .hasMessage("the order failed");
    process.run();
    assertThat(world.server.accepted()).isEmpty();
    assertThat(world.count("select count(*) from redeliver_body")).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void equalBodies_areStoredOnce(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node process = world.start();
    var message = world.message("one", BOB);
    var first = Submission.of(message);
    var second = Submission.of(message, InternetAddress.parse(CAROL));
    process.outbox.submitAll(List.of(first, second));
    assertThat(world.count("select count(*) from redeliver_body")).isEqualTo(1);
    process.run();
    assertThat(world.server.accepted()).hasSize(2);
    assertThat(world.count("select count(*) from redeliver_body")).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void cause_isTheTokenThatMetricsHave(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node process = world.start();
    world.server.on(Stage.RCPT).to(BOB).reply("452 4.2.2 The recipient's mailbox is full");
    process.outbox.submit(world.message("one", BOB));
    process.run();

    assertThat(process.outbox.operations().list(Selection.cause("mailbox-full"), "", 10))
        .hasSize(1);
  }

  @Test
  void connect_whatIsNoDatabase_saysSo() throws Exception {
    Path file = Files.writeString(directory.resolve("letter.txt"), "Dear reader,\n".repeat(500));
    Outbox.Builder builder = Outbox.builder(Session.getInstance(new Properties()));

    assertThatThrownBy(() -> builder.location(file.toString()).connect())
        .isInstanceOf(OutboxException.class)
        .hasMessageStartingWith("the outbox's database cannot be reached: ")
        .hasMessageContaining("file is not a database");
    assertThatThrownBy(
            () -> builder.location("jdbc:postgresql://127.0.0.1:1/none?user=nobody").connect())
        .isInstanceOf(OutboxException.class)
        .hasMessageStartingWith("the outbox's database cannot be reached: ");
  }

  /** Such as Spring's: the connection belongs to the transaction of the thread. */
  @ParameterizedTest
  @EnumSource
  void dataSourceOfATransaction_submitTakesPartInIt(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node sender = world.start();
    Submission submission = Submission.of(world.message("one", BOB));
    Database database = sender.outbox.store().database();
    AtomicReference<Connection> transaction = new AtomicReference<>();
    try (Outbox outbox =
        world.builder().dataSource(bound(database.source(), transaction)).connect()) {
      int unused =
          database.transact(
              connection -> {
                transaction.set(connection);
                assertThat(outbox.submit(submission)).isNotEmpty();
                assertThat(connection.isClosed()).isFalse();
                connection.rollback();
                transaction.set(null);
                return 0;
              });
    }
    sender.run();
    assertThat(world.states()).isEmpty();
    assertThat(world.server.accepted()).isEmpty();
  }

  /** Such a driver does not tell which of many messages were there already. */
  @Test
  void driverThatRewritesBatches_keysAreKept() throws Exception {
    World world = world(Dialect.POSTGRESQL);
    World.Node node = world.start();
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(world.location() + "&reWriteBatchedInserts=true");
    List<Submission> orders = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      orders.add(
          Submission.of(world.message("order " + i % 10, BOB)).withIdempotencyKey("order-" + i));
    }
    try (Outbox outbox = world.builder().dataSource(source).connect()) {
      List<String> first = outbox.submitAll(orders.subList(0, 10));
      List<String> all = outbox.submitAll(orders);
      assertThat(all).startsWith(first.toArray(String[]::new)).hasSize(20).doesNotHaveDuplicates();
    }
    node.run();
    assertThat(world.states()).hasSize(20).containsOnly("ACCEPTED");
    assertThat(world.server.accepted()).hasSize(20);
    assertThat(world.count("select count(*) from redeliver_body")).isZero();
  }

  /** Lends the connection of the transaction, if there is one. */
  private static DataSource bound(DataSource source, AtomicReference<Connection> transaction) {
    InvocationHandler connections =
        (proxy, method, arguments) -> {
          Connection connection = transaction.get();
          return connection == null ? source.getConnection() : lent(connection);
        };
    return (DataSource)
        Proxy.newProxyInstance(
            OutboxTest.class.getClassLoader(), new Class<?>[] {DataSource.class}, connections);
  }

  private static Object lent(Connection connection) {
    InvocationHandler handler =
        (proxy, method, arguments) ->
            method.getName().equals("close") ? null : method.invoke(connection, arguments);
    return Proxy.newProxyInstance(
        OutboxTest.class.getClassLoader(), new Class<?>[] {Connection.class}, handler);
  }

  @ParameterizedTest
  @EnumSource
  void redeliverer_isThereIfItSends(Dialect dialect) throws Exception {
    World world = world(dialect);
    assertThat(world.start().outbox.redeliverer().policy()).isEqualTo(world.policy);
    try (Outbox outbox = world.builder().location(world.location()).connect()) {
      assertThatIllegalStateException()
          .isThrownBy(outbox::redeliverer)
          .withMessageStartingWith("this outbox only submits");
    }
  }
}
