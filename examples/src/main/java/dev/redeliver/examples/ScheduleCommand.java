package dev.redeliver.examples;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Evidence;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.classify.Scope;
import dev.redeliver.policy.Backoff;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.Severity;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Shows the timetables of a policy. */
@Command(
    name = "schedule",
    description = "Shows when a policy tries again, per lane, up to the deadline.",
    footer = {
      "",
      "Without --profile or --config: the background profile.",
      "",
      "Examples:",
      "  redeliver schedule --profile rfc5321 --lane greylist",
      "  redeliver schedule --config mail.properties"
    })
final class ScheduleCommand implements Callable<Integer> {
  private static final int MOST_ROWS = 200;

  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private final PolicyOptions policyOptions = new PolicyOptions();

  @Option(
      names = "--lane",
      paramLabel = "LANE",
      converter = LaneName.class,
      description = "Only this lane, such as greylist or rate-limit.")
  private @Nullable Lane lane;

  ScheduleCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    RetryPolicy policy = policyOptions.policy(spec.commandLine(), Profile.BACKGROUND);
    PrintWriter out = terminal.out();
    out.println(summary(policy));
    for (Lane each : lane == null ? LaneName.lanes() : List.of(lane)) {
      out.println();
      write(policy, each);
    }
    out.flush();
    return 0;
  }

  private static String summary(RetryPolicy policy) {
    String attempts =
        policy.maxAttempts() == RetryPolicy.UNBOUNDED
            ? "any number of attempts"
            : "at most " + Words.count(policy.maxAttempts(), "attempt");
    String jitter =
        policy.jitter() == 0
            ? "no jitter"
            : "waits up to " + Math.round(policy.jitter() * 100) + " % shorter at random";
    return policy.profile().token()
        + " profile: "
        + attempts
        + " within "
        + Words.of(policy.deadline())
        + "; "
        + jitter;
  }

  private void write(RetryPolicy policy, Lane each) {
    PrintWriter out = terminal.out();
    Backoff backoff = policy.backoff(each);
    out.println(title(each, backoff));
    Outlook outlook = Outlook.of(policy, failureIn(each));
    if (outlook.tries().isEmpty()) {
      out.println("  " + end(outlook));
      return;
    }
    Table table = new Table(0, "attempt", "wait", "elapsed");
    table.row(1, "", "0:00:00");
    List<Outlook.Try> tries = outlook.tries();
    int shown = Math.min(MOST_ROWS, tries.size());
    tries
        .subList(0, shown)
        .forEach(
            next -> table.row(next.number(), Words.of(next.delay()), Words.clock(next.elapsed())));
    table.lines().forEach(line -> out.println("  " + line));
    if (shown < tries.size()) {
      out.println("  ... and " + (tries.size() - shown) + " more");
    }
    out.println("  " + end(outlook));
  }

  private static String title(Lane lane, Backoff backoff) {
    return lane.token()
        + ", "
        + describe(lane)
        + ": "
        + Words.of(backoff.initial())
        + " x"
        + backoff.multiplier()
        + " up to "
        + Words.of(backoff.cap());
  }

  private static String describe(Lane lane) {
    return switch (lane) {
      case TRANSIENT -> "the server's passing trouble";
      case GREYLIST -> "greylisting";
      case RATE_LIMIT -> "a limit was reached";
      case SLOW -> "somebody must act first";
      case REPUTATION -> "the sender is blamed";
      case CONNECTION -> "the connection failed";
      case IMMEDIATE -> "no wait";
    };
  }

  private static String end(Outlook outlook) {
    if (!outlook.complete()) {
      return "goes on; only the first " + Outlook.MOST_TRIES + " tries were looked at";
    }
    Decision.GiveUp end = (Decision.GiveUp) outlook.end();
    String next = outlook.laterTry().map(Words::of).orElse("no time at all");
    return switch (end.reason()) {
      case ATTEMPTS -> "ends: all attempts are used up; the next would be at " + next;
      case DEADLINE -> "ends: the next try, at " + next + ", would be after the deadline";
      case DEFERRED -> "not waited for in process: the report names the next try, after " + next;
      case UNKNOWN_OUTCOME, INTERRUPTED, HANDED_OVER -> "ends: " + end.why();
    };
  }

  /** A failure that the server calls transient and that names no delay of its own. */
  private static Classification failureIn(Lane lane) {
    return new Classification(
        Severity.TRANSIENT,
        Cause.OTHER,
        Scope.RECIPIENT,
        lane,
        Handling.RETRY,
        false,
        Optional.empty(),
        "schedule",
        Evidence.none(),
        "",
        "",
        "");
  }

  /** Lanes by the name they have in the configuration. */
  static final class LaneName implements ITypeConverter<Lane> {
    @Override
    public Lane convert(String value) {
      return lanes().stream()
          .filter(lane -> lane.token().equalsIgnoreCase(value))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "must be one of "
                          + lanes().stream().map(Lane::token).collect(Collectors.joining(", "))
                          + ", but is '"
                          + value
                          + "'"));
    }

    /** {@return the lanes that have a timetable} */
    static List<Lane> lanes() {
      return Arrays.stream(Lane.values()).filter(lane -> lane != Lane.IMMEDIATE).toList();
    }
  }
}
