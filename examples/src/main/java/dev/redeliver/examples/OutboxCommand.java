package dev.redeliver.examples;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Looks into an outbox, and changes what is to become of its messages. */
@Command(
    name = "outbox",
    description = "Looks into an outbox, changes what is to become of its messages, sends them.",
    footer = {
      "",
      "Exit codes: 0 done; 1 there is no such message, or the database cannot be used; 64 wrong"
          + " call.",
      "",
      "Examples:",
      "  redeliver outbox status --outbox mail.db",
      "  redeliver outbox list --outbox mail.db --domain example.org --state deferred",
      "  redeliver outbox retry --outbox mail.db --cause mailbox-full"
    })
final class OutboxCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  private OutboxCommand() {}

  static CommandLine commandLine(Terminal terminal) {
    return new CommandLine(new OutboxCommand())
        .addSubcommand(new OutboxListCommand(terminal))
        .addSubcommand(new OutboxShowCommand(terminal))
        .addSubcommand(new OutboxStatusCommand(terminal))
        .addSubcommand(new OutboxChange.Retry(terminal))
        .addSubcommand(new OutboxChange.Release(terminal))
        .addSubcommand(new OutboxChange.Cancel(terminal))
        .addSubcommand(new OutboxChange.Purge(terminal))
        .addSubcommand(new OutboxSendCommand(terminal));
  }

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "Missing required subcommand");
  }
}
