package dev.redeliver.examples;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.jakartamail.MailSender;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Sends many messages with the asynchronous sender through a server that misbehaves at random, and
 * compares each report with what the server has. Used once.
 */
final class Soak {
  private static final int CONNECTIONS = 8;
  private static final int MOST_IN_FLIGHT = 10_000;
  private static final int MESSAGES_PER_STEP = 10;
  private static final Duration STEP = Duration.ofSeconds(1);

  /** After its deadline, no message may be left. */
  private static final Duration GRACE = Duration.ofHours(1);

  private final PrintWriter out;
  private final RetryPolicy policy;
  private final int messages;
  private final long seed;
  private final StandingTime time = new StandingTime();
  private final Footprint footprint = new Footprint();
  private final Reckoner reckoner = new Reckoner();
  private final Map<Integer, Long> digests = new ConcurrentHashMap<>();
  private final AtomicInteger inFlight = new AtomicInteger();

  Soak(PrintWriter out, RetryPolicy policy, int messages, long seed) {
    this.out = out;
    this.policy = policy;
    this.messages = messages;
    this.seed = seed;
  }

  /**
   * What came of it.
   *
   * @param reckoning how report and server agree
   * @param footprint what it took
   */
  record Result(Reckoning reckoning, Footprint footprint) {
    String summary() {
      return "%s heap-peak-mib=%d threads-peak=%d"
          .formatted(reckoning.summary(), footprint.heapPeakMib(), footprint.threadsPeak());
    }
  }

  Result run() throws InterruptedException {
    Redeliverer redeliverer =
        Redeliverer.builder(policy).clock(time.clock()).random(new Random(seed)).build();
    try (time;
        footprint;
        ScriptedSmtpServer server =
            ScriptedSmtpServer.builder().with("PIPELINING").handOver(this::stored).open()) {
      new Misbehaviour(seed, messages).script(server);
      Session session = LocalSession.to(server);
      MailSender sender =
          MailSender.builder(session)
              .redeliverer(redeliverer)
              .settings(
                  SenderSettings.builder()
                      .connections(CONNECTIONS)
                      .maxInFlight(MOST_IN_FLIGHT)
                      .build())
              .executor(time.workers())
              .scheduler(time.timer())
              .build();
      sendAll(sender, session);
      sender.close(Duration.ZERO);
      time.goOn(Duration.ZERO);
      server.failures().forEach(failure -> out.println("server: " + failure));
    }
    return new Result(reckoner.close(), footprint);
  }

  private void sendAll(MailSender sender, Session session) throws InterruptedException {
    int sent = 0;
    int tenth = 0;
    Duration end = Duration.ofDays(1);
    while ((sent < messages || inFlight.get() > 0) && time.elapsed().compareTo(end) < 0) {
      for (int i = 0; i < MESSAGES_PER_STEP && sent < messages && hasRoom(); i++) {
        send(sender, session, SoakLetter.of(++sent, seed));
        end = time.elapsed().plus(policy.deadline()).plus(GRACE);
      }
      time.goOn(STEP);
      if (sent * 10L / messages > tenth) {
        tenth++;
        progress(sent);
      }
    }
    progress(sent);
  }

  private boolean hasRoom() {
    return inFlight.get() < MOST_IN_FLIGHT;
  }

  private void progress(int sent) {
    out.println(
        "progress  %s  %7d handed over  %5d in flight  heap %3d MiB  %2d threads"
            .formatted(
                Words.clock(time.elapsed()),
                sent,
                inFlight.get(),
                footprint.heapMib(),
                footprint.threads()));
    out.flush();
  }

  private void send(MailSender sender, Session session, SoakLetter letter) {
    try {
      MimeMessage message = letter.message(session, time.clock().instant());
      digests.put(letter.number(), SoakLetter.digest(message));
      reckoner.sent(letter.envelope());
      inFlight.incrementAndGet();
      var unused =
          sender
              .send(message)
              .whenComplete((report, problem) -> ended(letter.number(), report, problem));
    } catch (MessagingException e) {
      throw new IllegalStateException("letter " + letter.number() + " cannot be written", e);
    }
  }

  /** A message without a report is found at the end. */
  private void ended(int number, @Nullable DeliveryReport report, @Nullable Throwable problem) {
    if (report != null) {
      reckoner.reported(report);
    } else {
      out.println("no report for letter " + number + ": " + problem);
    }
    digests.remove(number);
    inFlight.decrementAndGet();
  }

  private void stored(ReceivedMessage message) {
    int number = SoakLetter.numberOf(message.mailFrom());
    String id = message.messageId().orElse("");
    Long digest = digests.get(number);
    boolean same = digest != null && digest == SoakLetter.digest(message.content());
    for (String recipient : message.recipients()) {
      Reckoning.Copy copy = new Reckoning.Copy(id, recipient);
      reckoner.stored(copy);
      if (!same) {
        reckoner.altered(copy);
      }
    }
  }
}
