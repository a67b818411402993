package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The script of examples/prometheus, as somebody would run it, with a shorter block. */
@Timeout(240)
class PrometheusExampleTest {
  private static final String FIRING =
      "ALERTS{alertname=\"RedeliverReputationAlert\",alertstate=\"firing\"}";

  private final HttpClient http = HttpClient.newHttpClient();
  private Process script;
  private Path log;
  private String metrics;
  private String prometheus;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    Program.require("prometheus");
    String metricsPort = Integer.toString(Program.freePort());
    String prometheusPort = Integer.toString(Program.freePort());
    metrics = "http://127.0.0.1:" + metricsPort;
    prometheus = "http://127.0.0.1:" + prometheusPort;
    log = folder.resolve("run.log");
    ProcessBuilder builder =
        new ProcessBuilder("bash", Path.of("prometheus", "run.sh").toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                // Tests run before there is a jar.
                "REDELIVER_CLASS_PATH",
                System.getProperty("java.class.path"),
                "METRICS_PORT",
                metricsPort,
                "PROMETHEUS_PORT",
                prometheusPort,
                "ALERTMANAGER_PORT",
                Integer.toString(Program.freePort()),
                "TMPDIR",
                folder.toString(),
                "BLOCK_AFTER",
                "12s",
                "BLOCK_FOR",
                "15s"));
    script = builder.start();
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (script != null) {
      List<ProcessHandle> children = script.descendants().toList();
      script.destroy();
      if (!script.waitFor(20, TimeUnit.SECONDS)) {
        script.destroyForcibly();
      }
      children.forEach(ProcessHandle::destroyForcibly);
    }
  }

  @Test
  void block_ofOneProvider_firesAndResolves_andNothingIsLeft() throws Exception {
    await("traffic is scraped", 60, "sum(redeliver_attempt_seconds_count) > 0", true);
    await("nothing fires yet", 10, FIRING, false);
    assertThat(ask(metrics + "/status")).contains("Redeliver: traffic");

    await("it fires within a minute", 60, FIRING, true);
    assertThat(ask(metrics + "/status.json")).contains("\"google\"", "\"paused\"");
    await("it resolves", 90, FIRING, false);

    List<ProcessHandle> children = script.descendants().toList();
    assertThat(children).hasSizeGreaterThan(1);
    script.destroy();
    assertThat(script.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(children).noneMatch(ProcessHandle::isAlive);
    assertThat(Files.readString(log))
        .contains("status        " + metrics + "/status\n", prometheus + "/alerts\n");
  }

  /** Waits until a query has points, or none. */
  private void await(String what, int seconds, String query, boolean points) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    String url =
        prometheus + "/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8);
    String last = "";
    while (System.nanoTime() - end < 0) {
      last = askInAMoment(url);
      if (last.contains("\"success\"") && last.contains("\"result\":[]") != points) {
        return;
      }
      assertThat(script.isAlive()).as(Files.readString(log)).isTrue();
    }
    fail(what + ": " + last + "\n" + Files.readString(log));
  }

  /** Other processes have a clock of their own, which nothing here can push. */
  private String askInAMoment(String url) throws Exception {
    CompletableFuture.runAsync(
            () -> {}, CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS))
        .get();
    try {
      return ask(url);
    } catch (ConnectException e) {
      return "not up yet: " + e;
    }
  }

  private String ask(String url) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }
}
