package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.Priority;
import dev.redeliver.outbox.Submission;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.ScriptedSmtpServerExtension;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class OutboxCommandTest {
  @RegisterExtension final ScriptedSmtpServerExtension smtp = new ScriptedSmtpServerExtension();

  @TempDir private Path folder = Path.of("");

  private Path file = folder;

  @BeforeEach
  void place() {
    file = folder.resolve("mail.db");
  }

  private String submit(String key, String recipients) throws Exception {
    Session session = Session.getInstance(new Properties());
    MimeMessage message = new MimeMessage(session);
    message.setFrom("shop@example.com");
    message.setRecipients(Message.RecipientType.TO, InternetAddress.parse(recipients));
    message.setText("Dear customer");
    message.saveChanges();
    message.setHeader("Message-ID", "<" + key + "@example.com>");
    try (Outbox outbox = Outbox.builder(session).location(file.toString()).connect()) {
      return outbox.submit(
          Submission.of(message)
              .withIdempotencyKey(key)
              .withPriority(Priority.URGENT)
              // A full mailbox is tried again after two hours, which is too late then.
              .withDeadline(Duration.ofHours(1)));
    }
  }

  private Cli outbox(String... args) {
    List<String> all = new ArrayList<>(List.of("outbox"));
    all.addAll(Arrays.asList(args));
    all.addAll(List.of("--outbox", file.toString()));
    return Cli.run(all.toArray(String[]::new));
  }

  /** {@return the id of a message that was sent: accepted, given up and refused} */
  private String sent() throws Exception {
    ScriptedSmtpServer server = smtp.server();
    server.on(Stage.RCPT).to("full@example.org").always().reply("452 4.2.2 Full\u001b[31m of mail");
    server.on(Stage.RCPT).to("gone@example.net").always().reply("550 5.1.1 No such user");
    String id = submit("order-1", "ann@example.org, full@example.org, gone@example.net");
    Path config = folder.resolve("mail.properties");
    Files.writeString(
        config,
        """
        mail.smtp.host=%s
        mail.smtp.port=%d
        mail.smtp.localhost=client.example.org
        redeliver.outbox.poll=20ms
        """
            .formatted(server.host(), server.port()));
    Cli cli = outbox("send", "--until-empty", "--config", config.toString());
    assertThat(cli.err()).isEmpty();
    assertThat(cli.exitCode()).isZero();
    assertThat(cli.out()).startsWith("sending what is in " + file + "\n");
    return id;
  }

  @Test
  void send_untilEmpty_endsWhenAllHaveAnOutcome() throws Exception {
    String id = sent();

    assertThat(smtp.server().copies("<order-1@example.com>", "ann@example.org")).isEqualTo(1);
    assertThat(outbox("status").out())
        .isEqualTo(
            """
            state     recipients
            accepted           1
            refused            1
            expired            1
            all                3
            """);
    assertThat(outbox("status", "--format", "tsv").out().lines())
        .containsExactly("accepted\t1", "refused\t1", "expired\t1");
    assertThat(outbox("status", "--format", "json").out())
        .isEqualTo(
            "{\"new\":0,\"deferred\":0,\"held\":0,\"transmitting\":0,\"accepted\":1,\"refused\":1,"
                + "\"unknown\":0,\"expired\":1,\"cancelled\":0}\n");
    assertThat(outbox("purge", "--id", id).out()).isEqualTo("purged 1 message\n");
    assertThat(outbox("show", id).exitCode()).isEqualTo(1);
  }

  @Test
  void show_tellsEverythingAndSteersNoTerminal() throws Exception {
    String id = sent();

    Cli text = outbox("show", id);
    assertThat(text.out())
        .contains(
            "id               " + id + "\n",
            "message-id       <order-1@example.com>\n",
            "idempotency key  order-1\n",
            "priority         urgent\n",
            "ann@example.org: accepted, 1 attempt\n  last reply  250 2.0.0 OK\n",
            "full@example.org: expired, ",
            "  last reply  452 4.2.2 Full [31m of mail\n",
            "  taken for   mailbox-full (rule enhanced.4.2.2)\n",
            "gone@example.net: refused, 1 attempt\n  last reply  550 5.1.1 No such user\n")
        .doesNotContain("\u001b");
    assertThat(outbox("show", id, "--format", "tsv").out().lines().toList())
        .hasSize(3)
        .first()
        .isEqualTo("ann@example.org\taccepted\t1\t0\t\t\t\t250 2.0.0 OK\t");
    assertThat(outbox("show", id, "--format", "json").out())
        .startsWith("{\"id\":\"" + id + "\",\"messageId\":\"<order-1@example.com>\",")
        .contains("\"address\":\"gone@example.net\",\"state\":\"refused\",\"attempts\":1,")
        .endsWith("}]}\n")
        .doesNotContain("\u001b");
  }

  @Test
  void list_findsByIdDomainCauseAndState() throws Exception {
    String id = sent();
    String second = submit("order-2", "bob@example.com");

    assertThat(outbox("list").out())
        .containsPattern(
            id
                // Two queues are looked after at the same time: either may end last.
                + " +\\d.*  urgent +1 accepted, 1 refused, 1 expired +-"
                + " +(452 4.2.2 Full \\[31m of mail|550 5.1.1 No such user)\n"
                + second
                + " +\\d.*  urgent +1 new +now\n");
    assertThat(listed("--id", id)).containsExactly(id);
    assertThat(listed("--domain", "Example.COM")).containsExactly(second);
    assertThat(listed("--cause", "mailbox-full")).containsExactly(id);
    assertThat(listed("--state", "new", "--state", "HELD")).containsExactly(second);
    assertThat(listed("--state", "new", "--cause", "mailbox-full")).isEmpty();
    assertThat(listed("--limit", "1")).containsExactly(id);
    assertThat(listed("--after", id)).containsExactly(second);
    assertThat(outbox("list", "--limit", "1").lastLine())
        .isEqualTo("there may be more: --after " + id);
    assertThat(outbox("list", "--format", "json").out().lines()).hasSize(2);
  }

  private List<String> listed(String... options) {
    List<String> all = new ArrayList<>(List.of("list", "--format", "tsv"));
    all.addAll(Arrays.asList(options));
    Cli cli = outbox(all.toArray(String[]::new));
    assertThat(cli.err()).isEmpty();
    return cli.out().lines().map(line -> line.substring(0, line.indexOf('\t'))).toList();
  }

  @Test
  void changes_areMadeToWhatIsAskedForOnly() throws Exception {
    String first = submit("order-1", "ann@example.org, bob@example.org");
    String second = submit("order-2", "cleo@example.org, dan@example.com");

    assertThat(outbox("retry", "--id", first).out()).isEqualTo("to be tried now: 2 recipients\n");
    assertThat(outbox("release", "--all").out()).isEqualTo("released 0 recipients\n");
    assertThat(outbox("cancel", "--domain", "example.com").out())
        .isEqualTo("cancelled 1 recipient\n");
    assertThat(outbox("purge", "--all").out()).isEqualTo("purged 0 messages\n");
    assertThat(outbox("cancel", "--id", second).out()).isEqualTo("cancelled 1 recipient\n");
    assertThat(outbox("purge", "--all").out()).isEqualTo("purged 1 message\n");
    assertThat(outbox("status", "--format", "tsv").out()).isEqualTo("new\t2\n");
  }

  @Test
  void changes_withoutSelection_needAll() throws Exception {
    assertThat(submit("order-1", "ann@example.org")).isNotEmpty();
    for (String command : List.of("retry", "release", "cancel", "purge")) {
      Cli cli = outbox(command);
      assertThat(cli.firstErrorLine())
          .isEqualTo("say which, by --id, --domain, --cause or --state; or --all");
      assertThat(cli.exitCode()).isEqualTo(64);
      cli = outbox(command, "--all", "--domain", "example.org");
      assertThat(cli.firstErrorLine())
          .isEqualTo("--all goes without --id, --domain, --cause and --state");
    }
    assertThat(outbox("status", "--format", "tsv").out()).isEqualTo("new\t1\n");
  }

  @Test
  void missingFile_isNotMade() {
    Cli cli = outbox("status");

    assertThat(cli.firstErrorLine())
        .isEqualTo("--outbox: cannot read " + file + ": there is no such file");
    assertThat(cli.exitCode()).isEqualTo(64);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatIsNoDatabase_isRefused() throws Exception {
    Files.writeString(file, "Dear reader,\n".repeat(500));

    Cli cli = outbox("status");

    assertThat(cli.firstErrorLine())
        .startsWith("--outbox: the outbox's database cannot be reached: ")
        .contains("file is not a database");
    assertThat(cli.exitCode()).isEqualTo(1);

    cli = Cli.run("outbox", "status", "--outbox", "jdbc:mysql://127.0.0.1/mail");

    assertThat(cli.firstErrorLine())
        .isEqualTo(
            "--outbox: location must be the name of a file or a URL that begins with"
                + " jdbc:postgresql:, but is jdbc:mysql://127.0.0.1/mail");
    assertThat(cli.exitCode()).isEqualTo(64);
  }

  @Test
  void unknownId_exits1() throws Exception {
    assertThat(submit("order-1", "ann@example.org")).isNotEmpty();
    for (String[] args :
        new String[][] {{"show", "none"}, {"list", "--id", "none"}, {"retry", "--id", "none"}}) {
      Cli cli = outbox(args);
      assertThat(cli.firstErrorLine()).isEqualTo("there is no message none in " + file);
      assertThat(cli.out()).isEmpty();
      assertThat(cli.exitCode()).isEqualTo(1);
    }
  }

  @Test
  void wrongNames_areToldWithTheNearest() {
    assertThat(outbox("list", "--state", "defered").firstErrorLine())
        .isEqualTo(
            "Invalid value for option '--state' (STATE): must be one of new, deferred, held,"
                + " transmitting, accepted, refused, unknown, expired, cancelled, but is"
                + " 'defered'; did you mean 'deferred'?");
    assertThat(outbox("retry", "--cause", "mailboxfull").firstErrorLine())
        .endsWith("but is 'mailboxfull'; did you mean 'mailbox-full'?");
    assertThat(outbox("list", "--limit", "0").firstErrorLine())
        .isEqualTo("--limit must be from 1 to 10000, but is 0");
    assertThat(outbox("send").firstErrorLine())
        .isEqualTo(
            "say where to: --host, or mail.smtp.host or redeliver.sender.relays in --config");
    assertThat(Cli.run("outbox").firstErrorLine()).isEqualTo("Missing required subcommand");
  }
}
