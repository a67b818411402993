package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RetryWait;
import dev.redeliver.delivery.Waiter;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.RecordingWaiter;
import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Against a real Postfix, whose replies, limits and connection habits nobody here has made up: what
 * is decided, and what is in the mailboxes in the end.
 */
class PostfixTest {
  private static PostfixServer server;

  private final FakeClock clock = new FakeClock();
  private final RecordingWaiter waiter = new RecordingWaiter(clock);
  private final List<DeliveryReport> reports = new ArrayList<>();
  private final List<ConnectionFailure> failures = new ArrayList<>();
  private final List<Duration> waits = new ArrayList<>();
  private final DeliveryListener listener =
      new DeliveryListener() {
        @Override
        public void deliveryFinished(DeliveryReport report) {
          reports.add(report);
        }

        @Override
        public void connectionFailed(ConnectionFailure failure) {
          failures.add(failure);
        }

        @Override
        public void retryScheduled(RetryWait wait) {
          waits.add(wait.delay());
        }
      };
  private final Properties properties = new Properties();
  private int begin;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    server = PostfixServer.start(folder);
  }

  @AfterAll
  static void stop() throws Exception {
    if (server != null) {
      server.stop();
    }
  }

  @BeforeEach
  void remember() {
    begin = server.log().size();
    properties.setProperty("mail.smtp.host", "127.0.0.1");
    properties.setProperty("mail.smtp.timeout", "30000");
    properties.setProperty("mail.smtp.connectiontimeout", "30000");
    properties.setProperty("mail.smtp.localhost", "client.test");
  }

  // Recipients

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void unknownUser_isRefusedForGood_theOtherGetsIt(TransportKind kind) throws Exception {
    MimeMessage message = message();
    RedeliveryException thrown;
    try (Transport transport = connected(kind, PostfixPort.QUOTA, patient())) {
      thrown = undelivered(transport, message, "ok@lab.test", "nobody@lab.test");
    }

    assertThat(thrown.getValidSentAddresses()).containsExactly(to("ok@lab.test"));
    assertThat(thrown.getInvalidAddresses()).containsExactly(to("nobody@lab.test"));
    assertThat(thrown)
        .hasMessageContaining(
            "550 5.1.1 <nobody@lab.test>: Recipient address rejected: User unknown in virtual"
                + " mailbox table");
    assertThat(stories())
        .containsExactly("ok: accepted", "nobody: 550 5.1.1 mailbox-unknown, fail");
    assertThat(copies(message)).containsExactly("ok@lab.test");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void mixedRecipients_eachGetsItsOwnOutcome(TransportKind kind) throws Exception {
    MimeMessage message = message();
    RedeliveryException thrown;
    try (Transport transport = connected(kind, PostfixPort.PLAIN, impatient())) {
      thrown =
          undelivered(
              transport,
              message,
              "ok@lab.test",
              "nobody@lab.test",
              "full@lab.test",
              "busy@lab.test");
    }

    assertThat(thrown.getValidSentAddresses()).containsExactly(to("ok@lab.test"));
    assertThat(thrown.getInvalidAddresses()).containsExactly(to("nobody@lab.test"));
    assertThat(thrown.getValidUnsentAddresses())
        .containsExactly(to("full@lab.test", "busy@lab.test"));
    assertThat(thrown.getUnknownAddresses()).isEmpty();
    assertThat(stories())
        .containsExactly(
            "ok: accepted",
            "nobody: 550 5.1.1 mailbox-unknown, fail",
            "full: 452 4.2.2 mailbox-full, give up: deferred slow",
            "busy: 450 4.2.0 greylisted, give up: deferred greylist");
    assertThat(thrown.report().laterTry()).contains(FakeClock.START.plusSeconds(300));
    assertThat(copies(message)).containsExactly("ok@lab.test");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void relayDenied_isRefusedForGood_theOtherGetsIt(TransportKind kind) throws Exception {
    MimeMessage message = message();
    try (Transport transport = connected(kind, PostfixPort.PLAIN, patient())) {
      undelivered(transport, message, "guest@elsewhere.test", "ok@lab.test");
    }

    assertThat(stories()).containsExactly("guest: 554 5.7.1 relay-denied, fail", "ok: accepted");
    assertThat(copies(message)).containsExactly("ok@lab.test");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void relayDeniedForNow_isTriedAgain_neverToTheOther(TransportKind kind) throws Exception {
    MimeMessage message = message();
    try (Transport transport = connected(kind, PostfixPort.RELAY_DEFERRED, patient(2))) {
      undelivered(transport, message, "guest@elsewhere.test", "ok@lab.test");
    }

    assertThat(stories())
        .containsExactly(
            "guest: 454 4.7.1 relay-denied, retry transient PT1M | "
                + "454 4.7.1 relay-denied, give up: attempts transient",
            "ok: accepted");
    assertThat(copies(message)).containsExactly("ok@lab.test");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void unknownUserWithSoftBounce_isTriedAgain_neverToTheOther(TransportKind kind) throws Exception {
    MimeMessage message = message();
    try (Transport transport = connected(kind, PostfixPort.SOFT_BOUNCE, patient(3))) {
      undelivered(transport, message, "ok@lab.test", "nobody@lab.test");
    }

    assertThat(stories())
        .containsExactly(
            "ok: accepted",
            "nobody: 450 4.1.1 mailbox-unknown, retry transient PT1M | "
                + "450 4.1.1 mailbox-unknown, retry transient PT2M | "
                + "450 4.1.1 mailbox-unknown, give up: attempts transient");
    assertThat(copies(message)).containsExactly("ok@lab.test");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void tooManyRecipients_theRestFollowsAtOnce(TransportKind kind) throws Exception {
    MimeMessage message = message();
    String[] all =
        IntStream.rangeClosed(1, 10).mapToObj(i -> "user" + i + "@lab.test").toArray(String[]::new);
    try (Transport transport = connected(kind, PostfixPort.SMALL, impatient())) {
      transport.sendMessage(message, to(all));
    }

    assertThat(reports.get(0).isComplete()).isTrue();
    assertThat(reports.get(0).transactions()).isEqualTo(3);
    assertThat(reports.get(0).recipients()).extracting(RecipientReport::attempts).containsOnly(1);
    assertThat(stories().get(9))
        .isEqualTo(
            "user10: 452 4.5.3 too-many-recipients, retry immediate PT0S | "
                + "452 4.5.3 too-many-recipients, retry immediate PT0S | accepted");
    assertThat(waiter.waits()).isEmpty();
    assertThat(copies(message)).containsExactlyInAnyOrder(all);
  }

  // Size and room

  @ParameterizedTest
  @CsvSource({
    "WRAPPED,     SMALL",
    "WRAPPED,     SMALL_SILENT",
    "BY_PROPERTY, SMALL",
    "BY_PROPERTY, SMALL_SILENT"
  })
  void tooLarge_isRefusedForGood(TransportKind kind, PostfixPort port) throws Exception {
    MimeMessage message = message(30_000);
    RedeliveryException thrown;
    try (Transport transport = connected(kind, port, patient())) {
      thrown = undelivered(transport, message, "ok@lab.test", "user1@lab.test");
    }

    assertThat(thrown.getInvalidAddresses()).containsExactly(to("ok@lab.test", "user1@lab.test"));
    // The configured transport knows from SIZE that the message need not travel.
    boolean known = kind == TransportKind.BY_PROPERTY && port == PostfixPort.SMALL;
    assertThat(stories()).hasSize(2).allMatch(story -> story.endsWith("message-too-large, fail"));
    assertThat(stories().get(0)).contains(known ? "takes 20000 (SIZE, RFC 1870)" : "552 5.3.4");
    assertThat(copies(message)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void mailboxFull_permanently_isRefusedForGood(TransportKind kind) throws Exception {
    fillUp();
    MimeMessage message = message();
    RedeliveryException thrown;
    try (Transport transport = connected(kind, PostfixPort.QUOTA, patient())) {
      thrown = undelivered(transport, message, "full@lab.test", "ok@lab.test");
    }

    assertThat(thrown)
        .hasMessageContaining(
            "554 5.2.2 <full@lab.test>: Recipient address rejected: Quota exceeded (mailbox for"
                + " user is full)");
    assertThat(stories()).containsExactly("full: 554 5.2.2 mailbox-full, fail", "ok: accepted");
    assertThat(copies(message)).containsExactly("ok@lab.test");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void mailboxFull_forNow_getsItOnceItsOwnerHasMadeRoom(TransportKind kind) throws Exception {
    fillUp();
    waiter.runAt(2, () -> server.empty("full@lab.test"));
    MimeMessage message = message();
    try (Transport transport = connected(kind, PostfixPort.SOFT_BOUNCE, patient())) {
      transport.sendMessage(message, to("full@lab.test", "ok@lab.test"));
    }

    assertThat(stories())
        .containsExactly(
            "full: 454 4.2.2 mailbox-full, retry slow PT1H | "
                + "454 4.2.2 mailbox-full, retry slow PT2H | accepted",
            "ok: accepted");
    assertThat(waiter.waits()).containsExactly(Duration.ofHours(1), Duration.ofHours(2));
    assertThat(copies(message)).containsExactlyInAnyOrder("full@lab.test", "ok@lab.test");
  }

  /** Takes up all the room in the mailbox, where Dovecot sees it. */
  private void fillUp() throws Exception {
    MimeMessage message = message(2000);
    server.empty("full@lab.test");
    try (Transport transport =
        connected(TransportKind.PLAIN, PostfixPort.QUOTA, Redeliverer.of(policy(1)))) {
      transport.sendMessage(message, to("full@lab.test"));
    }
    assertThat(copies(message)).containsExactly("full@lab.test");
  }

  // Greylisting

  /**
   * The clock of the test goes on by what the policy wants to wait; postgrey has a clock of its
   * own, which cannot be moved, and is content after one second: so long we wait indeed.
   */
  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void greylisted_isTriedAgainMinutesLater(TransportKind kind) throws Exception {
    waiter.runAt(1, PostfixTest::reallyWait);
    MimeMessage message = message("minutes-" + kind + "@client.test", 10);
    try (Transport transport = connected(kind, PostfixPort.GREYLISTING, patient())) {
      transport.sendMessage(message, to("ok@lab.test", "postmaster@lab.test"));
    }

    assertThat(stories())
        .containsExactly(
            "ok: 450 4.2.0 greylisted, retry greylist PT5M | accepted", "postmaster: accepted");
    assertThat(waiter.waits()).containsExactly(Duration.ofMinutes(5));
    assertThat(copies(message)).containsExactlyInAnyOrder("ok@lab.test", "postmaster@lab.test");
    assertThat(server.text("ok@lab.test", message.getMessageID()))
        .containsPattern("X-Greylist: delayed \\d+ seconds by postgrey");
  }

  private static void reallyWait() {
    try {
      Waiter.SLEEP.await(Duration.ofSeconds(1));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Here the server says how long, and nothing is played: the system's clock, a real wait. */
  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void greylistedForSeconds_isTriedAgainThen(TransportKind kind) throws Exception {
    Redeliverer real = Redeliverer.builder(policy(2)).listener(listener).build();
    MimeMessage message = message("seconds-" + kind + "@client.test", 10);
    try (Transport transport = connected(kind, PostfixPort.GREYLISTING_TELLING, real)) {
      transport.sendMessage(message, to("ok@lab.test"));
    }

    assertThat(stories())
        .containsExactly("ok: 450 4.2.0 greylisted, retry greylist PT1S | accepted");
    assertThat(waits).hasSize(1);
    assertThat(copies(message)).containsExactly("ok@lab.test");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void greylisted_noTimeToWait_tellsWhenToTryAgain(TransportKind kind) throws Exception {
    MimeMessage message = message("later-" + kind + "@client.test", 10);
    RedeliveryException thrown;
    try (Transport transport = connected(kind, PostfixPort.GREYLISTING, impatient())) {
      thrown = undelivered(transport, message, "ok@lab.test", "postmaster@lab.test");
    }

    assertThat(thrown.getValidUnsentAddresses()).containsExactly(to("ok@lab.test"));
    assertThat(thrown.report().laterTry()).contains(FakeClock.START.plusSeconds(300));
    assertThat(waiter.waits()).isEmpty();
    assertThat(copies(message)).containsExactly("postmaster@lab.test");
  }

  // Rates

  private static void aMinutePasses() {
    try {
      server.forgetRates();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void tooMuchMail_isTriedAgainMinutesLater(TransportKind kind) throws Exception {
    aMinutePasses();
    waiter.runAt(1, PostfixTest::aMinutePasses);
    MimeMessage first = message();
    MimeMessage second = message();
    try (Transport transport = connected(kind, PostfixPort.MESSAGE_RATE, patient())) {
      transport.sendMessage(first, to("ok@lab.test"));
      transport.sendMessage(second, to("ok@lab.test", "user1@lab.test"));
    }

    assertThat(stories())
        .containsExactly(
            "ok: accepted",
            "ok: 450 4.7.1 rate-limited, retry rate-limit PT2M | accepted",
            "user1: 450 4.7.1 rate-limited, retry rate-limit PT2M | accepted");
    assertThat(waiter.waits()).containsExactly(Duration.ofMinutes(2));
    assertThat(copies(first)).containsExactly("ok@lab.test");
    assertThat(copies(second)).containsExactlyInAnyOrder("ok@lab.test", "user1@lab.test");
  }

  /** It speaks of too many recipients, but means those of the last minute. */
  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void tooManyRecipientsPerMinute_theRestFollowsMinutesLater(TransportKind kind) throws Exception {
    aMinutePasses();
    waiter.runAt(1, PostfixTest::aMinutePasses);
    MimeMessage message = message();
    try (Transport transport = connected(kind, PostfixPort.RECIPIENT_RATE, patient())) {
      transport.sendMessage(message, to("user1@lab.test", "user2@lab.test", "user3@lab.test"));
    }

    assertThat(stories())
        .containsExactly(
            "user1: accepted",
            "user2: accepted",
            "user3: 450 4.7.1 rate-limited, retry rate-limit PT2M | accepted");
    assertThat(waiter.waits()).containsExactly(Duration.ofMinutes(2));
    assertThat(copies(message))
        .containsExactlyInAnyOrder("user1@lab.test", "user2@lab.test", "user3@lab.test");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void tooManyConnectionsPerMinute_connectsMinutesLater(TransportKind kind) throws Exception {
    aMinutePasses();
    connected(kind, PostfixPort.CONNECTION_RATE, patient()).close();
    waiter.runAt(1, PostfixTest::aMinutePasses);
    MimeMessage message = message();
    try (Transport transport = connected(kind, PostfixPort.CONNECTION_RATE, patient())) {
      transport.sendMessage(message, to("ok@lab.test"));
    }

    assertThat(failures)
        .extracting(PostfixTest::story)
        .containsExactly("421 4.7.0 rate-limited, retry rate-limit PT2M");
    assertThat(waiter.waits()).containsExactly(Duration.ofMinutes(2));
    assertThat(copies(message)).containsExactly("ok@lab.test");
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void tooManyConnectionsAtATime_connectsWhenAnotherHasGone(TransportKind kind) throws Exception {
    MimeMessage message = message();
    Transport other = connected(kind, PostfixPort.CONNECTION_COUNT, patient());
    waiter.runAt(1, () -> closeAndSee(other));
    try (Transport transport = connected(kind, PostfixPort.CONNECTION_COUNT, patient())) {
      transport.sendMessage(message, to("ok@lab.test"));
    }

    assertThat(failures)
        .extracting(PostfixTest::story)
        .containsExactly("421 4.7.0 rate-limited, retry rate-limit PT2M");
    assertThat(copies(message)).containsExactly("ok@lab.test");
  }

  private void closeAndSee(Transport transport) {
    try {
      transport.close();
      assertThat(server.sessions(PostfixPort.CONNECTION_COUNT, begin)).hasSize(2);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  // TLS

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void startTls_trusted_isUsed(TransportKind kind) throws Exception {
    encrypt();
    MimeMessage message = message();
    try (Transport transport = kind.open(properties(PostfixPort.SUBMISSION), patient())) {
      transport.connect(PostfixFiles.USER, PostfixFiles.PASSWORD);
      transport.sendMessage(message, to("ok@lab.test"));
    }

    assertThat(copies(message)).containsExactly("ok@lab.test");
    assertThat(server.text("ok@lab.test", message.getMessageID())).contains("with ESMTPSA id");
    assertThat(failures).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void startTls_untrustedCertificate_isHeldAtOnce(TransportKind kind) throws Exception {
    properties.setProperty("mail.smtp.starttls.required", "true");
    SSLContext trustsAnother = ScriptedSmtpServer.clientSslContext();
    properties.put("mail.smtp.ssl.socketFactory", trustsAnother.getSocketFactory());
    Transport transport = kind.open(properties(PostfixPort.SUBMISSION), patient());

    assertThatThrownBy(() -> transport.connect(PostfixFiles.USER, PostfixFiles.PASSWORD))
        .isInstanceOf(MessagingException.class);

    assertHeldAtOnce(PostfixPort.SUBMISSION);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void startTls_requiredByUs_notOffered_isHeldAtOnce(TransportKind kind) throws Exception {
    encrypt();
    Transport transport = kind.open(properties(PostfixPort.PLAIN), patient());

    assertThatThrownBy(transport::connect).isInstanceOf(MessagingException.class);

    assertHeldAtOnce(PostfixPort.PLAIN);
  }

  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void startTls_requiredByTheServer_notUsed_isHeldAtOnce(TransportKind kind) throws Exception {
    MimeMessage message = message();
    RedeliveryException thrown;
    try (Transport transport = connected(kind, PostfixPort.SUBMISSION, patient())) {
      thrown = undelivered(transport, message, "ok@lab.test", "user1@lab.test");
    }

    assertThat(thrown.report().isHeld()).isTrue();
    assertThat(thrown.getValidUnsentAddresses())
        .containsExactly(to("ok@lab.test", "user1@lab.test"));
    assertThat(stories()).containsExactly("ok: 530 5.7.0 tls, hold", "user1: 530 5.7.0 tls, hold");
    assertThat(server.sessions(PostfixPort.SUBMISSION, begin)).hasSize(1);
    assertThat(copies(message)).isEmpty();
  }

  private void encrypt() throws Exception {
    properties.setProperty("mail.smtp.starttls.required", "true");
    properties.put("mail.smtp.ssl.socketFactory", server.trustingContext().getSocketFactory());
  }

  private void assertHeldAtOnce(PostfixPort port) throws Exception {
    assertThat(failures)
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure.decision()).isInstanceOf(Decision.Hold.class);
              assertThat(failure.classification().cause()).isEqualTo(Cause.TLS);
            });
    assertThat(waiter.waits()).isEmpty();
    assertThat(server.sessions(port, begin)).hasSize(1);
  }

  // AUTH

  @ParameterizedTest
  @CsvSource({
    "WRAPPED,     PLAIN",
    "WRAPPED,     LOGIN",
    "BY_PROPERTY, PLAIN",
    "BY_PROPERTY, LOGIN"
  })
  void auth_rightPassword_mayRelay(TransportKind kind, String mechanism) throws Exception {
    encrypt();
    properties.setProperty("mail.smtp.auth.mechanisms", mechanism);
    MimeMessage message = message();
    try (Transport transport = kind.open(properties(PostfixPort.SUBMISSION), patient())) {
      transport.connect(PostfixFiles.USER, PostfixFiles.PASSWORD);
      transport.sendMessage(message, to("guest@elsewhere.test", "ok@lab.test"));
    }

    assertThat(copies(message)).containsExactlyInAnyOrder("guest@elsewhere.test", "ok@lab.test");
    assertThat(server.sessions(PostfixPort.SUBMISSION, begin))
        .singleElement()
        .asString()
        .contains(" auth=1 ");
  }

  @ParameterizedTest
  @CsvSource({
    "WRAPPED,     PLAIN",
    "WRAPPED,     LOGIN",
    "BY_PROPERTY, PLAIN",
    "BY_PROPERTY, LOGIN"
  })
  void auth_wrongPassword_isHeldAfterOneTry(TransportKind kind, String mechanism) throws Exception {
    encrypt();
    properties.setProperty("mail.smtp.auth.mechanisms", mechanism);
    Transport transport = kind.open(properties(PostfixPort.SUBMISSION), patient());

    AuthenticationFailedException thrown =
        catchThrowableOfType(
            AuthenticationFailedException.class,
            () -> transport.connect(PostfixFiles.USER, "wrong-password-7"));

    assertThat(thrown).hasMessageContaining("535 5.7.8 Error: authentication failed");
    assertThat(failures)
        .extracting(PostfixTest::story)
        .containsExactly("535 5.7.8 credentials, hold");
    assertThat(waiter.waits()).isEmpty();
    assertThat(server.sessions(PostfixPort.SUBMISSION, begin))
        .singleElement()
        .asString()
        .contains(" auth=0/1 ");
  }

  /** Nothing in the answer tells a forgotten password from a recipient that is not wanted. */
  @ParameterizedTest
  @EnumSource(names = {"WRAPPED", "BY_PROPERTY"})
  void auth_forgotten_isRefused(TransportKind kind) throws Exception {
    encrypt();
    MimeMessage message = message();
    RedeliveryException thrown;
    try (Transport transport = connected(kind, PostfixPort.SUBMISSION, patient())) {
      thrown = undelivered(transport, message, "ok@lab.test");
    }

    assertThat(thrown)
        .hasMessageContaining("554 5.7.1 <ok@lab.test>: Recipient address rejected: Access denied");
    assertThat(stories()).containsExactly("ok: 554 5.7.1 policy, fail");
    assertThat(copies(message)).isEmpty();
  }

  // What the tests share

  /** {@return a policy that waits for what passes within hours, to the second} */
  private static RetryPolicy policy(int maxAttempts) {
    return RetryPolicy.builder(Profile.BACKGROUND).maxAttempts(maxAttempts).jitter(0).build();
  }

  private Redeliverer patient() {
    return patient(4);
  }

  private Redeliverer patient(int maxAttempts) {
    return redeliverer(policy(maxAttempts));
  }

  private Redeliverer impatient() {
    return redeliverer(RetryPolicy.builder(Profile.INTERACTIVE).jitter(0).build());
  }

  private Redeliverer redeliverer(RetryPolicy policy) {
    return Redeliverer.builder(policy)
        .clock(clock)
        .waiter(waiter::await)
        .listener(listener)
        .build();
  }

  private Properties properties(PostfixPort port) {
    properties.setProperty("mail.smtp.port", Integer.toString(server.number(port)));
    return properties;
  }

  private Transport connected(TransportKind kind, PostfixPort port, Redeliverer redeliverer)
      throws Exception {
    Transport transport = kind.open(properties(port), redeliverer);
    transport.connect();
    return transport;
  }

  private static RedeliveryException undelivered(
      Transport transport, MimeMessage message, String... recipients) {
    RedeliveryException thrown =
        catchThrowableOfType(
            RedeliveryException.class, () -> transport.sendMessage(message, to(recipients)));
    assertThat(thrown).isNotNull();
    return thrown;
  }

  private static MimeMessage message() throws Exception {
    return message(10);
  }

  private static MimeMessage message(int length) throws Exception {
    return message("sender@client.test", length);
  }

  private static MimeMessage message(String from, int length) throws Exception {
    MimeMessage message = new MimeMessage(Session.getInstance(new Properties()));
    message.setFrom(new InternetAddress(from));
    message.setSubject("test");
    message.setText("0123456789\r\n".repeat(length / 12 + 1));
    message.saveChanges();
    return message;
  }

  private static List<String> copies(MimeMessage message) throws Exception {
    return server.copies(message.getMessageID());
  }

  /** {@return what became of each recipient of each delivery, attempt by attempt} */
  private List<String> stories() {
    return reports.stream()
        .flatMap(report -> report.recipients().stream())
        .map(PostfixTest::story)
        .toList();
  }

  private static String story(RecipientReport recipient) {
    String address = recipient.recipient().address();
    return address.substring(0, address.indexOf('@'))
        + recipient.history().stream()
            .map(PostfixTest::story)
            .collect(Collectors.joining(" | ", ": ", ""));
  }

  private static String story(RecipientAttempt attempt) {
    return attempt
        .failure()
        .map(
            failure ->
                story(
                    failure,
                    attempt.classification().orElseThrow(),
                    attempt.decision().orElseThrow()))
        .orElse("accepted");
  }

  private static String story(ConnectionFailure failure) {
    return story(failure.failure(), failure.classification(), failure.decision());
  }

  private static String story(
      SmtpFailure failure, Classification classification, Decision decision) {
    String answer = failure.describe();
    if (failure instanceof SmtpFailure.Refused refused) {
      answer =
          refused.reply().code()
              + " "
              + refused.reply().enhancedStatus().map(Object::toString).orElse("-");
    }
    return answer + " " + classification.cause().token() + ", " + story(decision);
  }

  private static String story(Decision decision) {
    if (decision instanceof Decision.Retry retry) {
      return "retry " + retry.lane().token() + " " + retry.delay();
    }
    if (decision instanceof Decision.GiveUp givenUp) {
      return "give up: "
          + givenUp.reason().name().toLowerCase(Locale.ROOT)
          + " "
          + givenUp.lane().token();
    }
    return decision instanceof Decision.Hold ? "hold" : "fail";
  }
}
