package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ReplyMeaningTest {
  private static Classification read(SmtpStage stage, String reply) {
    return ReplyClassifier.standard().classify(stage, SmtpReply.parse(reply));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          RCPT | 450 4.2.0 <a@b.example>: Greylisted, see the page | greylisted | greylist | RETRY | false
          RCPT | 451 4.7.1 Greylisting in action, please come back later | greylisted | greylist | RETRY | false
          RCPT | 450 4.7.1 Client host rejected: cannot find your reverse hostname | authentication | transient | RETRY | true
          MAIL | 451 4.7.650 The mail server has been temporarily rate limited due to IP reputation | reputation | reputation | RETRY | true
          MAIL | 451 4.7.1 Access denied | reputation | reputation | RETRY | true
          MAIL | 421 4.7.0 Too many connections from your host | rate-limited | rate-limit | RETRY | false
          GREETING | 421 4.3.2 Service not available | server-temporary | transient | RETRY | false
          RCPT | 452 4.2.2 Mailbox full | mailbox-full | slow | RETRY | false
          RCPT | 452 4.5.3 Too many recipients | too-many-recipients | transient | RESUME | false
          RCPT | 552 Too many recipients | too-many-recipients | transient | RESUME | false
          RCPT | 550 5.1.1 User unknown | mailbox-unknown | transient | FAIL | false
          RCPT | 554 5.7.1 Relay access denied | relay-denied | transient | FAIL | false
          END_OF_DATA | 554 5.7.1 Message rejected as spam | spam-content | slow | FAIL | false
          END_OF_DATA | 554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org | reputation | reputation | FAIL | true
          MAIL | 530 5.7.0 Must issue a STARTTLS command first | tls | transient | HOLD | false
          MAIL | 530 5.7.0 Authentication required | credentials | slow | HOLD | false
          RCPT | 503 5.5.1 Bad sequence of commands | protocol | transient | RECONNECT | false
          AUTH | 454 4.7.0 Temporary authentication failure | credentials | transient | RETRY | false
          AUTH | 535 5.7.8 Authentication credentials invalid | credentials | slow | HOLD | false
          """)
  void reply_withText_isToldApart(
      SmtpStage stage, String reply, String cause, String lane, Handling handling, boolean signal) {
    Classification read = read(stage, reply);

    assertThat(read.cause().token()).as(read.ruleId()).isEqualTo(cause);
    assertThat(read.handling()).as(read.ruleId()).isEqualTo(handling);
    assertThat(read.reputationSignal()).as(read.ruleId()).isEqualTo(signal);
    if (handling == Handling.RETRY) {
      assertThat(read.lane().token()).as(read.ruleId()).isEqualTo(lane);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          450 4.2.0 Greylisted, try again in 300 seconds | PT5M
          451 4.7.1 Greylisted for 5 minutes | PT5M
          451 please retry after 2 hours | PT2H
          421 wait 10 minutes | PT10M
          450 try again after 00:05:00 | PT5M
          450 4.3.2 spam score 5 minutes of fame |
          450 4.3.2 limit is 100 messages per 60 seconds |
          450 try again in 0 seconds |
          450 try again in 9999999 hours |
          """)
  void delayHint_onlyWhereATryIsAskedFor(String reply, Duration hint) {
    assertThat(read(SmtpStage.RCPT, reply).delayHint())
        .isEqualTo(Optional.ofNullable(hint).map(DelayHint.After::new));
  }

  @Test
  void transient_whateverTheTextSays_neverFails() {
    for (String text :
        List.of("permanently rejected", "do not try again", "user unknown", "virus", "banned")) {
      for (SmtpStage stage : SmtpStage.values()) {
        Classification read = read(stage, "450 " + text);
        assertThat(read.severity()).isEqualTo(Severity.TRANSIENT);
        assertThat(read.handling()).isNotIn(Handling.FAIL, Handling.PROCEED);
      }
    }
  }

  @Test
  void status_ofAnotherClass_doesNotCount() {
    assertThat(read(SmtpStage.RCPT, "550 4.2.2 no").cause()).isEqualTo(Cause.MAILBOX_UNKNOWN);
    assertThat(read(SmtpStage.RCPT, "450 5.1.1 no").handling()).isEqualTo(Handling.RETRY);
  }

  @ParameterizedTest
  @EnumSource(names = {"GREETING", "EHLO", "STARTTLS", "AUTH"})
  void permanent_beforeMail_holds(SmtpStage stage) {
    assertThat(read(stage, "554 5.7.1 no").handling()).isEqualTo(Handling.HOLD);
  }

  @Test
  void everyFaultAndProblem_hasARule() {
    ReplyClassifier classifier = ReplyClassifier.standard();
    for (SmtpFailure.Fault fault : SmtpFailure.Fault.values()) {
      Classification read =
          classifier.classify(new SmtpFailure.Disconnected(SmtpStage.MAIL, fault, "x"));
      assertThat(read.handling()).isEqualTo(Handling.RETRY);
      assertThat(read.severity()).isEqualTo(Severity.TRANSIENT);
    }
    for (SmtpFailure.Problem problem : SmtpFailure.Problem.values()) {
      Classification read =
          classifier.classify(new SmtpFailure.Local(SmtpStage.MAIL, problem, "x"));
      assertThat(read.handling()).isIn(Handling.HOLD, Handling.FAIL);
    }
  }

  @Test
  void withRules_ownRow_winsAndHintsStay(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("rules.tsv");
    String header = "id\tbasic\tphrase\tcause\tlane";
    String row = "mine.1\t450\thouse rule\tpolicy\tslow";
    Files.writeString(file, header + "\n" + row + "\n", StandardCharsets.UTF_8);

    Classification read =
        ReplyClassifier.standard()
            .withRules(file)
            .classify(null, SmtpReply.parse("450 4.2.0 House rule: greylisted"));

    assertThat(read.ruleId()).isEqualTo("mine.1");
    assertThat(read.lane()).isEqualTo(Lane.SLOW);
  }

  @Test
  void withRules_badRows_areAllNamed(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("rules.tsv");
    String header = "id\tbasic\tcause\thandling\tphrase\tstage\tenhanced";
    List<String> rows =
        List.of(
            header,
            "a\t450\tpolicy\tfail\t*\t*\t*",
            "# a comment",
            "b\t450\tnonsense\t*\t*\t*\t*",
            "short\trow",
            "a\t650\tpolicy\t*\t*\t*\t*",
            "d\t*\tpolicy\t*\t...\t*\t*",
            "e\t*\tpolicy\t*\t@nobody\t*\t*",
            "f\t*\tpolicy\t*\t!only this\t*\t*",
            "g\t*\tpolicy\t*\t*\thelo\t*",
            "h\t*\tpolicy\t*\t*\t*\t4.7",
            "I\t*\tpolicy\t*\t*\t*\t*",
            "j\t*\tpolicy\t\t*\t*\t*");
    Files.write(file, rows);

    assertThatThrownBy(() -> ReplyClassifier.standard().withRules(file))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .satisfies(
            message ->
                assertThat(message.lines())
                    .extracting(line -> line.replaceAll("not one of: .*", "not one of"))
                    .containsExactly(
                        "rules.tsv: line 2, column handling: 'fail' on a rule that can match a 4yz"
                            + " reply",
                        "rules.tsv: line 4, column cause: 'nonsense' is not one of",
                        "rules.tsv: line 5: has 2 cells, the header 7",
                        "rules.tsv: line 6, column id: 'a' stands twice",
                        "rules.tsv: line 7, column phrase: '...' has no letter or digit",
                        "rules.tsv: line 8, column phrase: list '@nobody' is not defined",
                        "rules.tsv: line 9, column phrase: '!only this' asks for nothing",
                        "rules.tsv: line 10, column stage: 'helo' is not one of",
                        "rules.tsv: line 11, column enhanced: '4.7' is no status or range of them",
                        "rules.tsv: line 12, column id: 'I' is not of a-z, 0-9, '.' and '-'",
                        "rules.tsv: line 13, column handling: is empty; write * for the default"));
  }

  @Test
  void withRules_badHeader_isNamed() {
    assertThatThrownBy(
            () -> ReplyClassifier.standard().withRules("mine", List.of("id\tphrases\tid", "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mine: line 1: column 'phrases' is not one of: id, stage,")
        .hasMessageContaining("mine: line 1: column 'id' stands twice")
        .hasMessageContaining("mine: line 1: column 'cause' is missing");
    assertThatThrownBy(() -> ReplyClassifier.standard().withRules("mine", List.of("# nothing")))
        .hasMessage("mine: has no header");
  }
}
