package dev.redeliver.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How tests of mail-sending code read; {@link RawClient} stands for that code. */
@ExtendWith(ScriptedSmtpServerExtension.class)
class ScriptedSmtpServerExampleTest {
  private static final String MESSAGE = "Message-ID: <1@app.example>\r\nSubject: Hello\r\n\r\nHi";

  @Test
  void greylistedRecipient_isAcceptedTheSecondTime(ScriptedSmtpServer server) throws IOException {
    server.on(Stage.RCPT).to("b@example.org").reply("450 4.2.0 Greylisted, try again later");

    try (RawClient mailer = RawClient.greeted(server)) {
      mailer.mail("app@app.example", MESSAGE, "a@example.org", "b@example.org");
      mailer.mail("app@app.example", MESSAGE, "b@example.org");
    }

    assertThat(server.copies("<1@app.example>", "a@example.org")).isEqualTo(1);
    assertThat(server.copies("<1@app.example>", "b@example.org")).isEqualTo(1);
    assertThat(server.unused()).isEmpty();
  }

  @Test
  void replyToTheFinalDotLost_messageIsThereAllTheSame(ScriptedSmtpServer server)
      throws IOException {
    server.on(Stage.END_OF_DATA).message("<1@app.example>").acceptThenClose();

    try (RawClient mailer = RawClient.greeted(server)) {
      assertThat(mailer.mail("app@app.example", MESSAGE, "a@example.org")).isEqualTo("EOF");
    }

    assertThat(server.copies("<1@app.example>", "a@example.org")).isEqualTo(1);
  }

  @Test
  void serverShuttingDown_saysSoAndCloses(ScriptedSmtpServer server) throws IOException {
    server
        .on(Stage.MAIL)
        .onTransaction(2)
        .then(SmtpAction.reply("421 4.3.2 Shutting down"), SmtpAction.close());

    try (RawClient mailer = RawClient.greeted(server)) {
      mailer.mail("app@app.example", MESSAGE, "a@example.org");
      assertThat(mailer.say("MAIL FROM:<app@app.example>")).isEqualTo("421 4.3.2 Shutting down");
      assertThat(mailer.reply()).isEqualTo("EOF");
    }

    assertThat(server.accepted())
        .singleElement()
        .satisfies(message -> assertThat(message.header("Subject")).contains("Hello"));
  }
}
