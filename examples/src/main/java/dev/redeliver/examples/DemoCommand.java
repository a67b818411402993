package dev.redeliver.examples;

import dev.redeliver.metrics.RedeliverMetrics;
import dev.redeliver.metrics.StatusPage;
import dev.redeliver.outbox.OutboxException;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows retries at work. */
@Command(
    name = "demo",
    description = {
      "Sends 50 messages to an SMTP server on 127.0.0.1 that greylists, limits, blames, refuses and"
          + " drops connections, by the background profile, with time running faster than real.",
      "At the end the reports are compared with what the server has.",
      "With --outbox they go through an outbox, and server and outbox keep what they have in a"
          + " directory: killed at any moment and started again, the demo goes on."
    },
    footer = {
      "",
      "The last line is always the summary. Exit codes: 0 if report and server agree; 1 if a"
          + " recipient is lost, duplicated or unexplained; 64 wrong call.",
      "With --outbox the summary has two counts more, over all runs: twice, copies beyond the first;"
          + " unknown-attempts, attempts whose outcome nobody knows, because the reply was lost or"
          + " the process killed. Each of them explains one copy; any other is duplicated."
    })
final class DemoCommand implements Callable<Integer> {
  private static final double SLOWEST = 1;
  private static final double FASTEST = 20_000;
  private static final int WORKERS = 10;

  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "0",
      description =
          "Where /metrics, /status and /status.json are served on 127.0.0.1; 0 (default) for any"
              + " free port.")
  private int port;

  @Option(
      names = "--speed",
      paramLabel = "FACTOR",
      defaultValue = "1200",
      description = "How much faster time runs, 1 to 20000; ${DEFAULT-VALUE} without it.")
  private double speed;

  @Option(
      names = "--keep-serving",
      description = "Go on serving /metrics and /status at the end, until interrupted.")
  private boolean keepServing;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      defaultValue = "1",
      description = "Draws recipients and jitter; ${DEFAULT-VALUE} without it.")
  private long seed;

  @Option(
      names = "--outbox",
      paramLabel = "DIR",
      description =
          "Send through an outbox in this directory, which is made if it is not there. Time is real"
              + " then, and waits are shorter by --speed, 120 s that the server names included (no"
              + " less than 1 s).")
  private @Nullable Path outbox;

  DemoCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (!(speed >= SLOWEST && speed <= FASTEST)) {
      throw wrong("--speed must be from 1 to 20000, but is " + speed);
    }
    if (port < 0 || port > 65_535) {
      throw wrong("--port must be from 0 to 65535, but is " + port);
    }
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    QuietLog log = QuietLog.begin();
    try (MetricsPage page = MetricsPage.open(registry, port)) {
      return outbox == null ? run(registry, page) : runOutbox(registry, page, outbox);
    } catch (IOException e) {
      throw wrong("--port " + port + " cannot be used: " + e.getMessage());
    } finally {
      log.end();
      registry.close();
    }
  }

  private int run(PrometheusMeterRegistry registry, MetricsPage page) throws InterruptedException {
    RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).name("demo").build();
    warmUp(policy);
    ScaledTime time = new ScaledTime(speed);
    Random random = new Random(seed);
    StatusPage status = new StatusPage(policy, time);
    Demo demo =
        new Demo(
            terminal,
            Scenario.letters(random),
            new Demo.Setup(
                policy,
                time,
                time,
                random,
                List.of(RedeliverMetrics.boundTo(registry, policy), status),
                WORKERS));
    terminal.out().println("metrics at " + page.url());
    page.serveStatus(status, demo.redeliverer());
    terminal.out().println("status at " + page.statusUrl());
    terminal.out().println("an hour takes " + hour() + "; background profile; seed " + seed);
    terminal.out().println();
    terminal.out().flush();
    Reckoning reckoning = demo.run();
    finish(page, reckoning.summary());
    return reckoning.isClean() ? 0 : 1;
  }

  private int runOutbox(PrometheusMeterRegistry registry, MetricsPage page, Path directory)
      throws InterruptedException {
    RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).name("demo").build();
    StatusPage status = new StatusPage(policy);
    OutboxDemo.Setup setup =
        new OutboxDemo.Setup(
            directory,
            policy,
            speed,
            seed,
            List.of(RedeliverMetrics.boundTo(registry, policy), status),
            outbox -> page.serveStatus(status, outbox.redeliverer()));
    terminal.out().println("metrics at " + page.url());
    terminal.out().println("status at " + page.statusUrl());
    terminal.out().println("outbox in " + setup.outbox() + ", server in " + setup.journal());
    terminal.out().println("an hour takes " + hour() + "; background profile; seed " + seed);
    terminal.out().println();
    terminal.out().flush();
    OutboxDemo.Result result = result(setup);
    finish(page, result.summary());
    return result.reckoning().isClean() ? 0 : 1;
  }

  private void finish(MetricsPage page, String summary) {
    if (keepServing) {
      terminal
          .out()
          .println("serving " + page.url() + " and " + page.statusUrl() + " until interrupted");
    }
    terminal.out().println();
    terminal.out().println(summary);
    terminal.out().flush();
    if (keepServing) {
      awaitInterrupt();
    }
  }

  private OutboxDemo.Result result(OutboxDemo.Setup setup) throws InterruptedException {
    try {
      return new OutboxDemo(terminal, Scenario.letters(new Random(seed)), setup).run();
    } catch (IOException | OutboxException e) {
      throw RefusedFile.unusable(spec.commandLine(), "--outbox", setup.directory(), e);
    } catch (MessagingException e) {
      throw new IllegalStateException("a letter cannot be written", e);
    }
  }

  /** Loading classes takes half a second, which would look like many minutes on a fast clock. */
  private static void warmUp(RetryPolicy policy) throws InterruptedException {
    PrintWriter nowhere = Terminal.writer(OutputStream.nullOutputStream());
    Terminal silent =
        new Terminal(InputStream.nullInputStream(), nowhere, nowhere, Map.of(), false);
    Letter letter = new Letter(1, Scenario.GREYLISTED, List.of("ada@careful.example"));
    Demo.Setup setup =
        new Demo.Setup(policy, InstantSource.system(), delay -> {}, new Random(1), List.of(), 1);
    new Demo(silent, List.of(letter), setup).run();
  }

  private static void awaitInterrupt() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String hour() {
    return Words.of(Duration.ofMillis(Math.round(3_600_000 / speed)));
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
