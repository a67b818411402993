package dev.redeliver.examples;

import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.metrics.RedeliverMetrics;
import dev.redeliver.metrics.StatusPage;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Sends without end, for whoever wants to watch. */
@Command(
    name = "traffic",
    description = {
      "Sends five messages a second with the asynchronous sender to an SMTP server on 127.0.0.1, in"
          + " real time and until interrupted. After a while one provider, "
          + Traffic.BLOCKING
          + ", blames us for a while, and then relents.",
      "Something to look at for Prometheus: examples/prometheus/run.sh starts both."
    },
    footer = {
      "",
      "Without --profile or --config: the background profile. Exit code 64 for a wrong call."
    })
final class TrafficCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private final PolicyOptions policyOptions = new PolicyOptions();

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "9464",
      description =
          "Where /metrics, /status and /status.json are served on 127.0.0.1; 0 for any free port,"
              + " ${DEFAULT-VALUE} without it.")
  private int port;

  @Option(
      names = "--block-after",
      paramLabel = "TIME",
      defaultValue = "20s",
      converter = Time.class,
      description =
          "When the provider begins to block, such as 90s or 5m; ${DEFAULT-VALUE} without it.")
  private Duration blockAfter = Duration.ZERO;

  @Option(
      names = "--block-for",
      paramLabel = "TIME",
      defaultValue = "60s",
      converter = Time.class,
      description = "How long it does so; ${DEFAULT-VALUE} without it.")
  private Duration blockFor = Duration.ZERO;

  TrafficCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (port < 0 || port > 65_535) {
      throw wrong("--port must be from 0 to 65535, but is " + port);
    }
    RetryPolicy policy = policyOptions.policy(spec.commandLine(), Profile.BACKGROUND);
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    QuietLog log = QuietLog.begin();
    try (MetricsPage page = MetricsPage.open(registry, port)) {
      run(policy, registry, page);
    } catch (IOException e) {
      throw wrong("--port " + port + " cannot be used: " + e.getMessage());
    } finally {
      log.end();
      registry.close();
    }
    return 0;
  }

  private void run(RetryPolicy policy, PrometheusMeterRegistry registry, MetricsPage page) {
    StatusPage status = new StatusPage(policy);
    Redeliverer redeliverer =
        Redeliverer.builder(policy)
            .listener(RedeliverMetrics.boundTo(registry, policy))
            .listener(status)
            .build();
    say("metrics at " + page.url());
    page.serveStatus(status, redeliverer);
    say("status at " + page.statusUrl());
    say(
        "%s blocks us after %s, for %s"
            .formatted(Traffic.BLOCKING, Words.of(blockAfter), Words.of(blockFor)));
    new Traffic(redeliverer, blockAfter, blockFor, this::say).run();
  }

  private void say(String line) {
    terminal.out().println(line);
    terminal.out().flush();
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Times of a day at most, as in the configuration. */
  static final class Time implements ITypeConverter<Duration> {
    private static final Duration LONGEST = Duration.ofDays(1);

    @Override
    public Duration convert(String value) {
      try {
        Duration time = Duration.parse("PT" + value);
        if (!time.isNegative() && time.compareTo(LONGEST) <= 0) {
          return time;
        }
      } catch (DateTimeParseException e) {
        throw new TypeConversionException(explain(value));
      }
      throw new TypeConversionException(explain(value));
    }

    private static String explain(String value) {
      return "must be a time up to 24h, such as 90s or 5m, but is '" + value + "'";
    }
  }
}
