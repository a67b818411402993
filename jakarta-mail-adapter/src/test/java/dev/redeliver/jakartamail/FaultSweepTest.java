package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.SmtpScript;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each stage, each fault, one to three recipients, both depths: what the server has is compared
 * with what the report says. Nothing is lost, nothing is there twice but a counted unknown.
 */
class FaultSweepTest {
  /** What happens at a stage. */
  private enum Fault {
    TRANSIENT(script -> script.reply("451 4.3.0 local error in processing")),
    PERMANENT(script -> script.reply("550 5.7.1 not wanted here")),
    CLOSING(script -> script.then(SmtpAction.reply("421 4.3.2 shutting down"), SmtpAction.close())),
    CLOSING_RESET(
        script -> script.then(SmtpAction.reply("421 4.3.2 shutting down"), SmtpAction.reset())),
    TRANSIENT_RESET(
        script -> script.then(SmtpAction.reply("451 4.3.0 local error"), SmtpAction.reset())),
    FIN(SmtpScript::close),
    RST(SmtpScript::reset),
    STALL(SmtpScript::stall),
    GARBAGE(script -> script.reply("HTTP/1.1 400 Bad Request")),
    MULTI_LINE(script -> script.reply("451-4.3.0 local error", "451 4.3.0 in processing")),
    HALF_LINE(script -> script.then(SmtpAction.raw("45"), SmtpAction.close())),
    BARE_CODE(script -> script.reply("451"));

    @SuppressWarnings("ImmutableEnumChecker") // a lambda without state
    private final Consumer<SmtpScript> play;

    Fault(Consumer<SmtpScript> play) {
      this.play = play;
    }
  }

  /** What happens after the final dot, where the server has the message or has not. */
  private enum FinalFault {
    ACCEPTED_THEN_FIN(SmtpScript::acceptThenClose),
    ACCEPTED_THEN_RST(SmtpScript::acceptThenReset),
    DROPPED_THEN_FIN(SmtpScript::dropThenClose),
    DROPPED_THEN_RST(SmtpScript::dropThenReset),
    ACCEPTED_251(script -> script.reply("251 2.5.0 will forward")),
    ACCEPTED_THEN_CLOSED_AFTER_REPLY(
        script -> script.then(SmtpAction.reply("250 2.0.0 ok"), SmtpAction.reset()));

    @SuppressWarnings("ImmutableEnumChecker") // a lambda without state
    private final Consumer<SmtpScript> play;

    FinalFault(Consumer<SmtpScript> play) {
      this.play = play;
    }
  }

  private record Case(
      boolean recorded, String stage, String fault, int recipients, boolean always) {}

  private final List<DeliveryReport> reports = new ArrayList<>();
  private final ScriptedSmtpServer server = ScriptedSmtpServer.open();

  @AfterEach
  void close() {
    server.close();
  }

  static Stream<Case> faults() {
    return Stream.of(Stage.values())
        .filter(stage -> stage.compareTo(Stage.GREETING) >= 0)
        .filter(stage -> stage.compareTo(Stage.END_OF_DATA) <= 0)
        // A server that answers before the dot, reads on and answers again is beyond knowing.
        .filter(stage -> stage != Stage.CONTENT)
        .filter(stage -> stage != Stage.STARTTLS && stage != Stage.AUTH && stage != Stage.HELO)
        .flatMap(
            stage -> Stream.of(Fault.values()).map(fault -> List.of(stage.name(), fault.name())))
        .flatMap(
            pair ->
                Stream.of(true, false)
                    .flatMap(
                        recorded ->
                            Stream.of(1, 3)
                                .flatMap(
                                    n ->
                                        Stream.of(false, true)
                                            .map(
                                                always ->
                                                    new Case(
                                                        recorded,
                                                        pair.get(0),
                                                        pair.get(1),
                                                        n,
                                                        always)))));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void fault_onceOrAlways_reportAgreesWithServer(Case now) throws Exception {
    SmtpScript script = server.on(Stage.valueOf(now.stage()));
    Fault.valueOf(now.fault()).play.accept(now.always() ? script.always() : script);

    run(now);
  }

  static Stream<Case> contentFaults() {
    return Stream.of(Fault.CLOSING, Fault.CLOSING_RESET, Fault.FIN, Fault.RST, Fault.STALL)
        .flatMap(
            fault ->
                Stream.of(true, false)
                    .map(recorded -> new Case(recorded, "CONTENT", fault.name(), 2, false)));
  }

  @ParameterizedTest
  @MethodSource("contentFaults")
  void withinTheContent_reportAgreesWithServer(Case now) throws Exception {
    Fault.valueOf(now.fault()).play.accept(server.on(Stage.CONTENT).afterBytes(20));

    run(now);
  }

  static Stream<Case> finalFaults() {
    return Stream.of(FinalFault.values())
        .flatMap(
            fault ->
                Stream.of(true, false)
                    .flatMap(
                        recorded ->
                            Stream.of(false, true)
                                .map(
                                    always ->
                                        new Case(
                                            recorded, "END_OF_DATA", fault.name(), 2, always))));
  }

  @ParameterizedTest
  @MethodSource("finalFaults")
  void afterTheContent_reportAgreesWithServer(Case now) throws Exception {
    SmtpScript script = server.on(Stage.END_OF_DATA);
    FinalFault.valueOf(now.fault()).play.accept(now.always() ? script.always() : script);

    run(now);

    if (now.fault().equals("ACCEPTED_251")) {
      assertThat(reports.get(0).isComplete()).isTrue();
      assertThat(server.accepted()).hasSize(1);
    }
  }

  private void run(Case now) throws Exception {
    Session session = session(now.recorded());
    List<String> to = IntStream.range(0, now.recipients()).mapToObj(i -> "r" + i).toList();
    MimeMessage message = message(session);
    send(session, now.recorded(), message, to);

    String id = message.getMessageID();
    if (reports.isEmpty()) {
      // The connection never came about: connect() has thrown, and nothing was handed over.
      assertThat(server.accepted()).isEmpty();
      return;
    }
    DeliveryReport report = reports.get(0);
    assertThat(report.recipients()).hasSize(now.recipients());
    for (RecipientReport recipient : report.recipients()) {
      compare(recipient, server.copies(id, recipient.recipient().address()));
    }
    assertThat(server.accepted())
        .allSatisfy(copy -> assertThat(copy.messageId()).contains(id))
        .extracting(ReceivedMessage::text)
        .allMatch(text -> text.equals(server.accepted().get(0).text()));
    assertThat(server.failures()).isEmpty();
  }

  private static void compare(RecipientReport report, int copies) {
    String story = report.describe();
    long unknown =
        report.history().stream()
            .map(RecipientAttempt::result)
            .filter(RecipientResult.Unknown.class::isInstance)
            .count();
    switch (report.outcome()) {
      case ACCEPTED -> assertThat(copies).as(story).isBetween(1, 1 + (int) unknown);
      case UNKNOWN -> assertThat(copies).as(story).isBetween(0, (int) unknown);
      case REFUSED, PENDING -> assertThat(copies).as(story).isZero();
    }
  }

  private void send(Session session, boolean recorded, MimeMessage message, List<String> to)
      throws Exception {
    Redeliverer redeliverer =
        Redeliverer.builder(
                RetryPolicy.builder(Profile.INTERACTIVE)
                    .maxAttempts(3)
                    .unknownOutcome(UnknownOutcome.RESEND)
                    .build())
            .waiter(delay -> {})
            .listener(
                new DeliveryListener() {
                  @Override
                  public void deliveryFinished(DeliveryReport report) {
                    reports.add(report);
                  }
                })
            .build();
    SessionRedeliverers.set(session, redeliverer);
    Transport plain = session.getTransport("smtp");
    try (Transport transport = recorded ? plain : RetryingTransport.wrap(plain, redeliverer)) {
      transport.connect();
      transport.sendMessage(message, addresses(to));
      assertThat(reports.get(0).with(Outcome.ACCEPTED)).hasSize(to.size());
    } catch (RedeliveryException e) {
      assertThat(e.report()).isSameAs(reports.get(0));
      assertThat(
              e.getValidSentAddresses().length
                  + e.getValidUnsentAddresses().length
                  + e.getInvalidAddresses().length
                  + e.getUnknownAddresses().length)
          .isEqualTo(to.size());
    } catch (MessagingException e) {
      assertThat(reports).isEmpty();
    }
  }

  private static Address[] addresses(List<String> names) throws Exception {
    List<Address> addresses = new ArrayList<>();
    for (String name : names) {
      addresses.add(new InternetAddress(name + "@example.org"));
    }
    return addresses.toArray(Address[]::new);
  }

  private Session session(boolean recorded) {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", server.host());
    properties.setProperty("mail.smtp.port", Integer.toString(server.port()));
    properties.setProperty("mail.smtp.timeout", "100");
    properties.setProperty("mail.smtp.connectiontimeout", "2000");
    properties.setProperty("mail.smtp.localhost", "client.example.org");
    if (recorded) {
      properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    }
    return Session.getInstance(properties);
  }

  private static MimeMessage message(Session session) throws Exception {
    MimeMessage message = new MimeMessage(session);
    message.setFrom(new InternetAddress("alice@example.org"));
    message.setSubject("test");
    message.setText("hello\r\n.dots\r\n" + "x".repeat(500) + "\r\n");
    message.saveChanges();
    return message;
  }
}
