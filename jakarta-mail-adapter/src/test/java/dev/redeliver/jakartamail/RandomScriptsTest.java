package dev.redeliver.jakartamail;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.jakartamail.Bench.Way;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.SmtpScript;
import dev.redeliver.testkit.Stage;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.Test;

/**
 * Worlds made at random: what the server offers, what it does and when, who is written to and under
 * which policy; {@link Rules} hold in each. The seed is printed; to see a world again, set {@code
 * -Dredeliver.test.seed=N -Dredeliver.test.worlds=1}.
 */
class RandomScriptsTest {
  private static final long SEED = Long.getLong("redeliver.test.seed", System.nanoTime());
  private static final int WORLDS = Integer.getInteger("redeliver.test.worlds", 400);
  private static final int TIMEOUT_MILLIS = 20_000;
  private static final int SHORT_TIMEOUT_MILLIS = 80;
  private static final Duration LONGEST_STALLED = Duration.ofMinutes(10);

  private static final List<Stage> STAGES =
      List.of(
          Stage.CONNECT,
          Stage.GREETING,
          Stage.EHLO,
          Stage.MAIL,
          Stage.RCPT,
          Stage.RCPT,
          Stage.RCPT,
          Stage.DATA,
          Stage.CONTENT,
          Stage.END_OF_DATA,
          Stage.END_OF_DATA,
          Stage.IDLE,
          Stage.RSET,
          Stage.QUIT);

  private static final List<String> REPLIES =
      List.of(
          "450 4.2.0 Greylisted, try again in 300 seconds",
          "451 4.7.1 Greylisting in action, please come back later",
          "450 4.7.1 Client host rejected: cannot find your hostname",
          "451 4.3.0 local error",
          "452 4.2.2 mailbox full",
          "452 4.3.1 insufficient system storage",
          "452 4.5.3 too many recipients",
          "421 4.7.0 too many connections",
          "421 4.4.2 idle too long",
          "503 5.5.1 bad sequence of commands",
          "530 5.7.0 authenticate first",
          "550 5.1.1 no such user",
          "550 5.7.1 blocked",
          "552 5.2.2 mailbox full",
          "554 5.7.1 spam",
          "571 5.7.1 no",
          "250 2.0.0 fine",
          "252 2.1.5 cannot verify",
          "354 go on",
          "399 what",
          "600 what");

  @Test
  void anyWorld_rulesHold() throws Exception {
    System.out.println("Random scripts: seed " + SEED + ", " + WORLDS + " worlds");
    List<Long> seeds = new ArrayList<>();
    for (long i = 0; i < WORLDS; i++) {
      seeds.add(SEED + i);
    }
    Map<Outcome, Integer> outcomes = new ConcurrentSkipListMap<>();
    Sweeps.runAll(
        seeds,
        (seed, servers) ->
            new World(seed)
                .run(servers)
                .forEach(outcome -> outcomes.merge(outcome, 1, Integer::sum)));
    System.out.println("Random scripts: recipients by outcome " + outcomes);
  }

  /** One of them. */
  private static final class World {
    private final long seed;
    private final Random random;
    private boolean stalls;

    World(long seed) {
      this.seed = seed;
      random = new Random(seed);
    }

    private <T> T any(List<T> of) {
      return of.get(random.nextInt(of.size()));
    }

    /** {@return what became of each recipient of the messages that were handed over} */
    List<Outcome> run(SweepServers servers) throws Exception {
      SweepServers.Kind kind = any(List.of(SweepServers.Kind.PLAIN, SweepServers.Kind.PIPELINING));
      ScriptedSmtpServer server = servers.fresh(kind);
      List<List<String>> messages = new ArrayList<>();
      int count = 1 + random.nextInt(5);
      for (int i = 0; i < count; i++) {
        messages.add(recipients(i));
      }
      int scripts = 1 + random.nextInt(8);
      for (int i = 0; i < scripts; i++) {
        script(server, messages);
      }
      int timeout = stalls ? SHORT_TIMEOUT_MILLIS : TIMEOUT_MILLIS;
      Properties properties = SweepServers.properties(kind, server, timeout);
      properties.setProperty("mail.smtp.sendpartial", Boolean.toString(random.nextBoolean()));
      Way way = any(List.of(Way.values()));
      Bench bench = new Bench(way, policy(), properties);
      try (bench) {
        send(bench, way, messages);
      }
      ServerLog log = SweepServers.log(server);
      try {
        new Rules(bench.witness, bench.policy(), log).check();
      } catch (AssertionError e) {
        throw new AssertionError(
            "seed "
                + seed
                + ": "
                + way
                + " "
                + bench.policy()
                + "\n"
                + e.getMessage()
                + "\n"
                + bench.witness
                + "\n"
                + log,
            e);
      }
      return bench.witness.stories().stream()
          .flatMap(story -> story.report().recipients().stream())
          .map(RecipientReport::outcome)
          .toList();
    }

    private List<String> recipients(int message) {
      List<String> all = new ArrayList<>();
      int count = 1 + random.nextInt(5);
      for (int i = 0; i < count; i++) {
        all.add("r" + i + ".m" + message + "@" + any(List.of("a", "b")) + ".example");
      }
      return all;
    }

    private RetryPolicy policy() {
      return RetryPolicy.builder(any(List.of(Profile.INTERACTIVE, Profile.BACKGROUND)))
          .maxAttempts(1 + random.nextInt(5))
          .deadline(deadline())
          .jitter(any(List.of(0.0, 0.2, 0.9)))
          .unknownOutcome(any(List.of(UnknownOutcome.values())))
          .pipelining(random.nextInt(4) > 0)
          .build();
    }

    /** A server that stalls costs real time, for thousands of probes in four hours. */
    private Duration deadline() {
      Duration drawn =
          any(List.of(Duration.ofSeconds(5), Duration.ofMinutes(2), Duration.ofHours(4)));
      return stalls && drawn.compareTo(LONGEST_STALLED) > 0 ? LONGEST_STALLED : drawn;
    }

    private void script(ScriptedSmtpServer server, List<List<String>> messages) {
      Stage stage = any(STAGES);
      SmtpScript script = server.on(stage);
      if (stage == Stage.CONTENT) {
        script.afterBytes(random.nextInt(500));
      }
      if (stage == Stage.RCPT && random.nextBoolean()) {
        script.to(any(any(messages)));
      }
      if (random.nextInt(3) == 0) {
        script.skip(random.nextInt(6));
      }
      switch (random.nextInt(6)) {
        case 0 -> script.always();
        case 1, 2 -> script.times(1 + random.nextInt(4));
        default -> {}
      }
      List<SmtpAction> actions = actions(stage);
      script.then(actions.get(0), actions.subList(1, actions.size()).toArray(SmtpAction[]::new));
    }

    private List<SmtpAction> actions(Stage stage) {
      List<SmtpAction> actions = new ArrayList<>();
      boolean mute = stage == Stage.CONNECT || stage == Stage.CONTENT || stage == Stage.IDLE;
      // A reply where none is due shifts all that follow: what is true then, nobody can know.
      boolean speaks = !mute && random.nextInt(4) > 0;
      if (stage == Stage.END_OF_DATA && random.nextInt(3) == 0) {
        // Whether a message that is accepted is also called so is known only if nothing is said.
        actions.add(SmtpAction.accept());
        speaks = false;
      }
      if (speaks) {
        actions.add(SmtpAction.reply(reply(stage)));
      }
      if (!speaks || random.nextInt(4) == 0) {
        actions.add(end());
      }
      return actions;
    }

    /** A 2yz where it means something else than success would be a lie of the server's. */
    private String reply(Stage stage) {
      String reply = any(REPLIES);
      boolean lie = stage == Stage.DATA || stage == Stage.RSET;
      return reply.charAt(0) == '2' && lie ? "451 4.3.0 local error" : reply;
    }

    private SmtpAction end() {
      int draw = random.nextInt(10);
      stalls |= draw == 0;
      return draw == 0 ? SmtpAction.stall() : draw < 5 ? SmtpAction.close() : SmtpAction.reset();
    }

    private void send(Bench bench, Way way, List<List<String>> messages) throws Exception {
      List<CompletableFuture<DeliveryReport>> futures = new ArrayList<>();
      for (List<String> to : messages) {
        MimeMessage message = bench.message("hello\r\n" + "x".repeat(random.nextInt(800)));
        if (way == Way.SENDER) {
          futures.add(bench.sender().send(message, Bench.addresses(to)));
        } else {
          bench.send(message, to);
        }
      }
      bench.settle(futures);
    }
  }
}
