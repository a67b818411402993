package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.message;
import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.MessagingException;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The reply to the content never came: sent once more at the most, or left to the application, as
 * the policy says or the message itself.
 */
class UnknownOutcomeTest {
  private static final String HEADER = "X-Redeliver-Unknown-Outcome";

  private final ScriptedSmtpServer server = ScriptedSmtpServer.builder().with("PIPELINING").open();

  @AfterEach
  void close() {
    server.close();
  }

  private Transport connected(TransportKind kind, UnknownOutcome choice) throws Exception {
    Redeliverer redeliverer =
        Redeliverer.builder(
                RetryPolicy.builder(Profile.INTERACTIVE)
                    .maxAttempts(5)
                    .unknownOutcome(choice)
                    .build())
            .waiter(delay -> {})
            .build();
    Transport transport = kind.open(properties(server), redeliverer);
    transport.connect();
    return transport;
  }

  private static MimeMessage wishing(String wish) throws Exception {
    MimeMessage message = message();
    if (!wish.isEmpty()) {
      message.setHeader(HEADER, wish);
    }
    return message;
  }

  @ParameterizedTest
  @CsvSource({
    "WRAPPED,     RESEND, '',      2",
    "WRAPPED,     RESEND, report,  1",
    "WRAPPED,     REPORT, '',      1",
    "WRAPPED,     REPORT, Resend,  2",
    "BY_PROPERTY, RESEND, '',      2",
    "BY_PROPERTY, RESEND, report,  1",
    "BY_PROPERTY, REPORT, '',      1",
    "BY_PROPERTY, REPORT, ' resend', 2"
  })
  void message_winsOverThePolicy(TransportKind kind, UnknownOutcome policy, String wish, int copies)
      throws Exception {
    server.on(Stage.END_OF_DATA).acceptThenClose();
    Transport transport = connected(kind, policy);
    MimeMessage message = wishing(wish);

    if (copies == 2) {
      transport.sendMessage(message, to("bob@example.org"));
    } else {
      RedeliveryException thrown =
          catchThrowableOfType(
              RedeliveryException.class,
              () -> transport.sendMessage(message, to("bob@example.org")));
      assertThat(thrown.getUnknownAddresses()).containsExactly(to("bob@example.org"));
      assertThat(thrown.report().with(Outcome.UNKNOWN)).hasSize(1);
      assertThat(thrown).hasMessageContaining("the reply to the content never came");
    }

    assertThat(server.copies(message.getMessageID(), "bob@example.org")).isEqualTo(copies);
    assertThat(server.accepted())
        .extracting(ReceivedMessage::text)
        .noneMatch(text -> text.contains("X-Redeliver"));
    assertThat(message.getHeader(HEADER, null)).isEqualTo(wish.isEmpty() ? null : wish.strip());
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void resend_isOnceAtTheMost(TransportKind kind) throws Exception {
    server.on(Stage.END_OF_DATA).always().acceptThenClose();
    Transport transport = connected(kind, UnknownOutcome.REPORT);
    MimeMessage message = wishing("resend");

    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class, () -> transport.sendMessage(message, to("bob@example.org")));

    assertThat(thrown.getUnknownAddresses()).hasSize(1);
    assertThat(server.copies(message.getMessageID(), "bob@example.org")).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void anotherWish_isRefusedBeforeAnythingIsSent(TransportKind kind) throws Exception {
    Transport transport = connected(kind, UnknownOutcome.RESEND);

    assertThatThrownBy(() -> transport.sendMessage(wishing("never"), to("bob@example.org")))
        .isExactlyInstanceOf(MessagingException.class)
        .hasMessage(
            "X-Redeliver-Unknown-Outcome: 'never' is not one of: resend, report; nothing was sent");
    assertThat(server.commands("MAIL")).isZero();
  }
}
