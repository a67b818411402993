package dev.redeliver.examples;

import dev.redeliver.classify.Lane;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.outbox.Entry;
import dev.redeliver.outbox.EntryState;
import dev.redeliver.outbox.Operations;
import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.Selection;
import dev.redeliver.outbox.Submission;
import dev.redeliver.policy.Backoff;
import dev.redeliver.policy.OutboxSettings;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The demo, through an outbox: killed at any moment and started again, it goes on where it was. The
 * server plays its part again for a message that it does not have for all recipients. Used once.
 *
 * <p>Time is real, and the policy's waits are shorter: a clock that runs faster would have to know
 * how long nobody was there.
 */
final class OutboxDemo {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration LOOK = Duration.ofMillis(50);
  private static final Duration RETENTION = Duration.ofDays(3650);

  /** Enough for any number of kills: only the letters to full mailboxes are to be given up. */
  private static final Duration DEADLINE = Duration.ofHours(1);

  private static final Selection OPEN =
      Selection.ALL.in(
          Arrays.stream(EntryState.values())
              .filter(state -> !state.isFinal())
              .toArray(EntryState[]::new));

  private final Terminal terminal;
  private final List<Letter> letters;
  private final Setup setup;
  private final LiveTable table;

  /**
   * What the demo runs with.
   *
   * @param directory where outbox and journal are
   * @param policy what is done about failures, in waits that would be real
   * @param speed how much shorter they are
   * @param seed what the letters were drawn from
   * @param listeners hear what happens
   * @param opened gets the outbox before anything is submitted
   */
  record Setup(
      Path directory,
      RetryPolicy policy,
      double speed,
      long seed,
      List<DeliveryListener> listeners,
      Consumer<Outbox> opened) {
    Path outbox() {
      return directory.resolve("outbox.db");
    }

    Path journal() {
      return directory.resolve("journal.tsv");
    }

    private Duration shorter(Duration wait, Duration least) {
      Duration shorter = Duration.ofNanos((long) (wait.toNanos() / speed));
      return shorter.compareTo(least) < 0 ? least : shorter;
    }

    private RetryPolicy shortPolicy() {
      RetryPolicy.Builder builder =
          policy.toBuilder()
              .deadline(DEADLINE)
              // Its rates are messages per real minute.
              .guard(policy.guard().withEnabled(false));
      for (Lane lane : Lane.values()) {
        if (lane != Lane.IMMEDIATE) {
          builder.lane(lane, shorter(policy.backoff(lane)));
        }
      }
      return builder.build();
    }

    private Backoff shorter(Backoff backoff) {
      Duration least = Duration.ofMillis(1);
      return Backoff.of(
          shorter(backoff.initial(), least), backoff.multiplier(), shorter(backoff.cap(), least));
    }
  }

  /**
   * How it has ended.
   *
   * @param reckoning how outbox and journal agree
   * @param twice copies beyond the first of a recipient, over all runs
   * @param unknownAttempts attempts of unknown outcome, over all runs: each explains one of them
   */
  record Result(Reckoning reckoning, int twice, int unknownAttempts) {
    String summary() {
      return reckoning.summary() + " twice=" + twice + " unknown-attempts=" + unknownAttempts;
    }
  }

  OutboxDemo(Terminal terminal, List<Letter> letters, Setup setup) {
    this.terminal = terminal;
    this.letters = List.copyOf(letters);
    this.setup = setup;
    table = new LiveTable(terminal, Instant.now(), letters.size());
  }

  /** {@return how outbox and journal agree; everything but the last line has been printed} */
  Result run() throws IOException, MessagingException, InterruptedException {
    Files.createDirectories(setup.directory());
    try (Journal journal = Journal.open(setup.journal(), setup.seed());
        ScriptedSmtpServer server = ScriptedSmtpServer.builder().handOver(journal::add).open()) {
      script(server, journal.copies());
      table.begin();
      List<Ending> endings = send(LocalSession.to(server));
      table.end();
      List<Reckoning.Copy> copies = journal.copies();
      Reckoning reckoning =
          Reckoning.ofEndings(letters.stream().map(Letter::envelope).toList(), endings, copies);
      new DemoReport(terminal.out(), letters, endings, copies).print(reckoning);
      terminal.out().println(Words.count(table.alerts(), "reputation alert") + " raised");
      return new Result(
          reckoning,
          copies.size() - new HashSet<>(copies).size(),
          endings.stream()
              .flatMap(ending -> ending.recipients().stream())
              .mapToInt(Ending.To::unknownAttempts)
              .sum());
    }
  }

  private void script(ScriptedSmtpServer server, List<Reckoning.Copy> had) {
    Set<Reckoning.Copy> known = Set.copyOf(new HashSet<>(had));
    Duration namedDelay = setup.shorter(Demo.NAMED_DELAY, Duration.ofSeconds(1));
    for (Letter letter : letters) {
      boolean complete =
          letter.recipients().stream()
              .allMatch(to -> known.contains(new Reckoning.Copy(letter.messageId(), to)));
      if (!complete) {
        letter.scenario().script(server, letter, namedDelay);
      }
    }
  }

  private List<Ending> send(Session session) throws MessagingException, InterruptedException {
    Outbox.Builder builder =
        Outbox.builder(session)
            .settings(
                OutboxSettings.DEFAULT
                    .withLocation(setup.outbox().toString())
                    .withPoll(POLL)
                    .withRetention(RETENTION))
            .policy(setup.shortPolicy())
            .listener(table);
    setup.listeners().forEach(builder::listener);
    table.goOn(finished(builder));
    try (Outbox outbox = builder.open()) {
      setup.opened().accept(outbox);
      submit(outbox, session);
      await(outbox.operations());
      return outbox.operations().list(Selection.ALL, "", letters.size() + 1).stream()
          .map(Ending::of)
          .toList();
    }
  }

  private int finished(Outbox.Builder builder) {
    try (Outbox outbox = builder.connect()) {
      List<Entry> entries = outbox.operations().list(Selection.ALL, "", letters.size() + 1);
      return (int) entries.stream().filter(entry -> entry.finishedAt().isPresent()).count();
    }
  }

  /** What was submitted by a process before this one is known by its key. */
  private void submit(Outbox outbox, Session session) throws MessagingException {
    List<String> ids = new ArrayList<>();
    for (Letter letter : letters) {
      Submission submission =
          Submission.of(Demo.message(session, letter, Instant.now()))
              .withIdempotencyKey("letter-" + letter.number());
      ids.add(
          outbox.submit(
              letter.scenario() == Scenario.MAILBOX_FULL
                  ? submission.withDeadline(
                      setup.shorter(setup.policy().deadline(), Duration.ofSeconds(1)))
                  : submission));
    }
    if (new HashSet<>(ids).size() != letters.size()) {
      throw new IllegalStateException("the outbox took two letters for one: " + ids);
    }
  }

  private static void await(Operations operations) throws InterruptedException {
    while (!operations.list(OPEN, "", 1).isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    }
  }
}
