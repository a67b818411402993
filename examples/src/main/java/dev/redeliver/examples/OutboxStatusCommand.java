package dev.redeliver.examples;

import dev.redeliver.outbox.Operations;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Counts what is in an outbox. */
@Command(name = "status", description = "Counts the recipients in each state.")
final class OutboxStatusCommand extends OutboxAction {
  @Mixin private final OutboxOutput output = new OutboxOutput();

  OutboxStatusCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  int perform(Operations operations) throws IOException {
    output.status(terminal().out(), operations.count());
    return 0;
  }
}
