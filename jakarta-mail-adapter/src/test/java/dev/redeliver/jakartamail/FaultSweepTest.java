package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.jakartamail.Bench.Way;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.SmtpScript;
import dev.redeliver.testkit.Stage;
import jakarta.mail.internet.MimeMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each stage from connect to quit, each fault, one to three recipients with mixed verdicts, each
 * way to send: {@link Rules} hold for all of them, and what can be delivered is delivered. At the
 * end a table says how many cases there were and how they ended.
 *
 * <p>Left out, because it makes no sense:
 *
 * <ul>
 *   <li>what {@link SweepFault#leftOutAt} names;
 *   <li>{@code sendpartial} off with one recipient, or before MAIL: it is about several recipients;
 *   <li>the wrapped transport with PIPELINING, which the mail library does not know, or within
 *       {@link MailSender}, which has connections of its own;
 *   <li>"until the deadline" for faults within the content or that take real time, and for other
 *       mixes than one of each: the same decisions again.
 * </ul>
 */
class FaultSweepTest {
  private static final int QUICK_MILLIS = 60;
  private static final int PATIENT_MILLIS = 20_000;

  /** How often the fault happens, and what ends the retries. */
  private enum Mode {
    ONCE,
    /** The attempts are spent. */
    ALWAYS,
    /** The time is spent. */
    UNTIL_DEADLINE,
    /** Once, but the outcome is only reported if it is unknown. */
    REPORTED;

    boolean isLasting() {
      return this == ALWAYS || this == UNTIL_DEADLINE;
    }
  }

  /** How the first answers to RCPT are: a for accepted, t for refused now, p for good. */
  private record Mix(String verdicts, boolean sendPartial) {
    List<String> recipients() {
      List<String> all = new ArrayList<>();
      for (int i = 0; i < verdicts.length(); i++) {
        all.add(verdicts.charAt(i) + "" + i + "@example.org");
      }
      return all;
    }
  }

  /** One case. */
  private record Case(
      Stage stage, SweepFault fault, Mode mode, Mix mix, Way way, SweepServers.Kind kind) {}

  private static final Table TABLE = new Table();

  /** Counts, for the end. Thread-safe. */
  private static final class Table {
    private final Map<String, Map<String, Integer>> rows = new TreeMap<>();
    private int cases;

    synchronized void add(String row, List<String> outcomes) {
      cases++;
      Map<String, Integer> cells = rows.computeIfAbsent(row, unused -> new TreeMap<>());
      cells.merge("cases", 1, Integer::sum);
      outcomes.forEach(outcome -> cells.merge(outcome, 1, Integer::sum));
    }

    synchronized String print() {
      List<String> columns =
          List.of("cases", "accepted", "refused", "deferred", "held", "unknown", "unconnected");
      StringBuilder text = new StringBuilder("Fault sweep: " + cases + " cases; recipients\n");
      text.append(String.format("%-34s", "stage and fault"));
      columns.forEach(column -> text.append(String.format("%12s", column)));
      Map<String, Integer> sum = new TreeMap<>();
      rows.forEach((row, cells) -> append(text, row, columns, cells, sum));
      append(text, "all", columns, sum, new TreeMap<>());
      return text.toString();
    }

    private static void append(
        StringBuilder text,
        String row,
        List<String> columns,
        Map<String, Integer> cells,
        Map<String, Integer> sum) {
      text.append('\n').append(String.format("%-34s", row));
      for (String column : columns) {
        int count = cells.getOrDefault(column, 0);
        sum.merge(column, count, Integer::sum);
        text.append(String.format("%12s", count == 0 ? "." : Integer.toString(count)));
      }
    }
  }

  @AfterAll
  static void print() {
    System.out.println(TABLE.print());
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "CONNECT",
        "GREETING",
        "EHLO",
        "STARTTLS",
        "AUTH",
        "MAIL",
        "RCPT",
        "DATA",
        "CONTENT",
        "END_OF_DATA",
        "RSET",
        "QUIT"
      })
  void atStage_anyFault_rulesHold(Stage stage) throws Exception {
    List<Case> cases = new ArrayList<>();
    for (SweepFault fault : SweepFault.values()) {
      if (fault.leftOutAt(stage).isEmpty()) {
        addAll(cases, stage, fault);
      }
    }
    Sweeps.runAll(cases, FaultSweepTest::run);
  }

  private static void addAll(List<Case> cases, Stage stage, SweepFault fault) {
    for (Mode mode : modes(stage, fault)) {
      for (Mix mix : mixes(stage)) {
        if (mode == Mode.UNTIL_DEADLINE && !mix.verdicts().equals("atp")) {
          continue;
        }
        for (Way way : Way.values()) {
          for (SweepServers.Kind kind : kinds(stage, way)) {
            cases.add(new Case(stage, fault, mode, mix, way, kind));
          }
        }
      }
    }
  }

  private static Set<Mode> modes(Stage stage, SweepFault fault) {
    if (stage == Stage.QUIT || stage == Stage.RSET) {
      return EnumSet.of(Mode.ONCE, Mode.ALWAYS);
    }
    EnumSet<Mode> modes = EnumSet.of(Mode.ONCE, Mode.ALWAYS);
    if (!fault.isSlow() && stage != Stage.CONTENT) {
      modes.add(Mode.UNTIL_DEADLINE);
    }
    if (stage == Stage.END_OF_DATA) {
      modes.add(Mode.REPORTED);
    }
    return modes;
  }

  private static List<Mix> mixes(Stage stage) {
    List<String> verdicts =
        stage == Stage.RSET ? List.of("t", "tp", "ttp") : List.of("a", "at", "pa", "atp");
    List<Mix> mixes = new ArrayList<>();
    for (String each : verdicts) {
      mixes.add(new Mix(each, true));
      if (each.length() > 1 && stage.compareTo(Stage.MAIL) >= 0) {
        mixes.add(new Mix(each, false));
      }
    }
    return mixes;
  }

  private static Set<SweepServers.Kind> kinds(Stage stage, Way way) {
    return switch (stage) {
      case STARTTLS -> EnumSet.of(SweepServers.Kind.TLS);
      case AUTH -> EnumSet.of(SweepServers.Kind.AUTH);
      case CONNECT, GREETING, EHLO -> EnumSet.of(SweepServers.Kind.PLAIN);
      default ->
          way == Way.WRAPPED
              ? EnumSet.of(SweepServers.Kind.PLAIN)
              : EnumSet.of(SweepServers.Kind.PLAIN, SweepServers.Kind.PIPELINING);
    };
  }

  private static RetryPolicy policy(Mode mode) {
    RetryPolicy.Builder policy = RetryPolicy.builder(Profile.INTERACTIVE).jitter(0.2);
    if (mode == Mode.UNTIL_DEADLINE) {
      policy.maxAttempts(RetryPolicy.UNBOUNDED).deadline(Duration.ofSeconds(5));
    } else {
      policy.maxAttempts(3);
    }
    if (mode == Mode.REPORTED) {
      policy.unknownOutcome(UnknownOutcome.REPORT);
    }
    return policy.build();
  }

  private static void run(Case now, SweepServers servers) throws Exception {
    ScriptedSmtpServer server = servers.fresh(now.kind());
    script(server, now);
    Properties properties =
        SweepServers.properties(
            now.kind(), server, now.fault().isSlow() ? QUICK_MILLIS : PATIENT_MILLIS);
    properties.setProperty("mail.smtp.sendpartial", Boolean.toString(now.mix().sendPartial()));
    String row = now.stage() + " " + now.fault().words;
    Bench bench = new Bench(now.way(), policy(now.mode()), properties);
    finish(
        bench,
        server,
        row,
        now.mix().recipients(),
        (to, outcomes) -> checkOutcome(now, to, outcomes));
  }

  private static void script(ScriptedSmtpServer server, Case now) {
    SmtpScript fault = server.on(now.stage());
    if (now.stage() == Stage.CONTENT) {
      fault.afterBytes(20);
    }
    if (now.mode().isLasting()) {
      fault.always();
    }
    List<SmtpAction> actions = now.fault().at(now.stage());
    fault.then(actions.get(0), actions.subList(1, actions.size()).toArray(SmtpAction[]::new));
    for (String recipient : now.mix().recipients()) {
      SmtpScript verdict = server.on(Stage.RCPT).to(recipient);
      switch (recipient.charAt(0)) {
        case 't' -> verdict.reply("451 4.3.0 try again later");
        case 'p' -> verdict.always().reply("550 5.1.1 no such user");
        default -> {}
      }
    }
  }

  /** Judges what became of one recipient: its address, and the outcome's name in the table. */
  private interface Judge {
    void check(List<String> recipients, List<String> outcomes);
  }

  private static void finish(
      Bench bench, ScriptedSmtpServer server, String row, List<String> recipients, Judge judge)
      throws Exception {
    List<String> outcomes;
    try (bench) {
      MimeMessage message = bench.message("hello\r\n.dots\r\n" + "x".repeat(300) + "\r\n");
      Bench.Result result = bench.send(message, recipients);
      outcomes = outcomes(result, recipients.size());
    }
    ServerLog log = SweepServers.log(server);
    try {
      new Rules(bench.witness, bench.policy(), log).check();
      judge.check(recipients, outcomes);
    } catch (AssertionError e) {
      throw new AssertionError(
          outcomes + " " + e.getMessage() + "\n" + bench.witness + "\n" + log, e);
    }
    TABLE.add(row, outcomes);
  }

  private static List<String> outcomes(Bench.Result result, int recipients) {
    Optional<DeliveryReport> report = result.report();
    if (report.isEmpty()) {
      String[] all = new String[recipients];
      Arrays.fill(all, "unconnected");
      return List.of(all);
    }
    return report.get().recipients().stream().map(FaultSweepTest::outcome).toList();
  }

  private static String outcome(RecipientReport recipient) {
    if (recipient.outcome() == Outcome.PENDING) {
      return recipient.decision().orElse(null) instanceof Decision.Hold ? "held" : "deferred";
    }
    return recipient.outcome().name().toLowerCase(Locale.ROOT);
  }

  /** What can be delivered is delivered, and what was refused is not called anything else. */
  private static void checkOutcome(Case now, List<String> recipients, List<String> outcomes) {
    for (int i = 0; i < outcomes.size(); i++) {
      char verdict = recipients.get(i).charAt(0);
      assertThat(outcomes.get(i)).as(recipients.get(i)).isIn(expected(now, verdict, i == 0));
    }
  }

  private static Set<String> expected(Case now, char verdict, boolean first) {
    Set<String> expected = new TreeSet<>();
    boolean wrapped = now.way() == Way.WRAPPED;
    boolean late = now.stage() == Stage.CONTENT || now.stage() == Stage.END_OF_DATA;
    boolean lost = late && (now.fault().isSilent() || now.fault().mayOvertake());
    expected.add(likely(now, verdict, first));
    if (now.fault().isSlow()) {
      // On a busy machine other answers come too late, too.
      expected.addAll(List.of("deferred", "unknown", "unconnected"));
    }
    if (expected.contains("deferred") && lost) {
      // What is small is written as a whole, whatever the server has read of it.
      expected.add("unknown");
    }
    if (lost && now.mode() == Mode.REPORTED && now.fault().mayOvertake()) {
      expected.add("unknown");
    }
    if (lost && (wrapped ? verdict != 'a' : now.fault().mayOvertake() && verdict == 'p')) {
      // With the connection goes what was said on it before, for those who cannot record it.
      expected.add("unknown");
    }
    if (now.mode().isLasting() && verdict == 'p' && (wrapped || now.fault().mayOvertake())) {
      expected.add("deferred");
    }
    return expected;
  }

  private static String likely(Case now, char verdict, boolean first) {
    String unhindered = verdict == 'p' ? "refused" : "accepted";
    boolean lasting = now.mode().isLasting();
    if (now.fault().isNormal() && now.stage() == Stage.RCPT) {
      // The normal answer to whoever it is comes before the verdicts.
      return lasting || first ? "accepted" : unhindered;
    }
    if (now.fault().isNormal()
        || now.stage() == Stage.RSET
        || now.stage() == Stage.QUIT
        || (now.stage() == Stage.EHLO && now.fault().isAnswer())) {
      // Rule 5: housekeeping changes nothing. A server that does not like EHLO is told HELO.
      return unhindered;
    }
    boolean permanent = now.fault() == SweepFault.PERMANENT;
    if (now.stage().compareTo(Stage.MAIL) < 0) {
      String kept = permanent ? "held" : "deferred";
      if (now.way() == Way.SENDER) {
        return permanent || lasting ? kept : unhindered;
      }
      return permanent || lasting ? "unconnected" : unhindered;
    }
    if (permanent) {
      return switch (now.stage()) {
        case MAIL -> "refused";
        case RCPT -> lasting || first ? "refused" : unhindered;
        default -> lasting || verdict != 't' ? "refused" : unhindered;
      };
    }
    if (now.mode() == Mode.REPORTED && now.fault().isSilent() && verdict == 'a') {
      return "unknown";
    }
    if (!lasting) {
      return unhindered;
    }
    boolean heard = verdict == 'p' && now.stage().compareTo(Stage.RCPT) > 0;
    return heard ? "refused" : "deferred";
  }

  @Test
  void cutAtEachByte_rulesHold() throws Exception {
    List<Cut> cases = new ArrayList<>();
    for (Map.Entry<Stage, String> normal : SweepFault.NORMAL.entrySet()) {
      for (String reply : List.of(normal.getValue(), "451-4.3.0 no\r\n451 4.3.0 now\r\n")) {
        for (int bytes = 1; bytes < reply.length(); bytes++) {
          for (Way way : Way.values()) {
            cases.add(new Cut(normal.getKey(), reply.substring(0, bytes), bytes % 2 == 0, way));
          }
        }
      }
    }
    Sweeps.runAll(cases, FaultSweepTest::runCut);
  }

  /** A reply that breaks off. */
  private record Cut(Stage stage, String words, boolean reset, Way way) {}

  private static void runCut(Cut now, SweepServers servers) throws Exception {
    SweepServers.Kind kind =
        switch (now.stage()) {
          case STARTTLS -> SweepServers.Kind.TLS;
          case AUTH -> SweepServers.Kind.AUTH;
          default -> SweepServers.Kind.PLAIN;
        };
    ScriptedSmtpServer server = servers.fresh(kind);
    SmtpAction end = now.reset() ? SmtpAction.reset() : SmtpAction.close();
    SmtpAction words = SmtpAction.raw(now.words().getBytes(StandardCharsets.US_ASCII));
    server.on(now.stage()).then(words, end);
    Bench bench =
        new Bench(
            now.way(), policy(Mode.ONCE), SweepServers.properties(kind, server, PATIENT_MILLIS));
    finish(
        bench,
        server,
        now.stage() + " cut at each byte",
        List.of("a@example.org", "b@example.org"),
        (to, outcomes) -> {});
  }
}
