package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.jakartamail.Bench.Way;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Address;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the tests of others are about: Apache James for its remote delivery, and simple-java-mail
 * for the results of submissions. The names say which case it is.
 */
@SuppressWarnings("try") // drains a sender before what it did is looked at
class PeerScenariosTest {
  private static final String A = "a@example.org";
  private static final String B = "b@example.org";
  private static final String C = "c@example.org";

  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();

  @AfterEach
  void close() {
    server.close();
  }

  private static RetryPolicy.Builder policy() {
    return RetryPolicy.builder(Profile.INTERACTIVE).maxAttempts(3);
  }

  private Bench bench(Way way) {
    return new Bench(way, policy().build(), TransportKind.properties(server));
  }

  private static DeliveryReport deliver(Bench bench, String... to) throws Exception {
    return bench.send(bench.message("hello"), List.of(to)).report().orElseThrow();
  }

  private void rulesHold(Bench bench) throws Exception {
    bench.close();
    new Rules(bench.witness, bench.policy(), SweepServers.log(server)).check();
  }

  private static RecipientReport of(DeliveryReport report, String address) {
    return report.recipients().stream()
        .filter(recipient -> recipient.recipient().address().equals(address))
        .findFirst()
        .orElseThrow();
  }

  private List<List<String>> accepted() {
    return server.accepted().stream().map(ReceivedMessage::recipients).toList();
  }

  // ---------------------------------------------------------------- Apache James

  @ParameterizedTest
  @EnumSource
  void james_4yzThenSuccess_isDeliveredOnce(Way way) throws Exception {
    server.on(Stage.MAIL).reply("451 4.3.0 local error");
    server.on(Stage.RCPT).reply("451 4.3.0 local error");
    Bench bench = bench(way);

    DeliveryReport report = deliver(bench, A);

    assertThat(report.isComplete()).isTrue();
    assertThat(of(report, A).attempts()).isEqualTo(3);
    assertThat(accepted()).containsExactly(List.of(A));
    rulesHold(bench);
  }

  @ParameterizedTest
  @EnumSource
  void james_4yzThenSuccess_afterTheContent_isDeliveredOnce(Way way) throws Exception {
    server.on(Stage.END_OF_DATA).reply("451 4.3.0 local error");
    Bench bench = bench(way);

    DeliveryReport report = deliver(bench, A, B);

    assertThat(report.isComplete()).isTrue();
    assertThat(accepted()).containsExactly(List.of(A, B));
    assertThat(server.rejected()).hasSize(1);
    rulesHold(bench);
  }

  @ParameterizedTest
  @EnumSource
  void james_4yzOnEveryTry_endsWhenTheTriesAreSpent(Way way) throws Exception {
    server.on(Stage.RCPT).always().reply("451 4.3.0 local error");
    Bench bench = bench(way);

    DeliveryReport report = deliver(bench, A);

    assertThat(of(report, A).outcome()).isEqualTo(Outcome.PENDING);
    assertThat(of(report, A).decision())
        .get()
        .isInstanceOfSatisfying(
            Decision.GiveUp.class,
            end -> assertThat(end.reason()).isEqualTo(Decision.Reason.ATTEMPTS));
    assertThat(report.laterTry()).isPresent();
    assertThat(server.commands("RCPT")).isEqualTo(3);
    assertThat(accepted()).isEmpty();
    rulesHold(bench);
  }

  @ParameterizedTest
  @EnumSource
  void james_partial_onlyTheFailedAreTriedAgain(Way way) throws Exception {
    server.on(Stage.RCPT).to(B).reply("451 4.3.0 local error");
    Bench bench = bench(way);

    DeliveryReport report = deliver(bench, A, B, C);

    assertThat(report.isComplete()).isTrue();
    assertThat(accepted()).containsExactly(List.of(A, C), List.of(B));
    rulesHold(bench);
  }

  @ParameterizedTest
  @EnumSource
  void james_invalid_isReportedAtOnce_andTheOthersAreTriedAgain(Way way) throws Exception {
    server.on(Stage.RCPT).to(A).always().reply("550 5.1.1 no such user");
    server.on(Stage.RCPT).to(B).reply("451 4.3.0 local error");
    Bench bench = bench(way);

    DeliveryReport report = deliver(bench, A, B);

    Attempt first = bench.witness.stories().get(0).attempts.get(0);
    assertThat(first.recipients().get(0).decision()).get().isInstanceOf(Decision.Fail.class);
    assertThat(first.startedAt().plus(first.duration())).isEqualTo(report.startedAt());
    assertThat(of(report, A).outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(of(report, B).outcome()).isEqualTo(Outcome.ACCEPTED);
    assertThat(TransportKind.sent(server, "RCPT TO:<" + A)).hasSize(1);
    rulesHold(bench);
  }

  @ParameterizedTest
  @EnumSource
  void james_allInvalid_isNotTriedAgain(Way way) throws Exception {
    server.on(Stage.RCPT).always().reply("550 5.1.1 no such user");
    Bench bench = bench(way);

    DeliveryReport report = deliver(bench, A, B);

    assertThat(report.with(Outcome.REFUSED)).hasSize(2);
    assertThat(report.transactions()).isEqualTo(1);
    assertThat(server.commands("DATA")).isZero();
    rulesHold(bench);
  }

  /** The next try breaks off by an I/O error; who has the message is not asked for again. */
  @ParameterizedTest
  @EnumSource
  void james_accepted_isNeverSentToAgain(Way way) throws Exception {
    server.on(Stage.RCPT).to(B).reply("451 4.3.0 local error");
    server.on(Stage.DATA).onTransaction(2).reset();
    server.on(Stage.RCPT).onTransaction(3).close();
    Bench bench = bench(way);

    DeliveryReport report = deliver(bench, A, B);

    assertThat(of(report, A).outcome()).isEqualTo(Outcome.ACCEPTED);
    assertThat(TransportKind.sent(server, "RCPT TO:<" + A)).hasSize(1);
    assertThat(TransportKind.sent(server, "RCPT TO:<" + B)).hasSizeGreaterThan(2);
    rulesHold(bench);
  }

  @ParameterizedTest
  @EnumSource
  void james_quitFails_theMessageIsDelivered(Way way) throws Exception {
    server.on(Stage.QUIT).reset();
    Bench bench = bench(way);

    assertThat(deliver(bench, A).isComplete()).isTrue();
    rulesHold(bench);
    assertThat(accepted()).containsExactly(List.of(A));
  }

  /** A transport has one host; only the sender has others to go to. */
  @Test
  void james_failOver_theOtherHostTakesTheMessage() throws Exception {
    for (SmtpAction[] trouble :
        List.of(
            new SmtpAction[] {SmtpAction.close()},
            new SmtpAction[] {SmtpAction.reset()},
            new SmtpAction[] {SmtpAction.reply("421 4.3.2 down"), SmtpAction.close()})) {
      try (ScriptedSmtpServer first = ScriptedSmtpServer.open();
          ScriptedSmtpServer second = ScriptedSmtpServer.open();
          Bench bench = bench(Way.SENDER)) {
        first
            .on(Stage.GREETING)
            .always()
            .then(trouble[0], Arrays.copyOfRange(trouble, 1, trouble.length));
        bench.settings(relays(first, second));

        DeliveryReport report = deliver(bench, A, B);

        assertThat(report.isComplete()).isTrue();
        assertThat(second.accepted()).hasSize(1);
        bench.close();
        new Rules(bench.witness, bench.policy(), SweepServers.log(first, second)).check();
      }
    }
  }

  /** James goes to the next host after an I/O error in any place, and delivers twice. */
  @Test
  void james_failOver_neverWhereTheFirstHostMayHaveTheMessage() throws Exception {
    try (ScriptedSmtpServer first = ScriptedSmtpServer.open();
        ScriptedSmtpServer second = ScriptedSmtpServer.open();
        Bench bench = bench(Way.SENDER)) {
      first.on(Stage.END_OF_DATA).acceptThenReset();
      first.on(Stage.GREETING).onConnection(2).close();
      bench.settings(relays(first, second));

      DeliveryReport report = deliver(bench, A);

      assertThat(of(report, A).unknownAttempts()).isEqualTo(1);
      assertThat(second.accepted()).isEmpty();
      bench.close();
      new Rules(bench.witness, bench.policy(), SweepServers.log(first, second)).check();
    }
  }

  private static SenderSettings relays(ScriptedSmtpServer first, ScriptedSmtpServer second) {
    return SenderSettings.builder()
        .relays(first.host() + ":" + first.port(), second.host() + ":" + second.port())
        .build();
  }

  /** Accepted by the first host in part; the second gets the rest, and nobody else. */
  @Test
  void james_failOver_onlyTheRestGoesToTheOtherHost() throws Exception {
    try (ScriptedSmtpServer first = ScriptedSmtpServer.open();
        ScriptedSmtpServer second = ScriptedSmtpServer.open();
        Bench bench = bench(Way.SENDER)) {
      first.on(Stage.RCPT).to(B).reply("451 4.3.0 local error");
      first.on(Stage.MAIL).onTransaction(2).reply("451 4.3.0 local error");
      bench.settings(relays(first, second));

      DeliveryReport report = deliver(bench, A, B);

      assertThat(report.isComplete()).isTrue();
      assertThat(first.accepted())
          .singleElement()
          .extracting(ReceivedMessage::recipients)
          .isEqualTo(List.of(A));
      assertThat(second.accepted())
          .singleElement()
          .extracting(ReceivedMessage::recipients)
          .isEqualTo(List.of(B));
      bench.close();
      new Rules(bench.witness, bench.policy(), SweepServers.log(first, second)).check();
    }
  }

  // ---------------------------------------------------------------- simple-java-mail

  /** One result per recipient, in the order of the envelope, with reply and enhanced status. */
  @ParameterizedTest
  @EnumSource
  void simpleJavaMail_mixedRecipients_eachHasItsOwnResult(Way way) throws Exception {
    server.on(Stage.RCPT).to(B).always().reply("550 5.1.1 no such user");
    server.on(Stage.RCPT).to(C).always().reply("452 4.2.2 mailbox full");
    Bench bench = bench(way);

    DeliveryReport report = deliver(bench, C, A, B);

    assertThat(report.recipients())
        .extracting(recipient -> recipient.recipient().address(), RecipientReport::outcome)
        .containsExactly(
            tuple(C, Outcome.PENDING), tuple(A, Outcome.ACCEPTED), tuple(B, Outcome.REFUSED));
    assertThat(refusal(of(report, B))).isEqualTo("550 5.1.1 no such user");
    assertThat(refusal(of(report, C))).isEqualTo("452 4.2.2 mailbox full");
    assertThat(of(report, C).laterTry()).isPresent();
    rulesHold(bench);
  }

  private static String refusal(RecipientReport recipient) {
    RecipientAttempt last = recipient.history().get(recipient.history().size() - 1);
    SmtpFailure.Refused refused = (SmtpFailure.Refused) last.failure().orElseThrow();
    assertThat(refused.reply().agreeingStatus()).isPresent();
    return refused.reply().toString();
  }

  /** Whether a RCPT was attempted can be told from whether one was refused. */
  @ParameterizedTest
  @EnumSource
  void simpleJavaMail_senderRefused_noRecipientWasAttempted(Way way) throws Exception {
    server.on(Stage.MAIL).always().reply("550 5.7.1 sender not wanted");
    Bench bench = bench(way);

    DeliveryReport report = deliver(bench, A, B);

    assertThat(report.recipients())
        .allSatisfy(
            recipient -> assertThat(refusal(recipient)).isEqualTo("550 5.7.1 sender not wanted"));
    assertThat(server.commands("RCPT")).isZero();
    rulesHold(bench);
  }

  @ParameterizedTest
  @EnumSource
  void simpleJavaMail_lostDataReply_isAmbiguous_andNotSentAgainUnlessTold(Way way)
      throws Exception {
    server.on(Stage.RCPT).to(B).always().reply("550 5.1.1 no such user");
    server.on(Stage.END_OF_DATA).acceptThenClose();
    Bench bench =
        new Bench(
            way,
            policy().unknownOutcome(UnknownOutcome.REPORT).build(),
            TransportKind.properties(server));

    Bench.Result result = bench.send(bench.message("hello"), List.of(A, B));

    DeliveryReport report = result.report().orElseThrow();
    assertThat(of(report, A).outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(of(report, A).laterTry()).isEmpty();
    assertThat(of(report, B).outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(server.commands("MAIL")).isEqualTo(1);
    if (result.thrown() instanceof RedeliveryException thrown) {
      List<Address> sure = new ArrayList<>(List.of(thrown.getValidSentAddresses()));
      sure.addAll(List.of(thrown.getValidUnsentAddresses()));
      sure.addAll(List.of(thrown.getInvalidAddresses()));
      assertThat(sure).extracting(Address::toString).containsExactly(B);
      assertThat(thrown.getUnknownAddresses()).extracting(Address::toString).containsExactly(A);
    }
    rulesHold(bench);
  }

  @ParameterizedTest
  @EnumSource
  void simpleJavaMail_lostDataReply_sentAgain_hasTheSameMessageId(Way way) throws Exception {
    server.on(Stage.END_OF_DATA).acceptThenReset();
    Bench bench = bench(way);
    MimeMessage message = bench.message("hello");

    DeliveryReport report = bench.send(message, List.of(A)).report().orElseThrow();

    assertThat(report.isComplete()).isTrue();
    assertThat(of(report, A).unknownAttempts()).isEqualTo(1);
    assertThat(server.copies(message.getMessageID(), A)).isEqualTo(2);
    rulesHold(bench);
  }

  /** Angus throws on success then; a result is a result only if nothing is thrown. */
  @ParameterizedTest
  @EnumSource
  void simpleJavaMail_reportsuccess_successIsNoException(Way way) throws Exception {
    Properties properties = TransportKind.properties(server);
    properties.setProperty("mail.smtp.reportsuccess", "true");
    Bench bench = new Bench(way, policy().build(), properties);

    Bench.Result result = bench.send(bench.message("hello"), List.of(A, B));

    assertThat(result.thrown()).isNull();
    assertThat(result.report()).get().matches(DeliveryReport::isComplete);
    assertThat(accepted()).containsExactly(List.of(A, B));
    rulesHold(bench);
  }

  /** With reportsuccess and a 252, Angus says that it failed and sends nothing. */
  @ParameterizedTest
  @EnumSource
  void simpleJavaMail_reportsuccess_252_isSent(Way way) throws Exception {
    server.on(Stage.RCPT).to(B).always().reply("252 2.1.5 cannot verify");
    server.on(Stage.RCPT).to(C).always().reply("550 5.1.1 no such user");
    Properties properties = TransportKind.properties(server);
    properties.setProperty("mail.smtp.reportsuccess", "true");
    Bench bench = new Bench(way, policy().build(), properties);

    DeliveryReport report =
        bench.send(bench.message("hello"), List.of(A, B, C)).report().orElseThrow();

    assertThat(report.with(Outcome.ACCEPTED)).hasSize(2);
    assertThat(report.with(Outcome.REFUSED)).hasSize(1);
    assertThat(accepted()).containsExactly(List.of(A, B));
    rulesHold(bench);
  }

  /** A plain 550 for one recipient says nothing about the connection. */
  @ParameterizedTest
  @EnumSource
  void simpleJavaMail_recipientRefused_theConnectionIsUsedAgain(Way way) throws Exception {
    server.on(Stage.RCPT).to(B).always().reply("550 5.1.1 no such user");
    Bench bench = bench(way);

    deliver(bench, B);
    deliver(bench, A);

    assertThat(server.connections()).isEqualTo(1);
    rulesHold(bench);
  }

  /** Messages that waited for a connection went on waiting after it had broken. */
  @Test
  void simpleJavaMail_connectionBreaks_thoseWhoWaitForItGoOn() throws Exception {
    server.on(Stage.RCPT).to(A).always().reply("550 5.1.1 no such user");
    server.on(Stage.DATA).times(2).reset();
    Bench bench = bench(Way.SENDER);
    bench.settings(SenderSettings.builder().connections(1).build());
    List<CompletableFuture<DeliveryReport>> futures = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      List<String> to = List.of(i == 0 ? A : "r" + i + "@example.org");
      futures.add(bench.sender().send(bench.message("hello"), Bench.addresses(to)));
    }

    bench.settle(futures);

    assertThat(futures.get(0).join().with(Outcome.REFUSED)).hasSize(1);
    assertThat(futures.subList(1, 5)).allMatch(future -> future.join().isComplete());
    rulesHold(bench);
  }

  /** The server had closed the idle connection: not an attempt, and nothing left behind. */
  @ParameterizedTest
  @EnumSource
  void simpleJavaMail_idleConnectionClosedBy421_isNoAttempt(Way way) throws Exception {
    Bench bench = bench(way);
    deliver(bench, A);
    server.disconnectAll("421 4.4.2 idle too long");

    DeliveryReport report = deliver(bench, B);

    assertThat(report.isComplete()).isTrue();
    assertThat(of(report, B).attempts()).isEqualTo(1);
    assertThat(report.elapsed()).isZero();
    assertThat(of(report, B).history().get(0).result())
        .isInstanceOfAny(RecipientResult.Failed.class, RecipientResult.Accepted.class);
    rulesHold(bench);
    assertThat(server.awaitConnectionsClosed(Duration.ofSeconds(5))).isTrue();
  }
}
