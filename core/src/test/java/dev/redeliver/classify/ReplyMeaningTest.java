package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
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
  void anyBytes_areClassified() {
    long seed = 42;
    Random random = new Random(seed);
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      assertThat(ReplyClassifier.standard().classify(null, SmtpReply.parse(bytes)).ruleId())
          .as("seed " + seed + ", round " + i)
          .isNotBlank();
    }
  }
}
