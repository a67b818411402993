package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.examples.Reckoning.Copy;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The comparison must be able to fail: it is fed with every kind of wrong record. */
class ReckoningTest {
  private static final String ID = "<1@x>";
  private static final String ADA = "ada@example.org";
  private static final Envelope SENT = Envelope.of(ID, List.of(ADA));

  @ParameterizedTest(name = "{0}, {1} replies lost, {2} copies")
  @CsvSource({
    // outcome, lost replies, copies, lost, duplicated, unexplained
    "ACCEPTED, 0, 1, 0, 0, 0",
    "ACCEPTED, 1, 1, 0, 0, 0",
    "ACCEPTED, 1, 2, 0, 0, 0",
    "ACCEPTED, 0, 0, 1, 0, 0",
    "ACCEPTED, 1, 0, 1, 0, 0",
    "ACCEPTED, 0, 2, 0, 1, 0",
    "ACCEPTED, 0, 4, 0, 3, 0",
    "ACCEPTED, 1, 3, 0, 1, 0",
    "REFUSED, 0, 0, 0, 0, 0",
    "REFUSED, 0, 1, 0, 0, 1",
    "REFUSED, 1, 1, 0, 0, 0",
    "REFUSED, 0, 2, 0, 1, 1",
    "PENDING, 0, 0, 0, 0, 0",
    "PENDING, 0, 1, 0, 0, 1",
    "UNKNOWN, 1, 0, 0, 0, 0",
    "UNKNOWN, 1, 1, 0, 0, 0",
    "UNKNOWN, 2, 2, 0, 0, 0",
    "UNKNOWN, 1, 2, 0, 0, 1",
    "UNKNOWN, 1, 3, 0, 1, 1",
    "UNKNOWN, 0, 0, 0, 0, 1"
  })
  void of_reportAndCopies_findsDisagreement(
      Outcome outcome, int lostReplies, int copies, int lost, int duplicated, int unexplained) {
    Reckoning reckoning =
        Reckoning.of(
            List.of(SENT),
            List.of(report(SENT, outcome, lostReplies)),
            Collections.nCopies(copies, new Copy(ID, ADA)));

    assertThat(reckoning.lost()).as("lost").isEqualTo(lost);
    assertThat(reckoning.duplicated()).as("duplicated").isEqualTo(duplicated);
    assertThat(reckoning.unexplained()).as("unexplained").isEqualTo(unexplained);
    assertThat(reckoning.isClean()).isEqualTo(lost + duplicated + unexplained == 0);
    assertThat(reckoning.findings().isEmpty()).isEqualTo(reckoning.isClean());
  }

  @Test
  void of_recipientWithoutReportAndCopy_isLost() {
    Reckoning reckoning = Reckoning.of(List.of(SENT), List.of(), List.of());

    assertThat(reckoning.findings())
        .containsExactly(
            "lost: Copy[messageId=<1@x>, recipient=ada@example.org] has neither report nor copy");
    assertThat(reckoning.lost()).isEqualTo(1);
  }

  @Test
  void of_recipientWithoutReportButWithCopy_isUnexplained() {
    Reckoning reckoning = Reckoning.of(List.of(SENT), List.of(), List.of(new Copy(ID, ADA)));

    assertThat(reckoning.unexplained()).isEqualTo(1);
    assertThat(reckoning.lost()).isZero();
  }

  @Test
  void of_copyThatNobodySent_isUnexplained() {
    Reckoning reckoning =
        Reckoning.of(
            List.of(SENT),
            List.of(report(SENT, Outcome.ACCEPTED, 0)),
            List.of(new Copy(ID, ADA), new Copy("<2@x>", ADA)));

    assertThat(reckoning.findings())
        .containsExactly(
            "unexplained: Copy[messageId=<2@x>, recipient=ada@example.org] has a copy, but was not"
                + " being sent to");
  }

  @Test
  void of_reportThatNobodyAskedFor_isUnexplained() {
    Envelope other = Envelope.of(ID, List.of(ADA, "ben@example.org"));

    Reckoning reckoning =
        Reckoning.of(
            List.of(SENT), List.of(report(other, Outcome.ACCEPTED, 0)), List.of(new Copy(ID, ADA)));

    assertThat(reckoning.unexplained()).isEqualTo(1);
  }

  @Test
  void of_twoReportsForOneMessage_isUnexplained() {
    DeliveryReport report = report(SENT, Outcome.ACCEPTED, 0);

    Reckoning reckoning =
        Reckoning.of(List.of(SENT), List.of(report, report), List.of(new Copy(ID, ADA)));

    assertThat(reckoning.unexplained()).isEqualTo(1);
  }

  @Test
  void of_addressInOtherCase_isAnotherRecipient() {
    Reckoning reckoning =
        Reckoning.of(
            List.of(SENT),
            List.of(report(SENT, Outcome.ACCEPTED, 0)),
            List.of(new Copy(ID, "ADA@example.org")));

    assertThat(reckoning.lost()).isEqualTo(1);
    assertThat(reckoning.unexplained()).isEqualTo(1);
  }

  @Test
  void stored_afterTheReport_isUnexplained() {
    Reckoner reckoner = new Reckoner();
    reckoner.sent(SENT);
    reckoner.stored(new Copy(ID, ADA));
    reckoner.reported(report(SENT, Outcome.ACCEPTED, 0));
    reckoner.stored(new Copy(ID, ADA));

    assertThat(reckoner.close().findings())
        .containsExactly(
            "unexplained: Copy[messageId=<1@x>, recipient=ada@example.org] has a copy, but was not"
                + " being sent to");
  }

  @Test
  void altered_isUnexplained() {
    Reckoner reckoner = new Reckoner();
    reckoner.sent(SENT);
    reckoner.stored(new Copy(ID, ADA));
    reckoner.altered(new Copy(ID, ADA));
    reckoner.reported(report(SENT, Outcome.ACCEPTED, 0));

    assertThat(reckoner.close().findings())
        .containsExactly(
            "unexplained: Copy[messageId=<1@x>, recipient=ada@example.org] has a copy with other"
                + " bytes");
  }

  @Test
  void summary_hasAllSums() {
    Reckoning reckoning = new Reckoning(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, List.of());

    assertThat(reckoning.summary())
        .isEqualTo(
            "summary messages=1 recipients=2 accepted=3 refused=4 unknown=5 deferred=6 lost=7"
                + " duplicated=8 unexplained=9 attempts=10");
  }

  private static DeliveryReport report(Envelope envelope, Outcome outcome, int lostReplies) {
    List<RecipientReport> recipients =
        envelope.recipients().stream()
            .map(
                recipient ->
                    new RecipientReport(
                        recipient,
                        outcome,
                        lostReplies + 1,
                        Collections.nCopies(lostReplies, lostReply(recipient))))
            .toList();
    return new DeliveryReport(envelope, Instant.EPOCH, Instant.EPOCH, 1, recipients);
  }

  private static RecipientAttempt lostReply(Recipient recipient) {
    return new RecipientAttempt(
        recipient,
        1,
        Instant.EPOCH,
        new RecipientResult.Unknown(
            new SmtpFailure.Disconnected(SmtpStage.END_OF_DATA, SmtpFailure.Fault.LOST, "")),
        Optional.empty(),
        Optional.empty());
  }
}
