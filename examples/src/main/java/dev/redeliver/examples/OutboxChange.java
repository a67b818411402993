package dev.redeliver.examples;

import dev.redeliver.outbox.Operations;
import dev.redeliver.outbox.Selection;
import java.util.function.ToIntBiFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Changes what is to become of recipients; never of all of them by mistake. */
abstract class OutboxChange extends OutboxAction {
  private final String done;
  private final String thing;
  private final ToIntBiFunction<Operations, Selection> change;

  @Mixin private final OutboxSelection selection = new OutboxSelection();

  @Option(names = "--all", description = "All recipients of all messages.")
  private boolean all;

  /**
   * Makes one.
   *
   * @param done what has been done to them then
   * @param thing what is counted
   * @param change does it, and counts
   */
  OutboxChange(
      Terminal terminal, String done, String thing, ToIntBiFunction<Operations, Selection> change) {
    super(terminal);
    this.done = done;
    this.thing = thing;
    this.change = change;
  }

  @Override
  void check() {
    if (all == selection.isEverything()) {
      return;
    }
    throw new ParameterException(
        command(),
        all
            ? "--all goes without --id, --domain, --cause and --state"
            : "say which, by --id, --domain, --cause or --state; or --all");
  }

  @Override
  final int perform(Operations operations) {
    String id = selection.id().orElse("");
    if (!id.isEmpty() && operations.show(id).isEmpty()) {
      return unknown(id);
    }
    int count = change.applyAsInt(operations, selection.selection());
    terminal().out().println(done + " " + Words.count(count, thing));
    return 0;
  }

  /** Now, not later. */
  @Command(
      name = "retry",
      description = "Has recipients tried now that wait for a later try, or are held.")
  static final class Retry extends OutboxChange {
    Retry(Terminal terminal) {
      super(terminal, "to be tried now:", "recipient", Operations::retryNow);
    }
  }

  /** What was wrong with our own set-up is mended. */
  @Command(
      name = "release",
      description = "Has recipients tried now that are held because of our own set-up.")
  static final class Release extends OutboxChange {
    Release(Terminal terminal) {
      super(terminal, "released", "recipient", Operations::release);
    }
  }

  /** Never. */
  @Command(
      name = "cancel",
      description = {
        "Gives recipients up that wait for a try.",
        "What is being sent at the moment, or has a final outcome, is left alone."
      })
  static final class Cancel extends OutboxChange {
    Cancel(Terminal terminal) {
      super(terminal, "cancelled", "recipient", Operations::cancel);
    }
  }

  /** What has ended. */
  @Command(
      name = "purge",
      description = {
        "Forgets messages all of whose recipients have a final outcome, and their idempotency keys.",
        "A message with one recipient of those asked for goes as a whole."
      })
  static final class Purge extends OutboxChange {
    Purge(Terminal terminal) {
      super(terminal, "purged", "message", Operations::purge);
    }
  }
}
