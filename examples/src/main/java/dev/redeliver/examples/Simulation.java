package dev.redeliver.examples;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.jakartamail.MailSender;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.testkit.Exchange;
import dev.redeliver.testkit.FakeClock;
import dev.redeliver.testkit.ManualScheduler;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Hours of mail in seconds: the real sender and a real SMTP dialogue over loopback, with a clock
 * that only the simulation moves on. An attempt takes no time in it. Used once; not thread-safe.
 */
final class Simulation {
  static final String PROVIDER = "provider.example";
  private static final Destination DESTINATION = Destination.ofDomain(PROVIDER);
  private static final long MINUTE = 60_000;
  private static final int OTHER_DOMAINS = 10;

  private final SimulationOptions options;
  private final RetryPolicy policy;
  private final SimulatedProvider provider;
  private final FakeClock clock = new FakeClock();
  private final ManualScheduler scheduler = new ManualScheduler(clock);
  private final Watch watch = new Watch();
  private final List<CompletableFuture<DeliveryReport>> reports = new ArrayList<>();
  private final List<Minute> curve = new ArrayList<>();
  private long handedOver;

  Simulation(SimulationOptions options, RetryPolicy policy) {
    this.options = options;
    this.policy = policy;
    provider = new SimulatedProvider(options);
  }

  /**
   * What one minute was like.
   *
   * @param number from 1
   * @param handedOver messages handed over for the provider
   * @param accepted messages that the provider accepted
   * @param refused attempts that it refused
   * @param rate the rate that the sender keeps to at the end of the minute; infinite if it has none
   * @param paused whether mail to the provider pauses at the end of the minute
   * @param othersAccepted messages that everybody else accepted
   */
  record Minute(
      int number,
      int handedOver,
      int accepted,
      int refused,
      double rate,
      boolean paused,
      int othersAccepted) {}

  /**
   * What came of it.
   *
   * @param curve minute by minute
   * @param summary everything in one line
   * @param ratio what the provider accepted, of what a sender that knows its rules would have got
   *     rid of
   * @param othersRatio the same for everybody else
   * @param probes attempts that the provider refused after mail to it had paused for the first time
   * @param pauses how many times mail to it paused
   * @param alerts reputation alerts that were raised
   * @param resolved those of them that were resolved
   * @param lost messages that are said to be accepted and are not, or are not accounted for
   */
  record Result(
      List<Minute> curve,
      String summary,
      double ratio,
      double othersRatio,
      int probes,
      int pauses,
      int alerts,
      int resolved,
      long lost) {}

  /** What listener and server see. */
  private static final class Watch implements DeliveryListener {
    private int accepted;
    private int othersAccepted;
    private int refused;
    private int attempts;
    private int pauses;
    private int probes;
    private int alerts;
    private int resolved;
    private final Set<String> stored = new HashSet<>();

    synchronized void stored(ReceivedMessage message) {
      stored.add(message.messageId().orElse(""));
      if (message.recipients().get(0).endsWith("@" + PROVIDER)) {
        accepted++;
      } else {
        othersAccepted++;
      }
    }

    synchronized void refused() {
      refused++;
      if (pauses > 0) {
        probes++;
      }
    }

    @Override
    public synchronized void destinationChanged(DestinationStatus status) {
      if (status.destination().equals(DESTINATION)
          && status.state() == DestinationStatus.State.PAUSED) {
        pauses++;
      }
    }

    @Override
    public synchronized void attemptFinished(Attempt attempt) {
      attempts++;
    }

    @Override
    public synchronized void reputationAlert(ReputationAlert alert) {
      switch (alert.state()) {
        case RAISED -> alerts++;
        case RESOLVED -> resolved++;
        case ESCALATED -> {
          // Still the same alert.
        }
      }
    }
  }

  Result run() {
    Redeliverer redeliverer =
        Redeliverer.builder(policy)
            .clock(clock)
            .random(new Random(options.seed()))
            .listener(watch)
            .build();
    try (ScriptedSmtpServer server =
        ScriptedSmtpServer.builder().with("PIPELINING").handOver(watch::stored).open()) {
      server.on(Stage.RCPT).when(this::isRefused).always().reply(provider.reply());
      Session session = LocalSession.to(server);
      MailSender sender =
          MailSender.builder(session)
              .redeliverer(redeliverer)
              .settings(SenderSettings.builder().maxInFlight(10_000_000).build())
              .executor(Runnable::run)
              .scheduler(scheduler)
              .build();
      for (int minute = 1; minute <= options.minutes(); minute++) {
        pass(minute, redeliverer, sender, session);
      }
      sender.close(Duration.ZERO);
    }
    return result();
  }

  private boolean isRefused(Exchange exchange) {
    String recipient = exchange.recipient().orElse("");
    boolean refused =
        recipient.endsWith("@" + PROVIDER) && provider.refuses(recipient, clock.elapsed());
    if (refused) {
      watch.refused();
    }
    return refused;
  }

  private void pass(int number, Redeliverer redeliverer, MailSender sender, Session session) {
    int acceptedBefore = watch.accepted;
    int refusedBefore = watch.refused;
    int othersBefore = watch.othersAccepted;
    schedule(options.load(), () -> send(sender, session, PROVIDER));
    schedule(options.others(), () -> send(sender, session, otherDomain()));
    scheduler.advance(Duration.ofMillis(MINUTE));
    Optional<DestinationStatus> status = status(redeliverer);
    curve.add(
        new Minute(
            number,
            options.load(),
            watch.accepted - acceptedBefore,
            watch.refused - refusedBefore,
            status.map(DestinationStatus::ratePerMinute).orElse(Double.POSITIVE_INFINITY),
            status.filter(now -> now.state() == DestinationStatus.State.PAUSED).isPresent(),
            watch.othersAccepted - othersBefore));
  }

  /** Spread evenly over the minute that begins now. */
  private void schedule(int messages, Runnable send) {
    for (int i = 0; i < messages; i++) {
      var unused = scheduler.schedule(send, i * MINUTE / messages, TimeUnit.MILLISECONDS);
    }
  }

  private static Optional<DestinationStatus> status(Redeliverer redeliverer) {
    return redeliverer.guard().status().stream()
        .filter(status -> status.destination().equals(DESTINATION))
        .findFirst();
  }

  private String otherDomain() {
    return "other" + handedOver % OTHER_DOMAINS + ".example";
  }

  private void send(MailSender sender, Session session, String domain) {
    handedOver++;
    try {
      MimeMessage message = new MimeMessage(session);
      message.setFrom("shop@sender.example");
      message.setRecipient(
          Message.RecipientType.TO, new InternetAddress("user" + handedOver + "@" + domain));
      message.setSubject("Message " + handedOver);
      message.setSentDate(Date.from(clock.instant()));
      message.setText("Thank you for your order.");
      reports.add(sender.send(message));
    } catch (MessagingException e) {
      throw new IllegalStateException("message " + handedOver + " cannot be written", e);
    }
  }

  private Result result() {
    long accepted = 0;
    long refused = 0;
    long lost = 0;
    for (CompletableFuture<DeliveryReport> future : reports) {
      DeliveryReport report = future.getNow(null);
      if (report == null) {
        lost++;
      } else if (report.isComplete()) {
        accepted++;
        lost += watch.stored.contains(report.envelope().messageId()) ? 0 : 1;
      } else if (report.recipients().get(0).outcome() == Outcome.REFUSED) {
        refused++;
      }
    }
    double ratio = ratio(watch.accepted, provider.possible(arrived(options.load())));
    double others = ratio(watch.othersAccepted, (long) options.others() * options.minutes());
    String summary =
        ("summary scenario=%s minutes=%d messages=%d accepted=%d refused=%d deferred=%d attempts=%d"
                + " others-ratio=%.3f oracle-ratio=%.3f pauses=%d probes=%d alerts=%d resolved=%d"
                + " lost=%d")
            .formatted(
                options.scenario().token(),
                options.minutes(),
                handedOver,
                accepted,
                refused,
                handedOver - accepted - refused,
                watch.attempts,
                others,
                ratio,
                watch.pauses,
                watch.probes,
                watch.alerts,
                watch.resolved,
                lost);
    return new Result(
        List.copyOf(curve),
        summary,
        ratio,
        others,
        watch.probes,
        watch.pauses,
        watch.alerts,
        watch.resolved,
        lost);
  }

  private long[] arrived(int perMinute) {
    long[] arrived = new long[options.minutes()];
    Arrays.setAll(arrived, minute -> (minute + 1L) * perMinute);
    return arrived;
  }

  private static double ratio(long actual, long possible) {
    return possible == 0 ? 1 : actual / (double) possible;
  }
}
