package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static dev.redeliver.outbox.World.CAROL;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Databases as the first version of the tables left them, in the middle of their work, are opened,
 * and what is in them is sent. They stand beside this test and never change; {@code
 * -Dredeliver.fixtures=write} was how they were made.
 */
@Timeout(60)
class FirstVersionTest {
  private static final Path RESOURCES = Path.of("src/test/resources/dev/redeliver/outbox");
  private static final String FILE = "version-1.sqlite";
  private static final String DUMP = "version-1.postgresql";

  @TempDir private Path directory = Path.of("");

  @Test
  void sqlite_firstVersion_isSent() throws Exception {
    try (InputStream file = resource(FILE)) {
      Files.write(directory.resolve("mail.db"), file.readAllBytes());
    }
    try (World world = World.of(Dialect.SQLITE, directory)) {
      check(world);
    }
  }

  @Test
  void postgresql_firstVersion_isSent() throws Exception {
    try (World world = World.of(Dialect.POSTGRESQL, directory)) {
      try (InputStream dump = resource(DUMP);
          Connection connection = DriverManager.getConnection(world.location());
          Statement statement = connection.createStatement()) {
        statement.execute(new String(dump.readAllBytes(), UTF_8));
      }
      check(world);
    }
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(FirstVersionTest.class.getResourceAsStream(name), name);
  }

  private static void check(World world) throws Exception {
    assertThat(world.states()).containsExactly("DEFERRED", "ACCEPTED", "TRANSMITTING", "NEW");
    World.Node node = world.start();
    assertThat(world.query("select max(version) from redeliver_schema"))
        .containsExactly(Integer.toString(Schema.CURRENT));
    world.advance(Duration.ofMinutes(10));
    node.scheduler.runDeadExecutionDetection();
    node.run();
    world.advance(Duration.ofMinutes(10));
    node.run();

    assertThat(world.states()).hasSize(4).containsOnly("ACCEPTED");
    assertThat(world.query("select unknown_outcomes from redeliver_recipient"))
        .containsExactlyInAnyOrder("0", "0", "1", "0");
    assertThat(world.server.accepted()).hasSize(3);
    assertThat(
            node.outbox.submit(
                Submission.of(world.message("again", BOB)).withIdempotencyKey("order-3")))
        .isEqualTo(world.query("select max(id) from redeliver_message").get(0));
    assertThat(world.count("select count(*) from redeliver_body")).isZero();
  }

  @Test
  void fixtures_areWrittenOnDemandOnly() throws Exception {
    assumeTrue("write".equals(System.getProperty("redeliver.fixtures")), "only on demand");
    try (World world = World.of(Dialect.SQLITE, directory)) {
      fill(world);
    }
    Files.copy(directory.resolve("mail.db"), RESOURCES.resolve(FILE));
    try (World world = World.of(Dialect.POSTGRESQL, directory)) {
      fill(world);
      Files.write(RESOURCES.resolve(DUMP), dump(world.location()));
    }
  }

  /** Leaves one message in each state that is not the end. */
  private static void fill(World world) throws Exception {
    World.Node node = world.start();
    world.server.on(Stage.RCPT).to(BOB).times(1).reply("450 4.2.0 Greylisted, try again");
    node.outbox.submit(world.message("one", BOB, CAROL));
    node.run();
    world.advance(Duration.ofMillis(5));
    world
        .server
        .on(Stage.END_OF_DATA)
        .times(1)
        .then(SmtpAction.run(node.plug::pull), SmtpAction.close());
    node.outbox.submit(world.message("two", CAROL));
    node.run();
    node.kill();
    world.advance(Duration.ofMillis(5));
    try (Outbox other = world.builder().dataSource(world.database().source()).connect()) {
      String id =
          other.submit(Submission.of(world.message("three", BOB)).withIdempotencyKey("order-3"));
      assertThat(id).isNotEmpty();
    }
  }

  private static byte[] dump(String url) throws IOException, InterruptedException {
    String uri = url.replace("jdbc:", "").replaceAll("\\?user=(\\w+)", "?user=$1");
    Process process =
        new ProcessBuilder(
                List.of("pg_dump", "--inserts", "--no-owner", "--no-privileges", "-d", uri))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String dump = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).isZero();
    // What is meant for psql, or for people.
    return dump.replaceAll("(?m)^(\\\\|--).*\\R", "").getBytes(UTF_8);
  }
}
