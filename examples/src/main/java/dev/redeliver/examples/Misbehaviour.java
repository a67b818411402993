package dev.redeliver.examples;

import dev.redeliver.testkit.Exchange;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong in a soak, drawn from a seed: each reply of a transaction is 4yz in 10 % and 5yz
 * in 2 % of all cases; 1 % of the transactions lose their connection before the content is
 * complete, and 0.5 % after the final dot, half of them with the message taken. Thread-safe.
 *
 * <p>What is drawn depends on the message, on which try for it this is, and on the recipient; not
 * on which connection was faster.
 */
final class Misbehaviour {
  private static final double LATER = 0.1;
  private static final double NEVER = 0.02;
  private static final double DROPPED = 0.01;
  private static final double REPLY_LOST = 0.005;

  /** One of this many refusals for now is about the server as a whole, which then gets a rest. */
  private static final int SERVER_WIDE = 500;

  private static final String TROUBLE = "451 4.3.0 Temporary system problem";
  private static final String GREYLISTED = "450 4.7.1 Greylisted, please try again later";
  private static final Map<Stage, List<String>> LATER_REPLIES =
      Map.of(
          Stage.MAIL,
          List.of(GREYLISTED),
          Stage.RCPT,
          List.of(
              "450 4.2.0 Greylisted, please try again later",
              "451 4.7.1 Greylisted, please try again in 300 seconds",
              "450 4.2.1 The mailbox is busy",
              "452 4.2.2 The recipient's mailbox is full",
              "451 4.7.1 Temporarily deferred, your IP address has a poor reputation"),
          Stage.DATA,
          List.of(TROUBLE),
          Stage.END_OF_DATA,
          List.of("452 4.3.1 Insufficient system storage", GREYLISTED));
  private static final Map<Stage, String> NEVER_REPLIES =
      Map.of(
          Stage.MAIL, "552 5.3.4 Message too big",
          Stage.RCPT, "550 5.1.1 No such user here",
          Stage.DATA, "550 5.7.1 Refused by policy",
          Stage.END_OF_DATA, "554 5.7.1 Message refused: it looks like spam");
  private static final List<Stage> DROPS =
      List.of(Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT);

  private final long seed;
  private final int[] lastTransaction;
  private final int[] tries;

  /** How a transaction ends before its time. */
  private enum End {
    NONE,
    CLOSED,
    RESET,
    TAKEN,
    FORGOTTEN
  }

  /**
   * Draws nothing yet.
   *
   * @param seed what is drawn from
   * @param messages the highest number of a message
   */
  Misbehaviour(long seed, int messages) {
    this.seed = seed;
    lastTransaction = new int[messages + 1];
    tries = new int[messages + 1];
  }

  /** Tells the server what to do. */
  void script(ScriptedSmtpServer server) {
    for (Stage stage : DROPS) {
      server.on(stage).when(at -> drop(at) == End.CLOSED).always().close();
      server.on(stage).when(at -> drop(at) == End.RESET).always().reset();
    }
    server.on(Stage.END_OF_DATA).when(at -> lostReply(at) == End.TAKEN).always().acceptThenClose();
    server
        .on(Stage.END_OF_DATA)
        .when(at -> lostReply(at) == End.FORGOTTEN)
        .always()
        .dropThenClose();
    LATER_REPLIES.forEach(
        (stage, replies) -> replies.forEach(reply -> answer(server, stage, reply)));
    NEVER_REPLIES.forEach((stage, reply) -> answer(server, stage, reply));
    answer(server, Stage.MAIL, TROUBLE);
  }

  private void answer(ScriptedSmtpServer server, Stage stage, String reply) {
    server.on(stage).when(at -> reply.equals(refusal(at))).always().reply(reply);
  }

  private @Nullable String refusal(Exchange at) {
    SplittableRandom random = draws(at, "reply " + at.stage() + " " + at.recipient().orElse(""));
    double draw = random.nextDouble();
    if (draw >= LATER + NEVER) {
      return null;
    }
    if (draw >= LATER) {
      return NEVER_REPLIES.get(at.stage());
    }
    if (at.stage() == Stage.MAIL && random.nextInt(SERVER_WIDE) == 0) {
      return TROUBLE;
    }
    List<String> replies = Objects.requireNonNull(LATER_REPLIES.get(at.stage()));
    return replies.get(random.nextInt(replies.size()));
  }

  private End drop(Exchange at) {
    SplittableRandom random = draws(at, "drop");
    if (random.nextDouble() >= DROPPED || DROPS.get(random.nextInt(DROPS.size())) != at.stage()) {
      return End.NONE;
    }
    return random.nextBoolean() ? End.CLOSED : End.RESET;
  }

  private End lostReply(Exchange at) {
    SplittableRandom random = draws(at, "lost reply");
    if (random.nextDouble() >= REPLY_LOST) {
      return End.NONE;
    }
    return random.nextBoolean() ? End.TAKEN : End.FORGOTTEN;
  }

  private SplittableRandom draws(Exchange at, String subject) {
    int message = SoakLetter.numberOf(at.mailFrom().orElse(""));
    long key = seed;
    key = key * 1_000_003 + message;
    key = key * 1_000_003 + tryOf(message, at.transaction());
    key = key * 1_000_003 + subject.hashCode();
    return new SplittableRandom(key);
  }

  /** {@return which try for the message this transaction is, from 1} */
  private synchronized int tryOf(int message, int transaction) {
    if (lastTransaction[message] != transaction) {
      lastTransaction[message] = transaction;
      tries[message]++;
    }
    return tries[message];
  }
}
