package dev.redeliver.examples;

import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Sends many messages through a bad server, and counts. */
@Command(
    name = "soak",
    description = {
      "Sends many messages with the asynchronous sender to an SMTP server on 127.0.0.1 that answers"
          + " 10 %% of the commands with 4yz and 2 %% with 5yz, drops 1 %% of the transactions and"
          + " loses 0.5 %% of the replies after the final dot. Decides as the background profile"
          + " does; time stands still while anybody works, and jumps over the waits.",
      "Each report is compared with what the server has, recipient by recipient and byte by byte."
    },
    footer = {
      "",
      "The last line is always the summary; heap-peak-mib is the most heap in use after a garbage"
          + " collection, server included. Exit codes: 0 if report and server agree; 1 if a"
          + " recipient is lost, duplicated or unexplained; 64 wrong call."
    })
final class SoakCommand implements Callable<Integer> {
  private static final int MOST = 10_000_000;
  private static final int MOST_FINDINGS = 20;

  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--messages",
      paramLabel = "NUMBER",
      defaultValue = "100000",
      description = "How many, 1 to 10000000; ${DEFAULT-VALUE} without it.")
  private int messages;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      defaultValue = "1",
      description = "Draws recipients, faults and jitter; ${DEFAULT-VALUE} without it.")
  private long seed;

  SoakCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (messages < 1 || messages > MOST) {
      throw new ParameterException(
          spec.commandLine(), "--messages must be from 1 to 10000000, but is " + messages);
    }
    QuietLog log = QuietLog.begin();
    try {
      return run();
    } finally {
      log.end();
    }
  }

  private int run() throws InterruptedException {
    RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).name("soak").build();
    terminal.out().println("%d messages; background profile; seed %d".formatted(messages, seed));
    Soak.Result result = new Soak(terminal.out(), policy, messages, seed).run();
    Reckoning reckoning = result.reckoning();
    terminal.out().println();
    terminal
        .out()
        .println(
            "server: %d copies; reports: %d recipients accepted"
                .formatted(reckoning.copies(), reckoning.accepted()));
    reckoning.findings().stream().limit(MOST_FINDINGS).forEach(terminal.out()::println);
    int more = reckoning.findings().size() - MOST_FINDINGS;
    if (more > 0) {
      terminal.out().println("and " + more + " more");
    }
    terminal.out().println(result.summary());
    return reckoning.isClean() ? 0 : 1;
  }
}
