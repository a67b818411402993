package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Whatever a server sends is read, and means the same to every thread. Longer runs are asked for
 * with the system properties {@code fuzz.inputs} and {@code fuzz.seed}.
 */
class ReplyFuzzTest {
  private static final long INPUTS = Long.getLong("fuzz.inputs", 20_000);
  private static final long SEED = Long.getLong("fuzz.seed", 42);
  private static final int BATCH = 10_000;
  private static final int TABLES = 500;

  private static final ReplyClassifier CLASSIFIER = ReplyClassifier.standard();
  private static final SmtpStage[] STAGES = SmtpStage.values();
  private static final HostileReplies REPLIES =
      new HostileReplies(
          SEED, CLASSIFIER.rules().stream().flatMap(rule -> rule.examples().stream()).toList());

  @Test
  void anyReply_hasAMeaning_theSameToEveryThread() {
    long started = System.nanoTime();
    for (long first = 0; first < INPUTS; first += BATCH) {
      long from = first;
      CompletableFuture<Integer> other = CompletableFuture.supplyAsync(() -> meanings(from));
      assertThat(meanings(from)).as("seed %s, from %s", SEED, from).isEqualTo(other.join());
    }
    if (Long.getLong("fuzz.inputs") != null) {
      System.out.printf(
          "seed %d: each of two threads read %,d replies in %d s; all have a meaning, and the same%n",
          SEED, INPUTS, (System.nanoTime() - started) / 1_000_000_000);
    }
  }

  /** {@return a digest of what the replies of a batch mean} */
  private static int meanings(long from) {
    int digest = 0;
    for (long number = from; number < Math.min(INPUTS, from + BATCH); number++) {
      digest = 31 * digest + meaning(number).hashCode();
    }
    return digest;
  }

  private static Classification meaning(long number) {
    String raw = REPLIES.reply(number);
    SmtpStage stage = STAGES[(int) (number % STAGES.length)];
    try {
      checkForm(SmtpReply.parse(raw.getBytes(StandardCharsets.UTF_8)));
      SmtpReply reply = SmtpReply.parse(raw);
      checkForm(reply);
      Classification read = CLASSIFIER.classify(stage, reply);
      checkSeverity(read, stage, reply);
      if (number % 50 == 0) {
        String first = CLASSIFIER.trace(stage, reply).get(0).ruleId();
        require(first.equals(read.ruleId()), read.ruleId() + " decides, but first is " + first);
      }
      return read;
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed " + SEED + ", input " + number + ": " + e.getMessage(), e);
    }
  }

  private static void checkForm(SmtpReply reply) {
    require(reply.code() == 0 || reply.code() / 100 <= 5, "code " + reply.code());
    require(reply.lines().size() <= SmtpReply.MAX_LINES, "too many lines");
    for (String line : reply.lines()) {
      require(line.length() <= SmtpReply.MAX_LINE_LENGTH, "a line of " + line.length());
    }
    require(isPrintable(reply.toString()), "not printable: " + reply);
    require(isPrintable(reply.malformation().orElse("")), "not printable: " + reply.malformation());
  }

  private static boolean isPrintable(String text) {
    return text.codePoints()
        .map(Character::getType)
        .noneMatch(
            type ->
                type == Character.CONTROL
                    || type == Character.FORMAT
                    || type == Character.SURROGATE
                    || type == Character.LINE_SEPARATOR
                    || type == Character.PARAGRAPH_SEPARATOR);
  }

  private static void checkSeverity(Classification read, SmtpStage stage, SmtpReply reply) {
    int digit = reply.code() / 100;
    require(digit != 4 || read.severity() == Severity.TRANSIENT, "4yz " + read.severity());
    // RFC 5321 section 4.5.3.1.10
    boolean as452 = reply.code() == 552 && read.cause() == Cause.TOO_MANY_RECIPIENTS;
    require(digit != 5 || as452 || read.severity() == Severity.PERMANENT, "5yz " + read.severity());
    Handling handling = read.handling();
    switch (read.severity()) {
      case SUCCESS, INTERMEDIATE -> require(handling == Handling.PROCEED, "" + handling);
      case TRANSIENT ->
          require(handling != Handling.FAIL && handling != Handling.PROCEED, "" + handling);
      case PERMANENT ->
          require(
              handling == Handling.FAIL
                  || handling == Handling.HOLD
                  || isListed(handling, stage, reply),
              "5yz with " + handling);
    }
    require(read.severity() == Severity.TRANSIENT || read.delayHint().isEmpty(), "delay hint");
  }

  /** {@return whether a rule that matches asks for this handling in so many words} */
  private static boolean isListed(Handling handling, SmtpStage stage, SmtpReply reply) {
    List<String> matching = CLASSIFIER.trace(stage, reply).stream().map(RuleMatch::ruleId).toList();
    return CLASSIFIER.rules().stream()
        .filter(rule -> rule.handling().equals(Optional.of(handling)))
        .anyMatch(rule -> matching.contains(rule.id()));
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      fail(otherwise);
    }
  }

  @Test
  void anyTableOfRules_isReadOrRefusedWithItsLines() {
    Random random = new Random(SEED);
    List<String> rows =
        List.of(
            "id\tstage\tbasic\tenhanced\tphrase\tprovider\tcause\thandling\talert",
            "own.a\trcpt,data\t4,5\t4.7.*,5.7.500-699\tmail*box full & !@rcpt\tgoogle\tpolicy\tretry\tyes",
            "own.b\t*\t0\t-\t0.0.0.0 | a@b | \u7070\u540d\u5355*\t*\tother\t*\tno");
    for (int i = 0; i < TABLES; i++) {
      StringBuilder table = new StringBuilder(String.join("\n", rows));
      for (int changes = random.nextInt(4); changes >= 0; changes--) {
        int at = random.nextInt(table.length());
        String pieces = "\t\n*@&|!.,- 059ax\0\u7070";
        table.setCharAt(at, pieces.charAt(random.nextInt(pieces.length())));
      }
      readOrRefused(table.toString());
    }
  }

  private static void readOrRefused(String table) {
    Vocabulary vocabulary = new Vocabulary();
    vocabulary.define("rcpt", "user | mail box");
    try {
      RuleTable.ofUser("mine", List.of(table.split("\n", -1)), vocabulary, List.of());
      vocabulary.trie();
    } catch (IllegalArgumentException e) {
      assertThat(e).as("seed %s: %s", SEED, table).hasMessageStartingWith("mine: ");
    }
  }
}
