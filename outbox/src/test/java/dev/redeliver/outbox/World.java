package dev.redeliver.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.kagkarlsson.scheduler.testhelper.ManualScheduler;
import com.github.kagkarlsson.scheduler.testhelper.SettableClock;
import com.github.kagkarlsson.scheduler.testhelper.TestHelper.ManualSchedulerBuilder;
import com.zaxxer.hikari.HikariDataSource;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.policy.OutboxSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.function.UnaryOperator;

/**
 * A mail server, a database, a clock that stands, and nodes that have an outbox there: nothing
 * happens but what a test asks for, in its own thread.
 */
final class World implements AutoCloseable {
  static final String BOB = "bob@example.org";
  static final String CAROL = "carol@example.net";

  final ScriptedSmtpServer server = ScriptedSmtpServer.open();
  final FakeClock clock = new FakeClock();
  final List<Node> nodes = new ArrayList<>();
  final RetryPolicy policy = RetryPolicy.builder(Profile.RFC5321).jitter(0).build();

  private final Dialect dialect;
  private final String location;
  private final HikariDataSource source;

  private World(Dialect dialect, String location) {
    this.dialect = dialect;
    this.location = location;
    source = Embedded.open(OutboxSettings.DEFAULT.withLocation(location), 4);
  }

  static World of(Dialect dialect, Path directory) throws Exception {
    String location =
        dialect == Dialect.SQLITE
            ? directory.resolve("mail.db").toString()
            : Postgres.freshDatabase().url();
    return new World(dialect, location);
  }

  /** One process. */
  final class Node implements AutoCloseable {
    final Plug plug;
    final Outbox outbox;
    final ManualScheduler scheduler;

    Node(Plug plug, Outbox outbox) {
      this.plug = plug;
      this.outbox = outbox;
      scheduler = (ManualScheduler) sending().engine().scheduler();
      sending().prepare();
    }

    Sending sending() {
      return Objects.requireNonNull(outbox.sending());
    }

    /** Everything that can be done at this time, or until it is killed. */
    void run() {
      try {
        for (int i = 0; i < 100; i++) {
          int woken = sending().engine().wake();
          scheduler.runAnyDueExecutions();
          // The outbox's own thread may have woken a queue that then had a notification to send.
          if (plug.isPulled() || (woken == 0 && idle() && sending().engine().wake() == 0)) {
            return;
          }
        }
      } catch (Plug.Killed e) {
        assertThat(plug.isPulled()).isTrue();
      }
    }

    private boolean idle() {
      return count(
              "select count(*) from redeliver_task where not picked and execution_time <= " + now())
          == 0;
    }

    /** It is no more: what it had begun, it does not end. */
    void kill() {
      plug.pull();
      sending().closeNow();
      nodes.remove(this);
    }

    @Override
    public void close() {
      sending().closeNow();
    }
  }

  Dialect dialect() {
    return dialect;
  }

  /** {@return the time as it is in the scheduler's table} */
  String now() {
    return dialect == Dialect.SQLITE
        ? Long.toString(clock.instant().toEpochMilli())
        : "timestamp with time zone '" + clock.instant() + "'";
  }

  Database database() {
    return new Database(source);
  }

  String location() {
    return location;
  }

  Session session() {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", server.host());
    properties.setProperty("mail.smtp.port", Integer.toString(server.port()));
    properties.setProperty("mail.smtp.timeout", "5000");
    properties.setProperty("mail.smtp.connectiontimeout", "5000");
    properties.setProperty("mail.smtp.localhost", "client.example.org");
    return Session.getInstance(properties);
  }

  Outbox.Builder builder() {
    return Outbox.builder(session())
        .policy(policy)
        .clock(clock)
        .waiter(delay -> {})
        .senderSettings(SenderSettings.builder().connections(1).build())
        .scheduler(
            (dataSource, tasks) ->
                new ManualSchedulerBuilder(dataSource, tasks).clock(schedulerClock()));
  }

  private SettableClock schedulerClock() {
    return new SettableClock() {
      @Override
      public Instant now() {
        return clock.instant();
      }
    };
  }

  Node start(DeliveryListener... listeners) {
    return start(
        builder -> {
          List.of(listeners).forEach(builder::listener);
          return builder;
        });
  }

  Node start(UnaryOperator<Outbox.Builder> change) {
    Plug plug = new Plug(source);
    Node process = new Node(plug, change.apply(builder().dataSource(plug)).build());
    nodes.add(process);
    return process;
  }

  Message message(String subject, String... recipients) throws MessagingException {
    MimeMessage message = new MimeMessage(session());
    message.setFrom(new InternetAddress("shop@example.com"));
    for (String recipient : recipients) {
      message.addRecipient(Message.RecipientType.TO, new InternetAddress(recipient));
    }
    message.setSubject(subject);
    message.setText("Dear customer,\nthis is " + subject + ".\n");
    message.saveChanges();
    return message;
  }

  void advance(Duration time) {
    clock.advance(time);
  }

  /** {@return the number that a query gives} */
  long count(String query) {
    return query(query).isEmpty() ? 0 : Long.parseLong(query(query).get(0));
  }

  /** {@return the first column of a query} */
  List<String> query(String query) {
    return database().read(connection -> firstColumn(connection, query));
  }

  private static List<String> firstColumn(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      List<String> values = new ArrayList<>();
      while (row.next()) {
        values.add(String.valueOf(row.getString(1)));
      }
      return values;
    }
  }

  void execute(String statement) {
    int changed =
        database()
            .read(
                connection -> {
                  try (Statement sql = connection.createStatement()) {
                    return sql.executeUpdate(statement);
                  }
                });
    assertThat(changed).isPositive();
  }

  /** {@return the octets in the first column of the first row} */
  byte[] octets(String query) {
    return database()
        .read(
            connection -> {
              try (Statement statement = connection.createStatement();
                  ResultSet row = statement.executeQuery(query)) {
                return row.next() ? row.getBytes(1) : new byte[0];
              }
            });
  }

  List<String> states() {
    return query("select state from redeliver_recipient order by message_id, position");
  }

  @Override
  public void close() {
    nodes.forEach(Node::close);
    source.close();
    server.close();
  }
}
