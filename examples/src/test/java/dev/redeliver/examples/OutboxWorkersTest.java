package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.outbox.Entry;
import dev.redeliver.outbox.EntryState;
import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.Selection;
import dev.redeliver.outbox.Submission;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several processes that send what is in one PostgreSQL; some of them are no more, or asleep. */
@Timeout(240)
class OutboxWorkersTest {
  private static final int MESSAGES = 300;
  private static final int DOMAINS = 12;

  /** The exit code of a JVM that tidied up after SIGTERM. */
  private static final int TERMINATED = 143;

  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final Duration LONGEST = Duration.ofMinutes(2);

  @TempDir private Path folder = Path.of("");

  @Test
  void oneKilledAndOneFrozen_nothingIsLostAndNothingTwiceButWhatIsUnknown() throws Exception {
    try (Postgres postgres = Postgres.start(folder);
        ScriptedSmtpServer server = ScriptedSmtpServer.open();
        Outbox outbox = connect(postgres)) {
      server
          .on(Stage.END_OF_DATA)
          .always()
          .then(SmtpAction.delay(Duration.ofMillis(120)), SmtpAction.proceed());
      Path config = config(server);
      try (Child killed = worker(postgres, config, "killed");
          Child frozen = worker(postgres, config, "frozen");
          Child other = worker(postgres, config, "other")) {
        for (Child worker : List.of(killed, frozen, other)) {
          await("worker begins", worker, () -> worker.output().contains("sending what is in "));
        }
        assertThat(outbox.submitAll(messages())).hasSize(MESSAGES);

        await("some are sent", other, () -> server.accepted().size() > MESSAGES / 10);
        killed.kill();
        frozen.signal("STOP");
        await("others look after its queues", other, () -> queues(postgres, frozen) == 0);
        await("what was being sent is in doubt", other, () -> unknown(outbox) > 0);
        frozen.signal("CONT");

        await("all have an outcome", other, () -> isEmpty(outbox));
        assertThat(page(other, "metrics at "))
            .containsPattern("redeliver_outbox_recipients\\{.*state=\"new\".*} \\d")
            .containsPattern("redeliver_delivery_seconds_count\\{.*outcome=\"accepted\".*} \\d");
        assertThat(page(other, "status at ")).contains("<h2 id=\"outbox\">Outbox (1)</h2>");
        for (Child worker : List.of(frozen, other)) {
          worker.signal("TERM");
          assertThat(worker.await()).as(worker.output()).isEqualTo(TERMINATED);
          assertThat(worker.lastLine()).isEqualTo("recipients: accepted=" + 2 * MESSAGES);
        }
      }
      assertThat(server.awaitConnectionsClosed(LONGEST)).isTrue();
      check(server, outbox);
    }
  }

  /** {@return a page, as it is now} What it prints names the address. */
  private static String page(Child worker, String name) throws Exception {
    String url =
        worker
            .output()
            .lines()
            .filter(line -> line.startsWith(name))
            .map(line -> line.substring(name.length()))
            .findFirst()
            .orElseThrow();
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private static void check(ScriptedSmtpServer server, Outbox outbox) {
    List<Entry> entries = outbox.operations().list(Selection.ALL, "", MESSAGES + 1);
    assertThat(entries).hasSize(MESSAGES);
    int copies = 0;
    for (Entry entry : entries) {
      assertThat(entry.finishedAt()).as(entry.toString()).isPresent();
      for (Entry.Recipient recipient : entry.recipients()) {
        int had = server.copies(entry.messageId(), recipient.address());
        assertThat(recipient.state()).as(entry.toString()).isEqualTo(EntryState.ACCEPTED);
        assertThat(had).as(entry.toString()).isBetween(1, 1 + recipient.unknownAttempts());
        copies += had;
      }
    }
    assertThat(unknown(outbox)).isPositive();
    assertThat(server.accepted().stream().mapToInt(message -> message.recipients().size()).sum())
        .isEqualTo(copies);
  }

  private static boolean isEmpty(Outbox outbox) {
    return outbox.operations().count().keySet().stream().allMatch(EntryState::isFinal);
  }

  /** {@return how many queues a process looks after} */
  private static int queues(Postgres postgres, Child worker) throws SQLException {
    try (Connection connection = DriverManager.getConnection(postgres.url());
        PreparedStatement select =
            connection.prepareStatement(
                "select count(*) from redeliver_task where picked_by like ?")) {
      select.setString(1, "%-" + worker.pid() + "-%");
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }

  private static int unknown(Outbox outbox) {
    return outbox.operations().list(Selection.ALL, "", MESSAGES + 1).stream()
        .flatMap(entry -> entry.recipients().stream())
        .mapToInt(Entry.Recipient::unknownAttempts)
        .sum();
  }

  private static Outbox connect(Postgres postgres) {
    return Outbox.builder(Session.getInstance(new Properties())).location(postgres.url()).connect();
  }

  private Child worker(Postgres postgres, Path config, String name) throws IOException {
    return Child.start(
        folder.resolve(name + ".txt"),
        "outbox",
        "send",
        "--outbox",
        postgres.url(),
        "--config",
        config.toString(),
        "--metrics-port",
        "0");
  }

  private Path config(ScriptedSmtpServer server) throws IOException {
    return Files.writeString(
        folder.resolve("mail.properties"),
        """
        mail.smtp.host=%s
        mail.smtp.port=%d
        mail.smtp.localhost=client.example.org
        redeliver.outbox.lease=%ds
        redeliver.outbox.poll=100ms
        redeliver.lane.connection.initial-delay=200ms
        """
            .formatted(server.host(), server.port(), LEASE.toSeconds()));
  }

  private static List<Submission> messages() throws MessagingException {
    Session session = Session.getInstance(new Properties());
    List<Submission> messages = new ArrayList<>();
    for (int i = 1; i <= MESSAGES; i++) {
      MimeMessage message = new MimeMessage(session);
      message.setFrom("shop@example.com");
      message.setRecipients(
          Message.RecipientType.TO,
          "ann.%1$d@d%2$d.example, bob.%1$d@d%2$d.example".formatted(i, i % DOMAINS));
      message.setText("Message " + i);
      message.saveChanges();
      message.setHeader("Message-ID", "<" + i + "@example.com>");
      messages.add(Submission.of(message));
    }
    return messages;
  }

  private static void await(String what, Child needed, Callable<Boolean> condition)
      throws Exception {
    long end = System.nanoTime() + LONGEST.toNanos();
    while (!condition.call()) {
      assertThat(needed.endsWithin(LOOK)).as("%s: %s", what, needed.output()).isFalse();
      assertThat(System.nanoTime()).as(what).isLessThan(end);
    }
  }
}
