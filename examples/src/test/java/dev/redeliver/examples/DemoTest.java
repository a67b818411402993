package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.metrics.RedeliverMetrics;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.RecordingWaiter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DemoTest {
  private static final String CLEAN =
      "summary messages=50 recipients=\\d+ accepted=\\d+ refused=\\d+ unknown=2 deferred=3"
          + " lost=0 duplicated=0 unexplained=0 attempts=\\d+";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void run_withStandingClock_agreesWithServer(long seed) throws InterruptedException {
    Reckoning reckoning = demo(seed).run();

    assertThat(reckoning.findings()).isEmpty();
    assertThat(reckoning.summary()).matches(CLEAN);
    assertThat(reckoning.accepted() + reckoning.refused() + 2 + 3)
        .isEqualTo(reckoning.recipients());
  }

  @Test
  void run_withStandingClock_showsEveryFault() throws InterruptedException {
    demo(1).run();

    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("421 4.4.2 Idle too long, closing connection", "at once")
        .contains("450 4.2.0 Greylisted", "retry greylist")
        .contains("try again in 120 seconds", "retry rate-limit")
        .contains("ALERT     raised: strict.example blames us for reputation, 3 signals")
        .contains("452 4.2.2 The recipient's mailbox is full", "retry slow", "deferred: deadline")
        .contains("550 5.1.1 No such user here", "refused")
        .contains("at CONTENT", "retry connection")
        .contains("at END_OF_DATA", "unknown, retry connection")
        .contains("452 4.5.3 Too many recipients")
        .contains("554 5.7.1 Message refused");
  }

  @Test
  void run_sameSeed_isTheSame() throws InterruptedException {
    Reckoning first = demo(7).run();
    Reckoning second = demo(7).run();

    assertThat(second).isEqualTo(first);
  }

  @Test
  void run_countsEveryAttemptInTheMeters() throws InterruptedException {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    RetryPolicy policy = RetryPolicy.of(Profile.BACKGROUND);

    Reckoning reckoning = demo(1, RedeliverMetrics.boundTo(registry, policy)).run();

    long attempts =
        registry.get("redeliver.attempt").timers().stream().mapToLong(Timer::count).sum();
    assertThat(attempts).isEqualTo(reckoning.attempts());
    // Sent one after the other, each of the three messages is blamed while the alert is still up.
    assertThat(
            registry
                .get("redeliver.reputation.alerts")
                .tags("cause", "reputation", "severity", "warning")
                .counters()
                .stream()
                .mapToDouble(Counter::count)
                .sum())
        .isEqualTo(1);
  }

  @Test
  void demo_atHighSpeed_endsWithTheSummary() {
    Cli cli = Cli.run("demo", "--speed", "20000");

    assertThat(cli.lastLine())
        .matches(
            "summary messages=50 recipients=\\d+ accepted=\\d+ refused=\\d+ unknown=\\d+"
                + " deferred=\\d+ lost=0 duplicated=0 unexplained=0 attempts=\\d+");
    assertThat(cli.err()).isEmpty();
    assertThat(cli.out())
        .containsPattern("metrics at http://127\\.0\\.0\\.1:\\d+/metrics")
        .containsPattern("status at http://127\\.0\\.0\\.1:\\d+/status\n")
        .contains("progress  50 of 50 messages finished")
        .doesNotContain("\u001b");
    assertThat(cli.exitCode()).isZero();
  }

  @Test
  void demo_onTerminal_drawsABar() {
    Cli cli = Cli.onTerminal("--speed", "20000");

    assertThat(cli.exitCode()).isEqualTo(64);

    cli = Cli.onTerminal("demo", "--speed", "20000");

    assertThat(cli.out())
        .contains("\r\u001b[K[########################################] 50 of 50 messages")
        .doesNotContain("progress ");
    assertThat(cli.lastLine()).startsWith("summary messages=50 ");
  }

  @Test
  void demo_keepServing_servesAfterTheSummary() throws Exception {
    Served served = serve("demo", "--speed", "20000", "--keep-serving");

    assertThat(served.metrics())
        .contains("redeliver_attempt_seconds_count{kind=\"first\",mailer=\"demo\",");
    assertThat(served.status()).contains("Latest failures (50)", "Pending messages (0)");
  }

  @Test
  void demo_outboxKeepServing_servesAfterTheSummary(@TempDir Path folder) throws Exception {
    Served served =
        serve(
            "demo",
            "--speed",
            "20000",
            "--keep-serving",
            "--outbox",
            folder.resolve("o").toString());

    assertThat(served.metrics())
        .contains("redeliver_outbox_recipients{mailer=\"demo\",state=\"new\"} 0");
    assertThat(served.status()).contains("Latest failures (50)", "Pending messages (0)");
  }

  /**
   * Pages of a demo that goes on serving.
   *
   * @param metrics what is at /metrics
   * @param status what is at /status
   */
  private record Served(String metrics, String status) {}

  private static Served serve(String... args) throws Exception {
    LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
    PrintWriter writer = new PrintWriter(new LineWriter(lines));
    Terminal terminal =
        new Terminal(InputStream.nullInputStream(), writer, writer, Map.of(), false);
    CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    Thread demo =
        new Thread(
            () -> exitCode.complete(RedeliverCommand.commandLine(terminal).execute(args)), "demo");
    demo.start();

    String url = next(lines).substring("metrics at ".length());
    String line = next(lines);
    while (!line.startsWith("summary ")) {
      line = next(lines);
    }
    HttpResponse<String> page = exchange(HttpRequest.newBuilder(URI.create(url)).build());
    URI statusUrl = URI.create(url).resolve("/status");
    HttpResponse<String> status = exchange(HttpRequest.newBuilder(statusUrl).build());
    demo.interrupt();

    assertThat(exitCode.get(30, TimeUnit.SECONDS)).isZero();
    return new Served(page.body(), status.body());
  }

  private static String next(LinkedBlockingQueue<String> lines) throws InterruptedException {
    String line = lines.poll(30, TimeUnit.SECONDS);
    assertThat(line).as("a line of the demo").isNotNull();
    return line;
  }

  /** A pipe would break when the thread that wrote last has ended. */
  private static final class LineWriter extends Writer {
    private final LinkedBlockingQueue<String> lines;
    private final StringBuilder line = new StringBuilder();

    LineWriter(LinkedBlockingQueue<String> lines) {
      this.lines = lines;
    }

    @Override
    public void write(char[] characters, int from, int count) {
      for (int i = from; i < from + count; i++) {
        if (characters[i] == '\n') {
          lines.add(line.toString());
          line.setLength(0);
        } else {
          line.append(characters[i]);
        }
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void metricsPage_answersGetOnly() throws Exception {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registry.counter("some.things").increment();
    try (MetricsPage page = MetricsPage.open(registry, 0)) {
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(page.url()));

      HttpResponse<String> got = exchange(request.GET().build());
      HttpResponse<String> posted =
          exchange(request.POST(HttpRequest.BodyPublishers.noBody()).build());

      assertThat(got.statusCode()).isEqualTo(200);
      assertThat(got.headers().firstValue("Content-Type"))
          .contains("text/plain; version=0.0.4; charset=utf-8");
      assertThat(got.body()).contains("some_things_total 1.0");
      assertThat(posted.statusCode()).isEqualTo(405);
    }
  }

  @Test
  void demo_portInUse_isRefused() throws Exception {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (MetricsPage page = MetricsPage.open(registry, 0)) {
      int port = URI.create(page.url()).getPort();

      Cli cli = Cli.run("demo", "--port", Integer.toString(port));

      assertThat(cli.firstErrorLine())
          .isEqualTo("--port " + port + " cannot be used: Address already in use");
      assertThat(cli.exitCode()).isEqualTo(64);
    }
  }

  @Test
  void letters_areFiftyOfOneToFive() {
    List<Letter> letters = Scenario.letters(new Random(5));

    assertThat(letters).hasSize(50);
    assertThat(letters).allSatisfy(letter -> assertThat(letter.recipients()).hasSizeBetween(1, 5));
    assertThat(letters.stream().map(Letter::messageId).distinct()).hasSize(50);
  }

  private static HttpResponse<String> exchange(HttpRequest request) throws Exception {
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** One worker and a clock that only waits move on: the same every time. */
  private Demo demo(long seed) {
    return demo(seed, new DeliveryListener() {});
  }

  private Demo demo(long seed, DeliveryListener metrics) {
    FakeClock clock = new FakeClock();
    RecordingWaiter waiter = new RecordingWaiter(clock);
    PrintWriter writer = Terminal.writer(out);
    Terminal terminal =
        new Terminal(new ByteArrayInputStream(new byte[0]), writer, writer, Map.of(), false);
    Random random = new Random(seed);
    return new Demo(
        terminal,
        Scenario.letters(random),
        new Demo.Setup(
            RetryPolicy.of(Profile.BACKGROUND), clock, waiter::await, random, List.of(metrics), 1));
  }
}
