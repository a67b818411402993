package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A named module that uses ours, compiled and run on the module path, without JSpecify's jar. */
class ModulePathTest {
  private static final String MODULE =
      """
      module consumer {
        requires dev.redeliver.jakartamail;
        requires dev.redeliver.metrics;
        requires dev.redeliver.outbox;
        requires dev.redeliver.testkit;
        requires micrometer.core;
        exports consumer;
      }
      """;

  private static final String MAIN =
      """
      package consumer;

      import dev.redeliver.delivery.DeliveryListener;
      import dev.redeliver.delivery.DeliveryReport;
      import dev.redeliver.jakartamail.RetryingTransport;
      import dev.redeliver.outbox.Outbox;
      import dev.redeliver.policy.Profile;
      import dev.redeliver.policy.RetryPolicy;
      import dev.redeliver.testkit.ScriptedSmtpServer;
      import io.micrometer.core.instrument.MeterRegistry;
      import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
      import jakarta.mail.Message;
      import jakarta.mail.Session;
      import jakarta.mail.Transport;
      import jakarta.mail.internet.MimeMessage;
      import java.util.Properties;
      import java.util.concurrent.CountDownLatch;

      public class Main {
        public static final MeterRegistry REGISTRY = new SimpleMeterRegistry();

        public static void main(String[] args) throws Exception {
          try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
            Properties properties = new Properties();
            properties.setProperty("mail.smtp.host", server.host());
            properties.setProperty("mail.smtp.port", "" + server.port());
            properties.setProperty("mail.smtp.localhost", "client.example.org");
            Session plain = Session.getInstance(properties);
            RetryPolicy policy = RetryPolicy.of(Profile.INTERACTIVE);
            try (Transport t = RetryingTransport.wrap(plain.getTransport("smtp"), policy)) {
              t.connect();
              t.sendMessage(message(plain), message(plain).getAllRecipients());
            }
            CountDownLatch sent = new CountDownLatch(1);
            DeliveryListener listener =
                new DeliveryListener() {
                  @Override
                  public void deliveryFinished(DeliveryReport report) {
                    sent.countDown();
                  }
                };
            try (Outbox outbox = Outbox.builder(plain).location(args[0]).listener(listener).open()) {
              outbox.submit(message(plain));
              sent.await();
            }
            properties.setProperty(
                "mail.smtp.class", "dev.redeliver.jakartamail.RedeliverSmtpTransport");
            properties.setProperty("redeliver.metrics.registry", "consumer.Main#REGISTRY");
            Transport.send(message(Session.getInstance(properties)));
            long counted = REGISTRY.get("redeliver.attempt").timers().stream().mapToLong(timer -> timer.count()).sum();
            System.out.println("accepted " + server.accepted().size() + ", counted " + counted);
          }
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
      """;

  @Test
  void consumer_onTheModulePath_sendsStoresAndCounts(@TempDir Path folder) throws Exception {
    Path source = Files.createDirectories(folder.resolve("src/consumer"));
    Files.writeString(source.resolve("Main.java"), MAIN);
    Files.writeString(folder.resolve("src/module-info.java"), MODULE);
    String modules = modulePath();
    ByteArrayOutputStream errors = new ByteArrayOutputStream();

    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                errors,
                errors,
                "-proc:none",
                "-p",
                modules,
                "-d",
                folder.resolve("out").toString(),
                folder.resolve("src/module-info.java").toString(),
                source.resolve("Main.java").toString());
    assertThat(compiled).as(errors.toString(StandardCharsets.UTF_8)).isZero();

    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-p",
                modules + File.pathSeparator + folder.resolve("out"),
                "-m",
                "consumer/consumer.Main",
                folder.resolve("mail.db").toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(output).contains("accepted 3, counted 1");
  }

  /** Only what a consumer has: no JSpecify, no test libraries, and not the examples themselves. */
  private static String modulePath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(
            entry ->
                entry.contains("angus")
                    || entry.contains("jakarta")
                    || entry.contains("resilience4j")
                    || entry.contains("caffeine")
                    || entry.contains("slf4j-api")
                    || entry.contains("commons-pool2")
                    || entry.contains("micrometer-co")
                    || entry.contains("micrometer-observation")
                    || entry.contains("db-scheduler")
                    || entry.contains("HikariCP")
                    || entry.contains("sqlite-jdbc")
                    || entry.matches(
                        ".*(core|metrics|outbox|testkit|jakarta-mail-adapter).target.*"))
        .collect(Collectors.joining(File.pathSeparator));
  }
}
