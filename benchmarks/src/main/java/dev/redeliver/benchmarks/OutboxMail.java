package dev.redeliver.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.jakartamail.FrozenMessage;
import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.Submission;
import dev.redeliver.policy.OutboxSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;

/**
 * Messages for an outbox, no two alike, of what cannot be compressed, one recipient each. Always
 * the same ones. Not thread-safe.
 */
final class OutboxMail {
  /** Messages that are handed over together. */
  static final int TOGETHER = 1_000;

  /** Connections of who only submits: at least as many as a destination has queues. */
  static final int ANY = 10;

  private static final int SOURCE = 4 << 20;

  private final byte[] source = new byte[SOURCE];
  private final Random random = new Random(1);
  private final Domains domains;
  private final Sizes sizes;
  private int number;

  /** How many octets a message has. */
  record Sizes(int smallest, int largest) {
    /** Of most mail that programs send. */
    static final Sizes USUAL = new Sizes(4 << 10, 20 << 10);

    /** With something attached. */
    static final Sizes LARGE = new Sizes(1 << 20, 1 << 20);

    /** {@return how many of them may be in memory} */
    int together() {
      return Math.min(TOGETHER, (32 << 20) / largest);
    }
  }

  /**
   * Whom messages are for.
   *
   * @param count of recipient domains
   * @param hotPercent the share of the first one, over its share of the rest
   */
  record Domains(int count, int hotPercent) {
    /** One is a large provider. */
    static final Domains MANY = new Domains(2_000, 70);

    static final Domains ONE = new Domains(1, 0);

    /** None is larger than the others. */
    static final Domains EVEN = new Domains(200, 0);
  }

  OutboxMail(Domains domains) {
    this(domains, Sizes.USUAL);
  }

  OutboxMail(Domains domains, Sizes sizes) {
    this.domains = domains;
    this.sizes = sizes;
    byte[] noise = new byte[SOURCE];
    random.nextBytes(noise);
    byte[] lines = Base64.getMimeEncoder().encode(noise);
    System.arraycopy(lines, 0, source, 0, SOURCE);
  }

  /** {@return an outbox's settings: all mail goes to a server on this machine} */
  static Outbox.Builder outbox(String location, int port, int connections, int queues) {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", SmtpSink.HOST);
    properties.setProperty("mail.smtp.port", Integer.toString(port));
    for (String limit : List.of("connectiontimeout", "timeout", "writetimeout")) {
      properties.setProperty("mail.smtp." + limit, "60000");
    }
    RetryPolicy policy = RetryPolicy.of(Profile.RFC5321);
    return Outbox.builder(Session.getInstance(properties))
        .settings(OutboxSettings.DEFAULT.withLocation(location).withQueuesPerDestination(queues))
        .policy(
            policy.toBuilder()
                .guard(policy.guard().withMaxConnections(Math.max(1, connections)))
                .build())
        .senderSettings(SenderSettings.builder().connections(connections).build());
  }

  /** {@return the same with the default for the rest} */
  static Outbox.Builder outbox(String location, int port, int connections) {
    return outbox(location, port, connections, OutboxSettings.DEFAULT.queuesPerDestination());
  }

  /** Stores some, as fast as it goes. */
  static void fill(String location, Domains domains, Sizes sizes, int messages)
      throws MessagingException {
    OutboxMail mail = new OutboxMail(domains, sizes);
    try (Outbox outbox = outbox(location, 1, ANY).connect()) {
      mail.fill(outbox, messages);
    }
  }

  /** Stores the next ones. */
  void fill(Outbox outbox, int messages) throws MessagingException {
    for (int left = messages; left > 0; left -= sizes.together()) {
      outbox.submitAll(next(Math.min(sizes.together(), left)));
    }
  }

  List<Submission> next(int count) throws MessagingException {
    List<Submission> some = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      some.add(next());
    }
    return some;
  }

  Submission next() throws MessagingException {
    number++;
    boolean hot = random.nextInt(100) < domains.hotPercent;
    int domain = hot ? 0 : random.nextInt(domains.count);
    String recipient = "user" + number + "@domain" + domain + ".example";
    String messageId = "<" + number + "@sender.example>";
    byte[] head =
        ("From: "
                + Letters.FROM
                + "\r\nTo: "
                + recipient
                + "\r\nMessage-ID: "
                + messageId
                + "\r\nSubject: Your order\r\n\r\n")
            .getBytes(US_ASCII);
    byte[] content = new byte[sizes.smallest + random.nextInt(sizes.largest - sizes.smallest + 1)];
    System.arraycopy(source, random.nextInt(SOURCE - content.length), content, 0, content.length);
    System.arraycopy(head, 0, content, 0, head.length);
    content[content.length - 2] = (byte) 0x0d;
    content[content.length - 1] = (byte) 0x0a;
    Envelope envelope =
        new Envelope(messageId, List.of(new Recipient(0, recipient)), Optional.empty());
    return Submission.of(FrozenMessage.thaw(content, envelope, Map.of("from", Letters.FROM)));
  }

  /** How long anything may take. */
  static final Duration LIMIT = Duration.ofMinutes(8);
}
