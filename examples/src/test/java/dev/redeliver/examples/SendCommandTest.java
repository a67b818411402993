package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.ScriptedSmtpServerExtension;
import dev.redeliver.testkit.Stage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class SendCommandTest {
  private static final String LETTER =
      """
      From: shop@example.org
      Message-ID: <1@example.org>
      Date: Tue, 24 Nov 2026 12:00:00 +0000
      Subject: hello

      Text.
      """
          .replace("\n", "\r\n");

  @RegisterExtension
  final ScriptedSmtpServerExtension smtp =
      new ScriptedSmtpServerExtension(
          ScriptedSmtpServer.builder().with("AUTH PLAIN LOGIN").credentials("ann", "secret"));

  @TempDir private Path folder = Path.of("");

  private Path file = folder;

  @BeforeEach
  void writeLetter() throws IOException {
    file = folder.resolve("letter.eml");
    Files.writeString(file, LETTER);
  }

  @Test
  void send_accepted_exits0() {
    Cli cli = send("--to", "a@example.org", "--to", "b@example.org");

    assertThat(cli.out())
        .isEqualTo(
            """
            accepted 2, refused 0, unknown 0, pending 0 of 2 after 1 transaction
              a@example.org: ACCEPTED, attempts 1
              b@example.org: ACCEPTED, attempts 1
            """);
    assertThat(cli.exitCode()).isZero();
    assertThat(smtp.server().accepted()).hasSize(1);
    ReceivedMessage received = smtp.server().accepted().get(0);
    assertThat(received.text()).isEqualTo(LETTER);
    assertThat(received.mailFrom()).isEqualTo("shop@example.org");
    assertThat(received.recipients()).containsExactly("a@example.org", "b@example.org");
  }

  @Test
  void send_oneRefused_exits1() {
    smtp.server().on(Stage.RCPT).to("b@example.org").reply("550 5.1.1 User unknown");

    Cli cli = send("--to", "a@example.org", "--to", "b@example.org");

    assertThat(cli.out())
        .startsWith("accepted 1, refused 1, unknown 0, pending 0 of 2 after 1 transaction\n")
        .contains("  b@example.org: REFUSED, attempts 1, 550 5.1.1 User unknown (");
    assertThat(cli.exitCode()).isEqualTo(1);
    assertThat(smtp.server().copies("<1@example.org>", "a@example.org")).isEqualTo(1);
  }

  @Test
  void send_deferred_exits2() {
    smtp.server().on(Stage.RCPT).reply("450 4.2.0 Greylisted, please try again later");

    Cli cli = send("--to", "a@example.org");

    assertThat(cli.out())
        .startsWith("accepted 0, refused 0, unknown 0, pending 1 of 1 after 1 transaction\n")
        .contains("a later try would be right at ");
    assertThat(cli.exitCode()).isEqualTo(2);
  }

  @Test
  void send_rejectedCredentials_exits2() {
    Cli cli =
        sendWith(Map.of("REDELIVER_PASSWORD", "wrong"), "--to", "a@example.org", "--user", "ann");

    assertThat(cli.out()).startsWith("no connection to 127.0.0.1: 535 ").doesNotContain("wrong");
    assertThat(cli.exitCode()).isEqualTo(2);
    assertThat(smtp.server().accepted()).isEmpty();
  }

  @Test
  void send_credentials_areUsed() {
    Cli cli =
        sendWith(
            Map.of("MAIL_SECRET", "secret"),
            "--to",
            "a@example.org",
            "--user",
            "ann",
            "--password-env",
            "MAIL_SECRET");

    assertThat(cli.exitCode()).isZero();
    assertThat(smtp.server().commands("AUTH")).isEqualTo(1);
  }

  @Test
  void send_starttlsNotOffered_exits2() {
    Cli cli = send("--to", "a@example.org", "--starttls");

    assertThat(cli.out()).startsWith("no connection to 127.0.0.1: ").contains("STARTTLS");
    assertThat(cli.exitCode()).isEqualTo(2);
    assertThat(smtp.server().accepted()).isEmpty();
  }

  @Test
  void send_noIdentifier_getsOne() throws IOException {
    Files.writeString(file, "From: shop@example.org\r\n\r\nText.\r\n");

    Cli cli = send("--to", "a@example.org", "--from", "bounces@example.org");

    assertThat(cli.exitCode()).isZero();
    ReceivedMessage received = smtp.server().accepted().get(0);
    assertThat(received.mailFrom()).isEqualTo("bounces@example.org");
    assertThat(received.messageId()).isPresent();
    assertThat(received.header("Date")).isPresent();
    assertThat(received.text()).endsWith("\r\n\r\nText.\r\n");
  }

  @Test
  void send_missingFile_exits64() {
    file = folder.resolve("none.eml");

    Cli cli = send("--to", "a@example.org");

    assertThat(cli.firstErrorLine())
        .isEqualTo("FILE cannot be read as a message: java.nio.file.NoSuchFileException: " + file);
    assertThat(cli.exitCode()).isEqualTo(64);
  }

  @Test
  void send_badAddress_exits64() {
    Cli cli = send("--to", "a b@example.org");

    assertThat(cli.firstErrorLine())
        .isEqualTo(
            "--to must be one mail address, but is 'a b@example.org': Local address contains control or whitespace");
    assertThat(cli.exitCode()).isEqualTo(64);
  }

  @Test
  void send_userWithoutPassword_exits64() {
    Cli cli = send("--to", "a@example.org", "--user", "ann");

    assertThat(cli.firstErrorLine())
        .isEqualTo("--user needs the password in the environment variable REDELIVER_PASSWORD");
    assertThat(cli.exitCode()).isEqualTo(64);
  }

  @Test
  void send_badConfiguration_exits64WithAllErrors() throws IOException {
    Path config = folder.resolve("mail.properties");
    Files.writeString(
        config,
        "redeliver.profil=background\nredeliver.retry.deadline=soon\n",
        StandardCharsets.UTF_8);

    Cli cli = send("--to", "a@example.org", "--config", config.toString());

    assertThat(cli.firstErrorLine()).isEqualTo("--config: " + config + " is refused:");
    assertThat(cli.err()).contains("redeliver.profil", "redeliver.retry.deadline", "soon");
    assertThat(cli.exitCode()).isEqualTo(64);
    assertThat(smtp.server().connections()).isZero();
  }

  private Cli send(String... args) {
    return sendWith(Map.of(), args);
  }

  private Cli sendWith(Map<String, String> environment, String... args) {
    List<String> all = new ArrayList<>(List.of("send", file.toString()));
    all.addAll(Arrays.asList(args));
    all.addAll(
        List.of("--host", smtp.server().host(), "--port", Integer.toString(smtp.server().port())));
    return Cli.runWith(environment, all.toArray(String[]::new));
  }
}
