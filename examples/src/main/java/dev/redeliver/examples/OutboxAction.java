package dev.redeliver.examples;

import dev.redeliver.outbox.Operations;
import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.OutboxException;
import jakarta.mail.Session;
import java.io.IOException;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What an operator does with an outbox, beside the processes that send. */
abstract class OutboxAction implements Callable<Integer> {
  /** There is no such message, or the database cannot be used. */
  static final int FAILED = 1;

  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private final OutboxLocation location = new OutboxLocation();

  OutboxAction(Terminal terminal) {
    this.terminal = terminal;
  }

  /** {@return the exit code} */
  abstract int perform(Operations operations) throws IOException;

  /** Refuses what is wrong about the call before the database is opened. */
  void check() {}

  Terminal terminal() {
    return terminal;
  }

  CommandLine command() {
    return spec.commandLine();
  }

  /** {@return the exit code for an id that is not known} */
  int unknown(String id) {
    terminal.err().println("there is no message " + Words.printable(id) + " in " + location);
    return FAILED;
  }

  @Override
  public final Integer call() throws IOException {
    check();
    Outbox.Builder builder =
        location.at(command(), Outbox.builder(Session.getInstance(new Properties())));
    int code;
    try (Outbox outbox = builder.existing().connect()) {
      code = perform(outbox.operations());
    } catch (OutboxException e) {
      terminal.err().println(Words.printable("--outbox: " + e.getMessage()));
      code = FAILED;
    }
    terminal.out().flush();
    terminal.err().flush();
    return code;
  }
}
