package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.outbox.Entry;
import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.Selection;
import dev.redeliver.policy.PolicyKeys;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ScriptedSmtpServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows is compiled and run as it stands there. */
class ReadmeTest {
  private static final String HEADER =
      """
      import static org.assertj.core.api.Assertions.assertThat;

      import dev.redeliver.delivery.*;
      import dev.redeliver.jakartamail.*;
      import dev.redeliver.metrics.*;
      import dev.redeliver.outbox.*;
      import dev.redeliver.policy.*;
      import dev.redeliver.testkit.*;
      import io.micrometer.core.instrument.MeterRegistry;
      import jakarta.mail.Message;
      import jakarta.mail.Session;
      import jakarta.mail.Transport;
      import jakarta.mail.internet.MimeMessage;
      import java.time.Duration;
      import java.util.Properties;
      import java.util.concurrent.CompletableFuture;

      public class Snippet {
        public static void run(%s) throws Exception {
      %s
        }
      }
      """;

  private final String readme = read();
  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();

  private static String read() {
    try {
      return Files.readString(Path.of("..", "README.md"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void wrapping_asShown_sends(@TempDir Path folder) throws Exception {
    MimeMessage message = message(session(""));

    run(folder, "session, message", message.getSession(), message);

    assertThat(server.copies(message.getMessageID(), "bob@example.org")).isEqualTo(1);
  }

  @Test
  void metrics_asShown_count(@TempDir Path folder) throws Exception {
    MimeMessage message = message(session(""));
    MeterRegistry registry = new SimpleMeterRegistry();

    run(folder, "session, message, registry", message.getSession(), message, registry);

    assertThat(registry.get("redeliver.attempt").tag("mailer", "newsletter").timers())
        .anyMatch(timer -> timer.count() == 1);
  }

  @Test
  void sender_asShown_sends(@TempDir Path folder) throws Exception {
    MimeMessage message = message(session(""));

    run(folder, "sender", message.getSession(), message);

    assertThat(server.copies(message.getMessageID(), "bob@example.org")).isEqualTo(1);
  }

  @Test
  void outbox_asShown_keepsTheMessage(@TempDir Path folder) throws Exception {
    MimeMessage message = message(session(""));

    run(folder, "outbox", message.getSession(), message);

    try (Outbox outbox =
        Outbox.builder(message.getSession())
            .location(folder.resolve("mail.db").toString())
            .existing()
            .connect()) {
      assertThat(outbox.operations().list(Selection.ALL, "", 10))
          .extracting(Entry::messageId)
          .containsExactly(message.getMessageID());
    }
  }

  @Test
  void testkit_asShown_holds(@TempDir Path folder) throws Exception {
    run(folder, "testkit");
  }

  @Test
  void properties_asShown_switchRedeliverOn() throws Exception {
    Session session = session(block("<!-- properties -->\n```properties\n"));
    MimeMessage message = message(session);

    Transport.send(message);

    assertThat(session.getTransport("smtp").getClass().getSimpleName())
        .isEqualTo("RedeliverSmtpTransport");
    assertThat(server.accepted()).hasSize(1);
    assertThat(RetryPolicy.fromProperties(session.getProperties()).metricsRegistry())
        .isEqualTo("global");
  }

  @Test
  void keys_inTheTable_areThoseOfTheCode() {
    int start = readme.indexOf("<!-- keys:start -->\n") + "<!-- keys:start -->\n".length();

    assertThat(readme.substring(start, readme.indexOf("<!-- keys:end -->")))
        .isEqualTo(PolicyKeys.markdownTable());
  }

  @Test
  void java_ofEveryBlock_isTested() {
    Matcher blocks = Pattern.compile("```java\n").matcher(readme);

    assertThat(blocks.results()).hasSize(5);
  }

  private String block(String start) {
    int from = readme.indexOf(start);
    assertThat(from).as(start).isNotNegative();
    return readme.substring(from + start.length(), readme.indexOf("```", from + start.length()));
  }

  private void run(Path folder, String snippet, Object... arguments) throws Exception {
    String code =
        block("<!-- snippet: " + snippet + " -->\n```java\n")
            .replace("mail.db", folder.resolve("mail.db").toString());
    Path source = folder.resolve("Snippet.java");
    Files.writeString(source, HEADER.formatted(parameters(arguments), code));
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                errors,
                errors,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                folder.toString(),
                source.toString());
    assertThat(result).as(errors.toString(StandardCharsets.UTF_8)).isZero();
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
      Class<?> type = loader.loadClass("Snippet");
      Method method =
          Arrays.stream(type.getMethods())
              .filter(candidate -> candidate.getName().equals("run"))
              .findFirst()
              .orElseThrow();
      method.invoke(null, arguments);
    }
  }

  private static String parameters(Object[] arguments) {
    return switch (arguments.length) {
      case 0 -> "";
      case 2 -> "Session session, MimeMessage message";
      default -> "Session session, MimeMessage message, MeterRegistry registry";
    };
  }

  private Session session(String more) throws Exception {
    Properties properties = new Properties();
    properties.load(new StringReader(more));
    properties.setProperty("mail.smtp.host", server.host());
    properties.setProperty("mail.smtp.port", Integer.toString(server.port()));
    properties.setProperty("mail.smtp.localhost", "client.example.org");
    return Session.getInstance(properties);
  }

  private static MimeMessage message(Session session) throws Exception {
    MimeMessage message = new MimeMessage(session);
    message.setFrom("alice@example.org");
    message.setRecipients(Message.RecipientType.TO, "bob@example.org");
    message.setText("Hello");
    message.saveChanges();
    return message;
  }
}
