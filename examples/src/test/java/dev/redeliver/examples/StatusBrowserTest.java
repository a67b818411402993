package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RetryWait;
import dev.redeliver.jakartamail.MailSender;
import dev.redeliver.metrics.StatusPage;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The status page in a real browser, with a server that would like to take the page over. */
@Timeout(180)
class StatusBrowserTest {
  private static final String ATTACK =
      "</bdi></code><script>document.title='owned'</script>"
          + "<img src=x onerror=\"document.title='owned'\"> \" ' &amp; & \u202e\u2066 \u001b[31m";

  private Path chromium;
  private Path folder;

  @BeforeEach
  void find(@TempDir Path folder) {
    this.folder = folder;
    chromium = Program.require("chromium");
  }

  @Test
  void page_withHostileTexts_showsPendingMessagesAndTheTextsAsText() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).name("shop").build();
    StatusPage status = new StatusPage(policy);
    Redeliverer redeliverer =
        Redeliverer.builder(policy).listener(status).listener(opening(waiting)).build();
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open();
        MetricsPage page =
            MetricsPage.open(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT), 0);
        Closing sender = new Closing(server, redeliverer)) {
      server.on(Stage.RCPT).always().reply("450 4.2.0 " + ATTACK + " word".repeat(800));
      page.serveStatus(status, redeliverer);
      sender.send("<order-1@shop.example>", "ann@example.org");
      assertThat(waiting.await(30, TimeUnit.SECONDS)).isTrue();
      Delivery hostile = redeliverer.begin(Envelope.of("<" + ATTACK, List.of("eve@" + ATTACK)));
      assertThat(hostile.waiting()).isNotEmpty();

      String dom = dom(page.statusUrl());

      assertThat(dom)
          .contains("<title>Redeliver: shop</title>")
          .contains("Pending messages (2)", "&lt;order-1@shop.example&gt;", "a***@example.org")
          .contains("&lt;script&gt;document.title='owned'&lt;/script&gt;")
          .contains("&lt;img src=x onerror=\"document.title='owned'\"&gt;")
          .contains("\\u{202e}", "\\u{1b}")
          .doesNotContain("<script", "<img", "<title>owned", "\u202e", "\u2066", "\u001b");
    }
  }

  /** Whether the browser would have done it: without this the test above might prove nothing. */
  @Test
  void browser_withoutEscaping_isTakenOver() throws Exception {
    Path page = folder.resolve("page.html");
    Files.writeString(page, "<title>Redeliver</title><code>" + ATTACK + "</code>");

    assertThat(dom(page.toUri().toString())).contains("<title>owned</title>");
  }

  private static DeliveryListener opening(CountDownLatch latch) {
    return new DeliveryListener() {
      @Override
      public void retryScheduled(RetryWait wait) {
        latch.countDown();
      }
    };
  }

  /** A sender that does not wait for what it cannot deliver. */
  private static final class Closing implements AutoCloseable {
    private final Session session;
    private final MailSender sender;

    Closing(ScriptedSmtpServer server, Redeliverer redeliverer) {
      Properties properties = new Properties();
      properties.setProperty("mail.smtp.host", server.host());
      properties.setProperty("mail.smtp.port", Integer.toString(server.port()));
      properties.setProperty("mail.smtp.connectiontimeout", "10000");
      properties.setProperty("mail.smtp.timeout", "10000");
      properties.setProperty("mail.smtp.writetimeout", "10000");
      session = Session.getInstance(properties);
      sender = MailSender.builder(session).redeliverer(redeliverer).build();
    }

    void send(String id, String to) throws Exception {
      MimeMessage message = new MimeMessage(session);
      message.setFrom("shop@example.org");
      message.setRecipients(Message.RecipientType.TO, to);
      message.setText("hello");
      message.saveChanges();
      message.setHeader("Message-ID", id);
      var unused = sender.send(message);
    }

    @Override
    public void close() {
      sender.close(Duration.ZERO);
    }
  }

  /** {@return the page as the browser has it after its scripts have run} */
  private String dom(String url) throws IOException, InterruptedException {
    Path out = folder.resolve("dom.html");
    Path log = folder.resolve("chromium.log");
    Process browser =
        new ProcessBuilder(
                chromium.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--user-data-dir=" + folder.resolve("profile"),
                "--virtual-time-budget=2000",
                "--dump-dom",
                url)
            .redirectOutput(out.toFile())
            .redirectError(log.toFile())
            .start();
    try {
      assertThat(browser.waitFor(80, TimeUnit.SECONDS)).as(Files.readString(log)).isTrue();
    } finally {
      browser.descendants().forEach(ProcessHandle::destroyForcibly);
      browser.destroyForcibly().waitFor();
    }
    return Files.readString(out);
  }
}
