package dev.redeliver.benchmarks;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.jakartamail.MailSender;
import dev.redeliver.jakartamail.RetryingTransport;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import io.github.resilience4j.retry.Retry;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.simplejavamail.api.email.Email;
import org.simplejavamail.api.mailer.Mailer;
import org.simplejavamail.api.mailer.config.TransportStrategy;
import org.simplejavamail.email.EmailBuilder;
import org.simplejavamail.mailer.MailerBuilder;

/** The ways to send that are measured side by side, all to one server. */
final class Senders {

  private static final String TIMEOUT = "60000";
  private static final int IN_FLIGHT = 64;

  private final int port;
  private final Letters letters;
  private final int size;

  /**
   * Opens nothing yet.
   *
   * @param port where the server is, on loopback
   * @param letters makes the messages
   * @param size how large they are
   */
  Senders(int port, Letters letters, int size) {
    this.port = port;
    this.letters = letters;
    this.size = size;
  }

  List<Sender> all() throws Exception {
    return List.of(
        plain(1),
        statically("Angus, Transport.send", One::send),
        plain(4),
        wrapped(),
        configured(),
        mailSender(1),
        mailSender(4),
        simpleJavaMail(4),
        statically("Resilience4j Retry around Transport.send", retried()),
        new SmtpSource(port, size, 4));
  }

  private Session session(String... more) {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", SmtpSink.HOST);
    properties.setProperty("mail.smtp.port", Integer.toString(port));
    properties.setProperty("mail.smtp.connectiontimeout", TIMEOUT);
    properties.setProperty("mail.smtp.timeout", TIMEOUT);
    properties.setProperty("mail.smtp.writetimeout", TIMEOUT);
    for (int i = 0; i < more.length; i += 2) {
      properties.setProperty(more[i], more[i + 1]);
    }
    return Session.getInstance(properties);
  }

  /** Sends one message. */
  @FunctionalInterface
  private interface One {
    void send() throws Exception;
  }

  /** Sends, and perhaps more. */
  @FunctionalInterface
  private interface Around {
    void send(One one) throws Exception;
  }

  private Sender statically(String name, Around around) {
    Session session = session();
    One one = () -> Transport.send(letters.message(session));
    return new Threads(name, 1, () -> () -> around.send(one));
  }

  private static Around retried() {
    Retry retry = Retry.ofDefaults("mail");
    return one ->
        retry.executeCallable(
            () -> {
              one.send();
              return true;
            });
  }

  Sender plain(int connections) throws MessagingException {
    Session session = session();
    return transports(
        "Angus, transport reused", session, connections, () -> session.getTransport("smtp"));
  }

  private Sender wrapped() throws MessagingException {
    Session session = session();
    RetryPolicy policy = RetryPolicy.of(Profile.INTERACTIVE);
    return transports(
        "Redeliver, wrapped, reused",
        session,
        1,
        () -> RetryingTransport.wrap(session.getTransport("smtp"), policy));
  }

  Sender configured() throws MessagingException {
    Session session =
        session("mail.smtp.class", "dev.redeliver.jakartamail.RedeliverSmtpTransport");
    return transports(
        "Redeliver, configured, reused", session, 1, () -> session.getTransport("smtp"));
  }

  /** Makes transports. */
  @FunctionalInterface
  private interface Maker {
    Transport make() throws MessagingException;
  }

  private Sender transports(String name, Session session, int connections, Maker maker)
      throws MessagingException {
    List<Transport> transports = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Transport transport = maker.make();
      transport.connect();
      transports.add(transport);
    }
    AtomicInteger next = new AtomicInteger();
    return new Threads(
        name,
        connections,
        () -> {
          Transport own = transports.get(next.getAndIncrement());
          return () -> {
            MimeMessage message = letters.message(session);
            own.sendMessage(message, message.getAllRecipients());
          };
        }) {
      @Override
      public void close() throws MessagingException {
        super.close();
        for (Transport transport : transports) {
          transport.close();
        }
      }
    };
  }

  private Sender simpleJavaMail(int connections) {
    Mailer mailer =
        MailerBuilder.withSMTPServer(SmtpSink.HOST, port)
            .withTransportStrategy(TransportStrategy.SMTP)
            .withConnectionPoolCoreSize(connections)
            .withConnectionPoolMaxSize(connections)
            .withSessionTimeout(Integer.parseInt(TIMEOUT))
            .buildMailer();
    return new Threads(
        "simple-java-mail, pool", connections, () -> () -> mailer.sendMail(email(), false).join()) {
      @Override
      public void close() throws MessagingException {
        super.close();
        var unused = mailer.shutdownConnectionPool();
      }
    };
  }

  private Email email() {
    letters.next();
    return EmailBuilder.startingBlank()
        .from(Letters.FROM)
        .to(letters.recipient(0))
        .withSubject("Your order")
        .withPlainText(letters.text())
        .buildEmail();
  }

  private Sender mailSender(int connections) {
    Session session = session();
    MailSender sender =
        MailSender.builder(session)
            .policy(RetryPolicy.of(Profile.BACKGROUND))
            .settings(
                SenderSettings.builder()
                    .connections(connections)
                    .maxInFlight(IN_FLIGHT)
                    .messagesPerConnection(1_000_000)
                    .build())
            .build();
    return new Async(sender, session, connections);
  }

  /** One application thread and a sender that works in the background. */
  private final class Async implements Sender {
    private final MailSender sender;
    private final Session session;
    private final int connections;

    Async(MailSender sender, Session session, int connections) {
      this.sender = sender;
      this.session = session;
      this.connections = connections;
    }

    @Override
    public String name() {
      return "Redeliver, MailSender";
    }

    @Override
    public int connections() {
      return connections;
    }

    @Override
    public int send(long nanos) throws MessagingException {
      long end = System.nanoTime() + nanos;
      Phaser open = new Phaser(1);
      AtomicInteger accepted = new AtomicInteger();
      int sent = 0;
      while (System.nanoTime() < end) {
        open.register();
        sent++;
        var unused =
            sender
                .send(letters.message(session))
                .whenComplete(
                    (report, problem) -> {
                      if (problem == null && report.isComplete()) {
                        accepted.incrementAndGet();
                      }
                      open.arriveAndDeregister();
                    });
      }
      open.arriveAndAwaitAdvance();
      if (accepted.get() != sent) {
        throw new IllegalStateException(accepted.get() + " of " + sent + " were accepted");
      }
      return sent;
    }

    @Override
    public void close() {
      List<DeliveryReport> unused = sender.close(java.time.Duration.ofSeconds(10));
    }
  }

  /** Threads that send one message after the other. */
  private static class Threads implements Sender {
    private final String name;
    private final List<One> workers = new ArrayList<>();
    private final ExecutorService threads;

    Threads(String name, int count, Supplier<One> forThread) {
      this.name = name;
      threads = Executors.newFixedThreadPool(count);
      for (int i = 0; i < count; i++) {
        workers.add(forThread.get());
      }
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int connections() {
      return workers.size();
    }

    @Override
    public int send(long nanos) throws Exception {
      long end = System.nanoTime() + nanos;
      List<Callable<Integer>> shares =
          workers.stream().<Callable<Integer>>map(worker -> () -> sendUntil(end, worker)).toList();
      int sent = 0;
      for (Future<Integer> share : threads.invokeAll(shares)) {
        sent += share.get();
      }
      return sent;
    }

    private static int sendUntil(long end, One worker) throws Exception {
      int sent = 0;
      do {
        worker.send();
        sent++;
      } while (System.nanoTime() < end);
      return sent;
    }

    @Override
    public void close() throws MessagingException {
      threads.shutdown();
    }
  }

  /** Postfix's own client, a process; it sends as many messages as the round before allowed. */
  private static final class SmtpSource implements Sender {
    private static final int FIRST = 200;
    private static final int MOST = 100_000;

    private final int port;
    private final int size;
    private final int connections;
    private int count = FIRST;

    SmtpSource(int port, int size, int connections) {
      this.port = port;
      this.size = size;
      this.connections = connections;
    }

    @Override
    public String name() {
      return "smtp-source (C)";
    }

    @Override
    public int connections() {
      return connections;
    }

    @Override
    public boolean isInProcess() {
      return false;
    }

    @Override
    public int send(long nanos) throws IOException, InterruptedException {
      int sending = count;
      long start = System.nanoTime();
      Process process =
          new ProcessBuilder(
                  SmtpSink.program("smtp-source").toString(),
                  "-d",
                  "-s",
                  Integer.toString(connections),
                  "-m",
                  Integer.toString(sending),
                  "-l",
                  Integer.toString(size),
                  "-f",
                  Letters.FROM,
                  "-t",
                  "user@domain.example",
                  SmtpSink.HOST + ":" + port)
              .inheritIO()
              .start();
      if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IOException("smtp-source failed");
      }
      double perMessage = (double) (System.nanoTime() - start) / sending;
      count = (int) Math.max(FIRST, Math.min(MOST, nanos / perMessage));
      return sending;
    }

    @Override
    public void close() {
      // The process has ended.
    }
  }
}
