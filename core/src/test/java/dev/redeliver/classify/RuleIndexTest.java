package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RuleIndexTest {
  private static final String HEADER = "id\tstage\tbasic\tenhanced\tphrase\tprovider\tcause";
  private static final MailboxProvider GOOGLE = MailboxProvider.ofToken("google").orElseThrow();

  /** With few words and codes, so that most rules compete. */
  @Test
  void first_anyRules_isTheFirstOfAllThatMatch() {
    Random random = new Random(1);
    for (int round = 0; round < 50; round++) {
      Vocabulary vocabulary = new Vocabulary();
      List<String> rows = new ArrayList<>(List.of(HEADER));
      IntStream.range(0, random.nextInt(60))
          .mapToObj(i -> row(i, random))
          .filter(RuleIndexTest::isAllowed)
          .forEach(rows::add);
      rows.add("own.refused\t*\t0,4\t*\t*\t*\tother");
      rows.add("own.last\t*\t1,2,3,5\t*\t*\t*\tother");
      List<Rule> rules = RuleTable.ofUser("mine", rows, vocabulary, List.of());
      Map<MailboxProvider, Phrase> marks = Map.of(GOOGLE, Phrase.parse("g | h & c", vocabulary));
      RuleIndex index = new RuleIndex(rules, marks, vocabulary.trie());
      for (int i = 0; i < 100; i++) {
        RuleIndex.Question question = question(random, index);
        assertThat(index.first(question).rule().id())
            .as("round %s: %s of %s", round, question, rows)
            .isEqualTo(index.all(question).get(0).rule().id());
      }
    }
  }

  private static String row(int number, Random random) {
    return String.join(
        "\t",
        "own." + number,
        any(random, "*", "*", "rcpt", "mail,data", "fault:lost"),
        any(random, "*", "4", "5", "45", "450", "421,5", "0"),
        any(random, "*", "*", "-", "4.7.1", "*.7.1", "4.7.*", "4.7.0-5", "5.1.1,4.2.2"),
        any(
            random,
            "*",
            "a",
            "a b",
            "a & b",
            "b & !c",
            "c* | d",
            "a & c | e f",
            "g & a",
            "a .. b | b .. c*"),
        any(random, "*", "*", "google", "yahoo"),
        "other");
  }

  /** Rows that contradict themselves are refused; here they would only be in the way. */
  private static boolean isAllowed(String row) {
    try {
      RuleTable.ofUser("mine", List.of(HEADER, row), new Vocabulary(), List.of());
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static RuleIndex.Question question(Random random, RuleIndex index) {
    String codes = any(random, "450 ", "451 4.7.1 ", "421 4.7.3 ", "550 5.1.1 ", "554 5.7.1 ", "");
    StringBuilder text = new StringBuilder(codes);
    for (int words = random.nextInt(6); words > 0; words--) {
      text.append(any(random, "a", "b", "c", "cc", "d", "e", "f", "g", "h")).append(' ');
    }
    SmtpReply reply = SmtpReply.parse(text);
    return new RuleIndex.Question(
        random.nextBoolean() ? null : any(random, SmtpStage.RCPT, SmtpStage.MAIL, SmtpStage.QUIT),
        reply.code(),
        reply.agreeingStatus().orElse(null),
        index.terms(Words.of(reply.lines())),
        any(random, MailboxProvider.OTHER, GOOGLE));
  }

  @SafeVarargs
  private static <T> T any(Random random, T... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
