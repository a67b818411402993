package dev.redeliver.examples;

import dev.redeliver.outbox.Entry;
import dev.redeliver.outbox.Operations;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows one message. */
@Command(
    name = "show",
    description = {
      "Shows one message and all its recipients: state, attempts, last reply, what it was taken for,"
          + " what followed, and the next try.",
      "tsv: one line per recipient; json: one object."
    })
final class OutboxShowCommand extends OutboxAction {
  @Mixin private final OutboxOutput output = new OutboxOutput();

  @Parameters(paramLabel = "ID", description = "The id of the message.")
  private String id = "";

  OutboxShowCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  int perform(Operations operations) throws IOException {
    Optional<Entry> entry = operations.show(id);
    if (entry.isEmpty()) {
      return unknown(id);
    }
    output.show(terminal().out(), entry.get());
    return 0;
  }
}
