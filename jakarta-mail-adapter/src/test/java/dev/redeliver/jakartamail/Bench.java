package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RetryWait;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.RecordingWaiter;
import jakarta.mail.Address;
import jakarta.mail.Authenticator;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A client on a test bench: one of the ways to send, its time in the test's hand, and a witness. In
 * front of the witness stands a listener that throws whenever it is told something (rule 13).
 */
final class Bench implements AutoCloseable {
  private static final int MAX_STEPS = 10_000;

  /** Each exception of the listener would be logged; held, or the setting would be forgotten. */
  private static final Logger LISTENERS = Logger.getLogger("dev.redeliver.delivery");

  static {
    LISTENERS.setLevel(Level.OFF);
  }

  /** How the messages go out. */
  enum Way {
    /** {@link RetryingTransport} around the mail library's own. */
    WRAPPED,
    /** {@link RedeliverSmtpTransport} by property. */
    CONFIGURED,
    /** {@link MailSender}, every step in the test's thread. */
    SENDER
  }

  /** What the caller got for one message. */
  record Result(Optional<DeliveryReport> report, @Nullable Exception thrown) {
    /** {@return whether the message was never handed over, because connecting failed} */
    boolean isUnconnected() {
      return report.isEmpty();
    }
  }

  final FakeClock clock = new FakeClock();
  final RecordingWaiter waiter = new RecordingWaiter(clock);
  final ManualScheduler scheduler = new ManualScheduler(clock);
  final Witness witness = new Witness();
  final Redeliverer redeliverer;
  final Session session;
  private final Way way;
  private SenderSettings settings = SenderSettings.builder().connections(2).build();
  private @Nullable Transport transport;
  private @Nullable MailSender sender;

  Bench(Way way, RetryPolicy policy, Properties properties) {
    this.way = way;
    redeliverer =
        Redeliverer.builder(policy)
            .clock(clock)
            .waiter(this::await)
            .random(new Random(1))
            .listener(new Thrower())
            .listener(witness)
            .build();
    Properties own = new Properties();
    own.putAll(properties);
    if (way == Way.CONFIGURED) {
      own.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
    }
    session = Session.getInstance(own, new Alice());
    SessionRedeliverers.set(session, redeliverer);
  }

  /** Every password is as good as this one. */
  private static final class Alice extends Authenticator {
    @Override
    protected PasswordAuthentication getPasswordAuthentication() {
      return new PasswordAuthentication("alice", "open sesame");
    }
  }

  /** A listener that the application should not have written. */
  private static final class Thrower implements DeliveryListener {
    private static IllegalStateException problem() {
      return new IllegalStateException("a listener failed, as it was told to");
    }

    @Override
    public void deliveryStarted(Envelope envelope) {
      throw problem();
    }

    @Override
    public void attemptFinished(Attempt attempt) {
      throw problem();
    }

    @Override
    public void retryScheduled(RetryWait wait) {
      throw problem();
    }

    @Override
    public void deliveryFinished(DeliveryReport report) {
      throw problem();
    }
  }

  /** As every waiter has to: whoever is interrupted already does not wait. */
  private void await(Duration delay) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before the wait");
    }
    waiter.await(delay);
  }

  /** Sets relays and connections of the sender, before it is first used. */
  void settings(SenderSettings other) {
    settings = other;
  }

  RetryPolicy policy() {
    return redeliverer.policy();
  }

  /** {@return a message from Alice that knows its Message-ID} */
  MimeMessage message(String text) throws MessagingException {
    MimeMessage message = new MimeMessage(session);
    message.setFrom(new InternetAddress("alice@example.org"));
    message.setRecipients(Message.RecipientType.TO, "list@example.org");
    message.setSubject("test");
    message.setText(text);
    message.saveChanges();
    return message;
  }

  static Address[] addresses(List<String> to) {
    return TransportKind.to(to.toArray(String[]::new));
  }

  /** Sends, over the same connection as before where there is one, and waits in no time. */
  Result send(MimeMessage message, List<String> to) throws Exception {
    Result result = sendInterruptibly(message, to);
    assertThat(Thread.currentThread().isInterrupted()).as("interrupt flag").isFalse();
    return result;
  }

  /** The same for a thread that somebody may interrupt. */
  Result sendInterruptibly(MimeMessage message, List<String> to) throws Exception {
    return way == Way.SENDER ? sendByFuture(message, to) : sendByTransport(message, to);
  }

  /** {@return the open transport, for those who want to close it} */
  Transport transport() {
    return Objects.requireNonNull(transport, "transport");
  }

  /** Connects, so that {@link #transport} is there; a sender needs no such thing. */
  void connect() throws Exception {
    if (way != Way.SENDER) {
      Transport made = session.getTransport("smtp");
      made = way == Way.WRAPPED ? RetryingTransport.wrap(made, redeliverer) : made;
      made.connect();
      transport = made;
    }
  }

  private Result sendByTransport(MimeMessage message, List<String> to) throws Exception {
    if (transport == null) {
      try {
        connect();
      } catch (MessagingException e) {
        return new Result(Optional.empty(), e);
      }
    }
    try {
      transport().sendMessage(message, addresses(to));
      return new Result(Optional.of(latest()), null);
    } catch (RedeliveryException e) {
      assertThat(e.report()).isSameAs(latest());
      checkArrays(e);
      return new Result(Optional.of(e.report()), e);
    }
  }

  private DeliveryReport latest() {
    List<Witness.Story> all = witness.stories();
    return all.get(all.size() - 1).report();
  }

  private static void checkArrays(RedeliveryException e) {
    DeliveryReport report = e.report();
    assertThat(names(e.getValidSentAddresses())).isEqualTo(names(report, Outcome.ACCEPTED));
    assertThat(names(e.getValidUnsentAddresses())).isEqualTo(names(report, Outcome.PENDING));
    assertThat(names(e.getInvalidAddresses())).isEqualTo(names(report, Outcome.REFUSED));
    assertThat(names(e.getUnknownAddresses())).isEqualTo(names(report, Outcome.UNKNOWN));
    assertThat(String.valueOf(e.getMessage()).chars()).noneMatch(Character::isISOControl);
  }

  private static List<String> names(Address[] addresses) {
    return Arrays.stream(addresses).map(Address::toString).toList();
  }

  private static List<String> names(DeliveryReport report, Outcome outcome) {
    return report.with(outcome).stream()
        .map(RecipientReport::recipient)
        .map(Object::toString)
        .toList();
  }

  private Result sendByFuture(MimeMessage message, List<String> to) throws Exception {
    CompletableFuture<DeliveryReport> future = sender().send(message, addresses(to));
    settle(List.of(future));
    return new Result(Optional.of(future.get()), null);
  }

  MailSender sender() {
    MailSender known = sender;
    if (known == null) {
      known =
          MailSender.builder(session)
              .redeliverer(redeliverer)
              .settings(settings)
              .executor(Runnable::run)
              .scheduler(scheduler)
              .build();
      sender = known;
    }
    return known;
  }

  /** Moves the clock on, from one thing that is due to the next, until all futures are complete. */
  void settle(List<? extends CompletableFuture<?>> futures) {
    for (int step = 0; !futures.stream().allMatch(CompletableFuture::isDone); step++) {
      List<Duration> waits = scheduler.waits();
      assertThat(waits).as("nothing is due, and yet messages wait").isNotEmpty();
      assertThat(step).as("the sender goes round in circles").isLessThan(MAX_STEPS);
      Duration next = waits.get(0);
      scheduler.advance(next.isNegative() ? Duration.ZERO : next);
    }
  }

  /**
   * Closes what is open; never fails, whatever the server does. A sender that has messages left
   * does not wait for time to pass, which here it does not.
   */
  @Override
  public void close() throws MessagingException {
    Transport open = transport;
    MailSender sending = sender;
    transport = null;
    sender = null;
    if (open != null) {
      open.close();
    }
    if (sending != null) {
      Thread.currentThread().interrupt();
      sending.close();
      assertThat(Thread.interrupted()).as("interrupt flag").isTrue();
    }
  }
}
