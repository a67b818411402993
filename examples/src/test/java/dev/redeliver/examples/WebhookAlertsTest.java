package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Reaction;
import dev.redeliver.policy.AddressLog;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ResourceBundle;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WebhookAlertsTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  private final BlockingQueue<String> bodies = new LinkedBlockingQueue<>();
  private final Lines log = new Lines();
  private final CountDownLatch open = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private URI hook;
  private int status = 204;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/hook",
        exchange -> {
          try (exchange) {
            String type = exchange.getRequestHeaders().getFirst("Content-Type");
            byte[] body = exchange.getRequestBody().readAllBytes();
            open.await();
            bodies.add(type + " " + new String(body, StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(status, -1);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    server.start();
    hook = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/hook");
  }

  @AfterEach
  void stop() {
    open.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void alert_raised_isPostedAsJson() throws InterruptedException {
    open.countDown();

    new WebhookAlerts(hook, AddressLog.MASKED, log).reputationAlert(alert());

    assertThat(bodies.poll(20, TimeUnit.SECONDS))
        .isEqualTo(
            "application/json {\"state\":\"raised\",\"level\":\"warning\","
                + "\"destination\":\"google\",\"provider\":\"google\",\"server\":\"relay.example\","
                + "\"cause\":\"reputation\","
                + "\"said\":\"421 4.7.0 \\\"bad\\\" reputation, a***@gmail.com\",\"rule\":\"some.rule\","
                + "\"count\":3,\"firstSeen\":\"2026-01-01T12:00:00Z\","
                + "\"lastSeen\":\"2026-01-01T12:01:00Z\"}");
  }

  @Test
  void alerts_beyondTheBound_areLeftOutAndLogged() throws InterruptedException {
    WebhookAlerts webhook = new WebhookAlerts(hook, AddressLog.MASKED, log);

    for (int i = 0; i <= WebhookAlerts.MOST_UNDER_WAY; i++) {
      webhook.reputationAlert(alert());
    }

    assertThat(log.next())
        .isEqualTo("the webhook was not told of an alert for google: it has yet to take others");
    open.countDown();
    for (int i = 0; i < WebhookAlerts.MOST_UNDER_WAY; i++) {
      assertThat(bodies.poll(20, TimeUnit.SECONDS)).isNotNull();
    }
    assertThat(bodies).isEmpty();
  }

  @Test
  void alert_thatTheWebhookDoesNotTake_isLogged() throws InterruptedException {
    status = 503;
    open.countDown();

    new WebhookAlerts(hook, AddressLog.MASKED, log).reputationAlert(alert());

    assertThat(log.next())
        .isEqualTo("the webhook was not willing to take an alert for google: HTTP 503");
  }

  @Test
  void alert_withoutAWebhook_isLoggedWithoutItsAddress() throws InterruptedException {
    server.stop(0);

    new WebhookAlerts(hook, AddressLog.MASKED, log).reputationAlert(alert());

    assertThat(log.next())
        .startsWith("the webhook was not told of an alert for google: ")
        .contains("ConnectException")
        .doesNotContain("/hook");
  }

  @Test
  void webhook_thatIsNotOne_isRefused() {
    assertThatThrownBy(() -> new WebhookAlerts(URI.create("ftp://a.example"), AddressLog.NONE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static ReputationAlert alert() {
    return new ReputationAlert(
        ReputationAlert.State.RAISED,
        ReputationAlert.Level.WARNING,
        "relay.example",
        Destination.ofDomain("gmail.com"),
        Cause.REPUTATION,
        new SmtpFailure.Refused(
            SmtpStage.RCPT, SmtpReply.parse("421 4.7.0 \"bad\" reputation, ann@gmail.com")),
        "some.rule",
        new Reaction(3, Duration.ofMinutes(10), Duration.ofMinutes(15), 0),
        3,
        NOON,
        NOON.plusSeconds(60));
  }

  /** Keeps what is logged. */
  private static final class Lines implements System.Logger {
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    String next() throws InterruptedException {
      return String.valueOf(lines.poll(20, TimeUnit.SECONDS));
    }

    @Override
    public String getName() {
      return "lines";
    }

    @Override
    public boolean isLoggable(Level level) {
      return true;
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String message,
        @Nullable Throwable thrown) {
      lines.add(String.valueOf(message));
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String format,
        Object @Nullable ... parameters) {
      lines.add(String.valueOf(format));
    }
  }
}
