package dev.redeliver.examples;

import dev.redeliver.examples.SimulationOptions.Limiter;
import dev.redeliver.examples.SimulationOptions.Scenario;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Shows what a policy does over hours, in seconds. */
@Command(
    name = "simulate",
    description = {
      "Shows what a policy does when a provider of mailboxes limits the rate, blocks the sender, is"
          + " out of order, or greylists: hours of mail in seconds, with the asynchronous sender, a"
          + " server on 127.0.0.1 and a clock that is moved on by hand. An attempt takes no time."
    },
    footer = {
      "",
      "Without --profile or --config: the background profile. oracle-ratio is what the provider"
          + " accepted, of what it had accepted from a sender that knew its rules; others-ratio the"
          + " same for all other destinations. probes are attempts that were refused after mail to"
          + " the provider had first paused.",
      "",
      "The last line is always the summary. Exit codes: 0 nothing was lost; 1 a message is not"
          + " accounted for; 64 wrong call.",
      "",
      "Examples:",
      "  redeliver simulate --scenario rate-limit --rate 120",
      "  redeliver simulate --scenario block --config mail.properties"
    })
final class SimulateCommand implements Callable<Integer> {
  private static final int MOST = 100_000;
  private static final int MOST_MINUTES = 7 * 24 * 60;
  private static final int TIMES_THE_RATE = 3;

  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private final PolicyOptions policyOptions = new PolicyOptions();

  @Option(
      names = "--scenario",
      paramLabel = "SCENARIO",
      required = true,
      converter = ScenarioName.class,
      description = "What the provider does: rate-limit, block, outage or greylist.")
  private Scenario scenario = Scenario.RATE_LIMIT;

  @Option(
      names = "--rate",
      paramLabel = "NUMBER",
      defaultValue = "60",
      description = "Messages a minute that it takes, 1 to 100000; ${DEFAULT-VALUE} without it.")
  private int rate;

  @Option(
      names = "--limiter",
      paramLabel = "KIND",
      defaultValue = "window",
      converter = LimiterName.class,
      description =
          "window: so many per minute of the clock; bucket: refilled all the time;"
              + " ${DEFAULT-VALUE} without it.")
  private Limiter limiter = Limiter.WINDOW;

  @Option(
      names = "--load",
      paramLabel = "NUMBER",
      description =
          "Messages a minute for the provider, 1 to 100000; three times the rate, or 30, without"
              + " it.")
  private @Nullable Integer load;

  @Option(
      names = "--others",
      paramLabel = "NUMBER",
      defaultValue = "30",
      description =
          "Messages a minute for other destinations, 1 to 100000; ${DEFAULT-VALUE} without it.")
  private int others;

  @Option(
      names = "--minutes",
      paramLabel = "NUMBER",
      description = "How long, 1 to 10080; 60 to 240 without it, as the scenario needs.")
  private @Nullable Integer minutes;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      defaultValue = "1",
      description = "Draws the jitter; ${DEFAULT-VALUE} without it.")
  private long seed;

  SimulateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    RetryPolicy policy = policyOptions.policy(spec.commandLine(), Profile.BACKGROUND);
    SimulationOptions options = options();
    QuietLog log = QuietLog.begin();
    try {
      return write(new Simulation(options, policy).run());
    } finally {
      log.end();
    }
  }

  private SimulationOptions options() {
    within("--rate", rate, MOST);
    within("--others", others, MOST);
    int chosenLoad = load != null ? load : usualLoad();
    within("--load", chosenLoad, MOST);
    int chosenMinutes = minutes != null ? minutes : scenario.usualMinutes();
    within("--minutes", chosenMinutes, MOST_MINUTES);
    return new SimulationOptions(scenario, limiter, rate, chosenLoad, others, chosenMinutes, seed);
  }

  private int usualLoad() {
    return scenario == Scenario.RATE_LIMIT ? Math.min(MOST, TIMES_THE_RATE * rate) : 30;
  }

  private void within(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw new ParameterException(
          spec.commandLine(), option + " must be from 1 to " + most + ", but is " + value);
    }
  }

  private int write(Simulation.Result result) {
    PrintWriter out = terminal.out();
    out.println("minute  handed over  accepted  refused  rate per minute  others accepted");
    for (Simulation.Minute minute : result.curve()) {
      out.println(
          String.format(
              Locale.ROOT,
              "%6d  %11d  %8d  %7d  %15s  %15d",
              minute.number(),
              minute.handedOver(),
              minute.accepted(),
              minute.refused(),
              rate(minute),
              minute.othersAccepted()));
    }
    out.println();
    out.println(result.summary());
    out.flush();
    return result.lost() == 0 ? 0 : 1;
  }

  private static String rate(Simulation.Minute minute) {
    if (minute.paused()) {
      return "paused";
    }
    return Double.isInfinite(minute.rate())
        ? "no limit"
        : String.format(Locale.ROOT, "%.1f", minute.rate());
  }

  /** Scenarios by the name they have here. */
  static final class ScenarioName implements ITypeConverter<Scenario> {
    @Override
    public Scenario convert(String value) {
      return oneOf(Scenario.values(), Scenario::token, value);
    }
  }

  /** Limiters by the name they have here. */
  static final class LimiterName implements ITypeConverter<Limiter> {
    @Override
    public Limiter convert(String value) {
      return oneOf(Limiter.values(), Limiter::token, value);
    }
  }

  private static <T> T oneOf(T[] all, Function<T, String> token, String value) {
    return Arrays.stream(all)
        .filter(each -> token.apply(each).equals(value.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "must be one of "
                        + List.of(all).stream().map(token).collect(Collectors.joining(", "))
                        + ", but is '"
                        + value
                        + "'"));
  }
}
