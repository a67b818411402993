package dev.redeliver.examples;

import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code redeliver} command. Not thread-safe. */
@Command(
    name = "redeliver",
    description = "Reads what mail servers answer, and does the right thing about it.",
    footer = {"", "Without a sub-command: demo."},
    mixinStandardHelpOptions = true,
    versionProvider = RedeliverCommand.Version.class,
    exitCodeOnInvalidInput = RedeliverCommand.USAGE,
    exitCodeOnExecutionException = RedeliverCommand.SOFTWARE,
    scope = ScopeType.INHERIT)
public final class RedeliverCommand implements Callable<Integer> {
  /** The exit codes of sysexits.h for a wrong call and for an internal error. */
  static final int USAGE = 64;

  static final int SOFTWARE = 70;

  @Spec private CommandSpec spec = CommandSpec.create();

  private RedeliverCommand() {}

  /**
   * Runs the command and ends the process with its exit code.
   *
   * @param args the sub-command and its arguments
   */
  public static void main(String[] args) {
    Terminal terminal = Terminal.ofProcess();
    int code = commandLine(terminal).execute(args);
    terminal.out().flush();
    terminal.err().flush();
    System.exit(code);
  }

  static CommandLine commandLine(Terminal terminal) {
    return new CommandLine(new RedeliverCommand())
        .addSubcommand(new DemoCommand(terminal))
        .addSubcommand(new ExplainCommand(terminal))
        .addSubcommand(OutboxCommand.commandLine(terminal))
        .addSubcommand(new ScheduleCommand(terminal))
        .addSubcommand(new SendCommand(terminal))
        .addSubcommand(new SimulateCommand(terminal))
        .addSubcommand(new SoakCommand(terminal))
        .addSubcommand(new TrafficCommand(terminal))
        .setOut(terminal.out())
        .setErr(terminal.err())
        // A reply may well begin with '@'; it never names a file of arguments.
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(RedeliverCommand::explainUsage);
  }

  private static int explainUsage(ParameterException problem, String[] args) {
    CommandLine command = problem.getCommandLine();
    command.getErr().println(printable(String.valueOf(problem.getMessage())));
    if (!(problem instanceof RefusedFile)) {
      command.getErr().println();
      command.usage(command.getErr());
    }
    command.getErr().flush();
    return USAGE;
  }

  /** What a file or an argument says must not steer the terminal. */
  private static String printable(String text) {
    return text.replaceAll("[\\p{Cntrl}\\x{80}-\\x{9f}&&[^\r\n\t]]", "?");
  }

  @Override
  public Integer call() {
    return Objects.requireNonNull(spec.subcommands().get("demo")).execute();
  }

  /** The version that the jar's manifest names. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = RedeliverCommand.class.getPackage().getImplementationVersion();
      return new String[] {"redeliver " + (version == null ? "(not packaged)" : version)};
    }
  }
}
