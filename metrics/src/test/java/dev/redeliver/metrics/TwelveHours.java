package dev.redeliver.metrics;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.delivery.SenderStatus;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import io.micrometer.core.instrument.Clock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Twelve hours of mail by a clock that does not wait, with all the trouble that there is a rule
 * for, scraped once a minute. The trouble, in minutes:
 *
 * <ul>
 *   <li>0 to 500: the outbox has a message of the day before.
 *   <li>0 to 60: some mailboxes are full, and stay so until their messages' time is over.
 *   <li>60 to 200: some replies say nothing that can be read.
 *   <li>120 to 245: Yahoo blocks us; the probe after its pause meets the block once more.
 *   <li>300 to 400: a receiver greylists everybody.
 *   <li>420 to 540: a bad list: many recipients do not exist.
 *   <li>500 to 505: answers to the content are lost.
 *   <li>560 to 563: the relay does not take our password, then not our certificate.
 *   <li>560 to 620: mail is held in the outbox.
 *   <li>600 to 650: the sender stands still, its relay is down, and it takes no more messages;
 *       nobody looks after the outbox.
 *   <li>690 to 710: nothing is scraped.
 * </ul>
 */
final class TwelveHours {
  static final Instant START = FakeClock.START;
  static final int MINUTES = 12 * 60;

  private static final String RELAY = "mx.example.org";
  private static final Duration TRANSACTION = Duration.ofMillis(200);

  /** What the sender can do in a minute; a standstill takes a while to make up for. */
  private static final int MOST_ATTEMPTS = 30;

  private final FakeClock clock = new FakeClock();
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, new PrometheusRegistry(), time());
  private final RetryPolicy policy =
      RetryPolicy.builder(Profile.BACKGROUND)
          .name("shop")
          .deadline(Duration.ofHours(8))
          .metricsDomains("partner.example")
          .build();
  private final RedeliverMetrics metrics = RedeliverMetrics.boundTo(registry, policy);
  private final Redeliverer redeliverer =
      Redeliverer.builder(policy).clock(clock).random(new Random(1)).listener(metrics).build();
  private final PriorityQueue<Message> queue =
      new PriorityQueue<>(Comparator.<Message, Instant>comparing(m -> m.due));
  private int minute;
  private int number;

  /** One on its way. */
  private static final class Message {
    private final Delivery delivery;
    private Instant due;
    private int attempts;

    Message(Delivery delivery, Instant due) {
      this.delivery = delivery;
      this.due = due;
    }
  }

  private Clock time() {
    return new Clock() {
      @Override
      public long wallTime() {
        return clock.millis();
      }

      @Override
      public long monotonicTime() {
        return clock.elapsed().toNanos();
      }
    };
  }

  /** Lives through them, and writes all scrapes with their times as OpenMetrics. */
  void write(Path file) throws IOException {
    Supplier<SenderStatus> status = this::status;
    metrics.senderOpened(status);
    Supplier<OutboxStatus> outbox = this::outbox;
    metrics.outboxOpened(outbox);
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (minute = 0; minute < MINUTES; minute++) {
        handOver();
        trouble();
        if (!isBetween(600, 650)) {
          work(START.plus(Duration.ofMinutes(minute + 1L)));
        }
        until(START.plus(Duration.ofMinutes(minute + 1L)));
        redeliverer.resolveQuiet();
        if (!isBetween(690, 710)) {
          scrape(out);
        }
      }
      out.write("# EOF\n");
    }
  }

  private void until(Instant time) {
    if (time.isAfter(clock.instant())) {
      clock.set(time);
    }
  }

  private boolean isBetween(int from, int to) {
    return minute >= from && minute < to;
  }

  private void scrape(BufferedWriter out) throws IOException {
    String at = " " + clock.instant().getEpochSecond() + "\n";
    for (String line : registry.scrape().split("\n", -1)) {
      if (!line.isEmpty() && !line.startsWith("#")) {
        int end = line.indexOf(' ', line.lastIndexOf('}') + 1);
        int open = line.indexOf('{');
        boolean bare = open < 0;
        out.write(line, 0, bare ? end : open);
        out.write(bare ? "{job=\"app\"}" : "{job=\"app\",");
        out.write(line.substring(bare ? end : open + 1));
        out.write(at);
      }
    }
  }

  private void handOver() {
    for (int i = 0; i < 4; i++) {
      send(isBetween(420, 540) && i == 0 ? "gone@gmail.com" : "ann@gmail.com");
    }
    send("ann@yahoo.com");
    send("ann@outlook.com");
    send("ann@partner.example");
    send(minute < 60 ? "full@icloud.com" : "ann@icloud.com");
    for (int i = 0; i < 3; i++) {
      send(isBetween(300, 400) ? "grey@other.example" : "ann@other.example");
    }
    if (isBetween(60, 200)) {
      send("odd@other.example");
    }
    if (isBetween(500, 505)) {
      send("lost@other.example");
    }
    if (minute % 10 == 0) {
      send("ann@gmail.com", "bob@other.example");
    }
  }

  private void send(String... addresses) {
    number++;
    Envelope envelope = Envelope.of("<" + number + "@example.org>", List.of(addresses));
    queue.add(new Message(redeliverer.begin(envelope), clock.instant()));
  }

  private void trouble() {
    if (isBetween(560, 563)) {
      redeliverer.serverFailed(
          redeliverer.judge(
              RELAY,
              1,
              new SmtpFailure.Local(
                  SmtpStage.STARTTLS, SmtpFailure.Problem.TLS_SETUP, "certificate expired")));
    }
    if (isBetween(630, 650)) {
      metrics.handoverRejected("full");
    }
  }

  private void work(Instant end) {
    int made = 0;
    while (made < MOST_ATTEMPTS && !queue.isEmpty() && queue.peek().due.isBefore(end)) {
      Message message = queue.remove();
      until(message.due);
      List<Recipient> due = message.delivery.begin();
      Optional<Duration> delay = message.delivery.untilNext();
      if (!due.isEmpty()) {
        made++;
        clock.advance(TRANSACTION);
        delay = message.delivery.end(answer(message, due));
      }
      goOn(message, delay);
    }
  }

  private void goOn(Message message, Optional<Duration> delay) {
    if (delay.isPresent()) {
      message.due = clock.instant().plus(delay.get());
      queue.add(message);
    } else {
      message.delivery.finish();
    }
  }

  private AttemptResult answer(Message message, List<Recipient> due) {
    message.attempts++;
    Map<Recipient, RecipientResult> results = new HashMap<>();
    RecipientResult setUp = refused(SmtpStage.AUTH, "535 5.7.8 Authentication credentials invalid");
    for (Recipient to : due) {
      results.put(to, isBetween(560, 563) ? setUp : answer(to.address(), message.attempts));
    }
    return new AttemptResult(RELAY, false, results);
  }

  private RecipientResult answer(String address, int attempt) {
    if (address.endsWith("@yahoo.com") && isBetween(120, 245)) {
      return refused(
          SmtpStage.RCPT,
          "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume"
              + " or user complaints - 4.16.55.1");
    }
    return switch (address.substring(0, address.indexOf('@'))) {
      case "full" -> refused(SmtpStage.RCPT, "452 4.2.2 mailbox full");
      case "gone" -> refused(SmtpStage.RCPT, "550 5.1.1 no such user");
      case "odd" -> refused(SmtpStage.RCPT, "559 hm");
      case "grey" -> attempt == 1 ? refused(SmtpStage.RCPT, "450 4.2.0 Greylisted") : accepted();
      case "lost" -> attempt == 1 ? lost() : accepted();
      default -> accepted();
    };
  }

  private static RecipientResult refused(SmtpStage stage, String reply) {
    return new RecipientResult.Failed(new SmtpFailure.Refused(stage, SmtpReply.parse(reply)));
  }

  private static RecipientResult accepted() {
    return new RecipientResult.Accepted(SmtpReply.parse("250 2.0.0 Ok"));
  }

  private static RecipientResult lost() {
    return new RecipientResult.Unknown(
        new SmtpFailure.Disconnected(SmtpStage.END_OF_DATA, SmtpFailure.Fault.LOST, "reset"));
  }

  private SenderStatus status() {
    Instant now = clock.instant();
    int ready = (int) queue.stream().filter(message -> !message.due.isAfter(now)).count();
    return new SenderStatus(
        ready,
        0,
        queue.size() - ready,
        queue.stream().map(m -> m.delivery.startedAt()).min(Comparator.naturalOrder()),
        List.of(relay()));
  }

  private RelayStatus relay() {
    RelayStatus.State state = isBetween(600, 650) ? RelayStatus.State.DOWN : RelayStatus.State.UP;
    return new RelayStatus(1, RELAY, state, 0, 1, Optional.empty(), Optional.empty());
  }

  private OutboxStatus outbox() {
    Instant stopped = START.plus(Duration.ofHours(10));
    return new OutboxStatus(
        Map.of("deferred", 3L, "held", isBetween(560, 620) ? 2L : 0L),
        isBetween(0, 500) ? Optional.of(START.minus(Duration.ofHours(20))) : Optional.empty(),
        isBetween(600, 650) ? Optional.of(stopped) : Optional.empty());
  }
}
