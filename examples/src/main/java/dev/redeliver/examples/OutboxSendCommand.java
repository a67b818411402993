package dev.redeliver.examples;

import dev.redeliver.metrics.RedeliverMetrics;
import dev.redeliver.metrics.StatusPage;
import dev.redeliver.outbox.EntryState;
import dev.redeliver.outbox.Operations;
import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.OutboxException;
import dev.redeliver.outbox.Selection;
import dev.redeliver.policy.PolicyException;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.mail.Session;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Sends what is in an outbox. */
@Command(
    name = "send",
    description = {
      "Sends what is in an outbox, until it is interrupted, or with --until-empty until every"
          + " recipient has a final outcome. Several processes can send what is in one PostgreSQL.",
      "A message that is being sent when the interrupt comes is sent to its end first."
    },
    footer = {
      "",
      "Without another profile in the properties: the rfc5321 profile.",
      "Exit codes: 0 empty; 1 the database cannot be used, or another process sends"
          + " what is in the file; 64 wrong call.",
      "",
      "Example:",
      "  redeliver outbox send --outbox mail.db --host relay.example.org --until-empty"
    })
final class OutboxSendCommand implements Callable<Integer> {
  private static final Duration LOOK = Duration.ofMillis(250);

  /** Longer than the outbox waits at its end. */
  private static final Duration LONGEST_END = Duration.ofSeconds(40);

  private static final Selection OPEN =
      Selection.ALL.in(
          Arrays.stream(EntryState.values())
              .filter(state -> !state.isFinal())
              .toArray(EntryState[]::new));

  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private final OutboxLocation location = new OutboxLocation();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "The properties of the mail session: mail.smtp.* and redeliver.*, as an application has"
              + " them.")
  private @Nullable Path config;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description = "The relay; mail.smtp.host of the properties without it.")
  private @Nullable String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "The relay's port; mail.smtp.port of the properties without it, or 25.")
  private @Nullable Integer port;

  @Option(
      names = "--metrics-port",
      paramLabel = "PORT",
      description =
          "Serve /metrics, /status and /status.json on 127.0.0.1 at this port; 0 for any free one."
              + " Nothing is served without it.")
  private @Nullable Integer metricsPort;

  @Option(names = "--until-empty", description = "End when every recipient has a final outcome.")
  private boolean untilEmpty;

  OutboxSendCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (port != null && (port < 1 || port > 65_535)) {
      throw wrong("--port must be from 1 to 65535, but is " + port);
    }
    if (metricsPort != null && (metricsPort < 0 || metricsPort > 65_535)) {
      throw wrong("--metrics-port must be from 0 to 65535, but is " + metricsPort);
    }
    Properties properties = properties();
    if (properties.getProperty("mail.smtp.host", "").isBlank()
        && properties.getProperty("redeliver.sender.relays", "").isBlank()) {
      throw wrong("say where to: --host, or mail.smtp.host or redeliver.sender.relays in --config");
    }
    QuietLog log = QuietLog.begin();
    try {
      Outbox.Builder builder =
          location.at(spec.commandLine(), Outbox.builder(Session.getInstance(properties)));
      return metricsPort == null
          ? send(builder, outbox -> {})
          : sendAndServe(builder, properties, metricsPort);
    } catch (PolicyException e) {
      throw refused(e);
    } catch (OutboxException e) {
      terminal.err().println(Words.printable("--outbox: " + e.getMessage()));
      terminal.err().flush();
      return OutboxAction.FAILED;
    } finally {
      log.end();
    }
  }

  private Properties properties() {
    Properties properties = new Properties();
    Path file = config;
    if (file != null) {
      try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        properties.load(reader);
      } catch (IllegalArgumentException e) {
        throw RefusedFile.because(
            spec.commandLine(), "--config", file, String.valueOf(e.getMessage()), e);
      } catch (IOException e) {
        throw RefusedFile.unreadable(spec.commandLine(), "--config", file, e);
      }
    }
    if (host != null) {
      properties.setProperty("mail.smtp.host", host);
    }
    if (port != null) {
      properties.setProperty("mail.smtp.port", Integer.toString(port));
    }
    return properties;
  }

  private int sendAndServe(Outbox.Builder builder, Properties properties, int at)
      throws InterruptedException {
    RetryPolicy policy = RetryPolicy.fromProperties(properties, Profile.RFC5321);
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    StatusPage status = new StatusPage(policy);
    try (MetricsPage page = MetricsPage.open(registry, at)) {
      builder.policy(policy).listener(RedeliverMetrics.boundTo(registry, policy)).listener(status);
      say("metrics at " + page.url());
      return send(builder, outbox -> serve(page, status, outbox));
    } catch (IOException e) {
      throw wrong("--metrics-port " + at + " cannot be used: " + e.getMessage());
    } finally {
      registry.close();
    }
  }

  private void serve(MetricsPage page, StatusPage status, Outbox outbox) {
    page.serveStatus(status, outbox.redeliverer());
    say("status at " + page.statusUrl());
  }

  private int send(Outbox.Builder builder, Consumer<Outbox> opened) throws InterruptedException {
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    Thread interrupt = new Thread(() -> end(stop, ended), "outbox-send-end");
    Runtime.getRuntime().addShutdownHook(interrupt);
    try {
      send(builder, opened, stop);
      return 0;
    } finally {
      ended.countDown();
      forget(interrupt);
    }
  }

  /** The process waits for what is being sent. */
  private static void end(CountDownLatch stop, CountDownLatch ended) {
    stop.countDown();
    try {
      boolean unused = ended.await(LONGEST_END.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void forget(Thread interrupt) {
    try {
      boolean unused = Runtime.getRuntime().removeShutdownHook(interrupt);
    } catch (IllegalStateException e) {
      // The process is ending already.
      interrupt.setName("outbox-send-ended");
    }
  }

  private void send(Outbox.Builder builder, Consumer<Outbox> opened, CountDownLatch stop)
      throws InterruptedException {
    try (Outbox outbox = builder.open()) {
      opened.accept(outbox);
      say("sending what is in " + Words.printable(location.toString()));
      Operations operations = outbox.operations();
      boolean ends = false;
      while (!ends) {
        ends = stop.await(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        ends |= untilEmpty && operations.list(OPEN, "", 1).isEmpty();
      }
      say(
          operations.count().entrySet().stream()
              .map(count -> count.getKey().token() + "=" + count.getValue())
              .collect(Collectors.joining(" ", "recipients: ", "")));
    }
  }

  /** Properties that are wrong can only come from the file. */
  private ParameterException refused(PolicyException e) {
    Path file = config == null ? Path.of("") : config;
    String errors = String.join(System.lineSeparator(), e.errors());
    return RefusedFile.because(spec.commandLine(), "--config", file, errors, e);
  }

  private void say(String text) {
    terminal.out().println(text);
    terminal.out().flush();
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
