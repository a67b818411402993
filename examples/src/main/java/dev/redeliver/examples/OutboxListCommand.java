package dev.redeliver.examples;

import dev.redeliver.outbox.Entry;
import dev.redeliver.outbox.Operations;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Lists messages. */
@Command(
    name = "list",
    description = {
      "Lists messages that have a recipient of those asked for, the oldest first: id, age, priority,"
          + " all its recipients by state, next try, and the last reply.",
      "tsv: the same with the times of submission and next try instead of age and wait; json: one"
          + " object per line, with everything that show tells."
    })
final class OutboxListCommand extends OutboxAction {
  private static final int MOST = 10_000;

  @Mixin private final OutboxSelection selection = new OutboxSelection();
  @Mixin private final OutboxOutput output = new OutboxOutput();

  @Option(
      names = "--after",
      paramLabel = "ID",
      defaultValue = "",
      description = "Go on behind this message, which was the last of another list.")
  private String after = "";

  @Option(
      names = "--limit",
      paramLabel = "NUMBER",
      defaultValue = "100",
      description = "How many messages at the most, 1 to 10000; ${DEFAULT-VALUE} without it.")
  private int limit;

  OutboxListCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  void check() {
    if (limit < 1 || limit > MOST) {
      throw new ParameterException(command(), "--limit must be from 1 to 10000, but is " + limit);
    }
  }

  @Override
  int perform(Operations operations) throws IOException {
    String id = selection.id().orElse("");
    if (!id.isEmpty() && operations.show(id).isEmpty()) {
      return unknown(id);
    }
    List<Entry> entries = operations.list(selection.selection(), after, limit);
    output.list(terminal().out(), entries);
    if (entries.size() == limit && output.isForPeople()) {
      terminal()
          .out()
          .println("there may be more: --after " + entries.get(entries.size() - 1).id());
    }
    return 0;
  }
}
