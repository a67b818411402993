package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.ScriptedSmtpServerExtension;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The two small programs, against a server that takes one recipient at a time. */
class ProgramsTest {
  @RegisterExtension final ScriptedSmtpServerExtension smtp = new ScriptedSmtpServerExtension();

  @Test
  void wrapTransport_sendsTheRestAtOnce() throws Exception {
    ScriptedSmtpServer server = oneRecipientAtATime();

    WrapTransport.main(arguments(server, "a@example.org,b@example.org"));

    assertOneCopyEach(server);
  }

  @Test
  void propertiesOnly_sendsTheRestAtOnce() throws Exception {
    ScriptedSmtpServer server = oneRecipientAtATime();

    PropertiesOnly.main(arguments(server, "a@example.org,b@example.org"));

    assertOneCopyEach(server);
  }

  @Test
  void wrapTransport_refused_ends() throws Exception {
    ScriptedSmtpServer server = smtp.server();
    server.on(Stage.RCPT).always().reply("550 5.1.1 User unknown");

    WrapTransport.main(arguments(server, "a@example.org"));

    assertThat(server.commands("RCPT")).isEqualTo(1);
    assertThat(server.accepted()).isEmpty();
  }

  @Test
  void propertiesOnly_refused_ends() throws Exception {
    ScriptedSmtpServer server = smtp.server();
    server.on(Stage.RCPT).always().reply("550 5.1.1 User unknown");

    PropertiesOnly.main(arguments(server, "a@example.org"));

    assertThat(server.commands("RCPT")).isEqualTo(1);
    assertThat(server.accepted()).isEmpty();
  }

  private ScriptedSmtpServer oneRecipientAtATime() {
    ScriptedSmtpServer server = smtp.server();
    server
        .on(Stage.RCPT)
        .when(exchange -> !exchange.recipients().isEmpty())
        .always()
        .then(SmtpAction.reply("452 4.5.3 Too many recipients"));
    return server;
  }

  private static String[] arguments(ScriptedSmtpServer server, String recipients) {
    return new String[] {server.host(), Integer.toString(server.port()), recipients};
  }

  private static void assertOneCopyEach(ScriptedSmtpServer server) {
    assertThat(server.accepted()).hasSize(2);
    assertThat(server.copies(message -> true, "a@example.org")).isEqualTo(1);
    assertThat(server.copies(message -> true, "b@example.org")).isEqualTo(1);
    assertThat(server.accepted().get(1).content()).isEqualTo(server.accepted().get(0).content());
  }
}
