package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.jakartamail.RedeliveryException;
import dev.redeliver.jakartamail.RetryingTransport;
import dev.redeliver.metrics.RedeliverMetrics;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus with our rules, and a provider that blames the sender, until it does not. */
@Timeout(120)
class PrometheusTest {
  private static final String RULES = "META-INF/redeliver/prometheus/rules.yml";
  private static final String FIRING =
      "ALERTS{alertname=\"RedeliverReputationAlert\", alertstate=\"firing\"}";
  private static final Duration LIMIT = Duration.ofSeconds(50);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final HttpClient http = HttpClient.newHttpClient();
  private final ScriptedSmtpServer server = ScriptedSmtpServer.builder().open();
  private MetricsPage page;
  private Process prometheus;
  private String api;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    Optional<Path> program = onPath("prometheus");
    if (program.isEmpty() && "true".equals(System.getenv("CI"))) {
      fail("prometheus is not on the PATH; it is a Debian package");
    }
    assumeTrue(program.isPresent(), "prometheus (Debian package) is not on the PATH");
    page = MetricsPage.open(registry, 0);
    String address = "127.0.0.1:" + freePort();
    api = "http://" + address + "/api/v1/query?query=";
    Path config = folder.resolve("prometheus.yml");
    Files.writeString(folder.resolve("rules.yml"), quickRules());
    Files.writeString(config, config());
    prometheus =
        new ProcessBuilder(
                program.get().toString(),
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("data"),
                "--web.listen-address=" + address)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("prometheus.log").toFile())
            .start();
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.close();
    if (prometheus != null) {
      page.close();
      prometheus.destroy();
      if (!prometheus.waitFor(10, TimeUnit.SECONDS)) {
        prometheus.destroyForcibly().waitFor();
      }
    }
  }

  private String config() {
    return """
        global:
          scrape_interval: 1s
          evaluation_interval: 1s
        rule_files: [rules.yml]
        scrape_configs:
          - job_name: shop
            static_configs:
              - targets: ["%s"]
        """
        .formatted(URI.create(page.url()).getAuthority());
  }

  /** Alerts are not waited for: {@code for} is there against single odd moments. */
  private static String quickRules() throws IOException {
    try (InputStream rules = PrometheusTest.class.getClassLoader().getResourceAsStream(RULES)) {
      assertThat(rules).isNotNull();
      return new String(rules.readAllBytes(), StandardCharsets.UTF_8)
          .replaceAll("(?m)^( +for:) .*$", "$1 0s");
    }
  }

  @Test
  void blockedProvider_raisesAnAlertThatResolves() throws Exception {
    server
        .on(Stage.RCPT)
        .always()
        .reply("421 4.7.0 [TSS04] Messages from 127.0.0.1 temporarily deferred");
    Properties settings = new Properties();
    settings.setProperty("redeliver.name", "shop");
    settings.setProperty("redeliver.alert.threshold", "first");
    settings.setProperty("redeliver.alert.window", "6s");
    settings.setProperty("redeliver.guard.pause", "4s");
    settings.setProperty("redeliver.guard.by-provider", "false");
    RetryPolicy policy = RetryPolicy.fromProperties(settings);
    Redeliverer redeliverer =
        Redeliverer.builder(policy).listener(RedeliverMetrics.boundTo(registry, policy)).build();
    await("the meters are scraped", "redeliver_reputation_alert_active", true);
    await("nothing fires yet", FIRING, false);

    send(redeliverer);

    await("it fires", FIRING, true);
    await("it resolves", FIRING, false);
  }

  private void send(Redeliverer redeliverer) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", "127.0.0.1");
    properties.setProperty("mail.smtp.port", Integer.toString(server.port()));
    Session session = Session.getInstance(properties);
    MimeMessage message = new MimeMessage(session);
    message.setFrom("shop@example.org");
    message.setRecipients(Message.RecipientType.TO, "ann@yahoo.com");
    message.setText("hello");
    message.saveChanges();
    try (Transport transport = RetryingTransport.wrap(session.getTransport("smtp"), redeliverer)) {
      transport.connect();
      transport.sendMessage(message, message.getAllRecipients());
      fail("it was accepted");
    } catch (RedeliveryException e) {
      assertThat(e.report().laterTry()).isPresent();
    }
  }

  /** Waits until a query has points, or none. */
  private void await(String what, String query, boolean points) throws Exception {
    long end = System.nanoTime() + LIMIT.toNanos();
    String last = "";
    while (System.nanoTime() < end) {
      last = askInAMoment(query);
      if (last.contains("\"success\"") && last.contains("\"result\":[]") != points) {
        return;
      }
    }
    fail(what + ": " + last);
  }

  /** Another process has a clock of its own, which nothing here can push. */
  private String askInAMoment(String query) throws Exception {
    CompletableFuture.runAsync(
            () -> {}, CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS))
        .get();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(api + URLEncoder.encode(query, StandardCharsets.UTF_8)))
            .build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    } catch (ConnectException e) {
      return "not up yet: " + e;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static Optional<Path> onPath(String program) {
    return Pattern.compile(Pattern.quote(File.pathSeparator))
        .splitAsStream(Optional.ofNullable(System.getenv("PATH")).orElse(""))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
