package dev.redeliver.examples;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.Waiter;
import dev.redeliver.jakartamail.RedeliveryException;
import dev.redeliver.jakartamail.RetryingTransport;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Sends messages through a server that does to them what servers do, and compares the reports with
 * what the server has. Used once.
 */
final class Demo {
  /** What a server names that limits. */
  static final Duration NAMED_DELAY = Duration.ofMinutes(2);

  private final Terminal terminal;
  private final RetryPolicy policy;
  private final List<Letter> letters;
  private final InstantSource clock;
  private final Redeliverer redeliverer;
  private final LiveTable table;
  private final int workers;

  /**
   * What the demo runs with.
   *
   * @param policy what is done about failures
   * @param clock tells the time, at any speed
   * @param waiter waits, at the same speed
   * @param random draws jitter
   * @param listeners hear what happens
   * @param workers threads that send, each through a transport of its own
   */
  record Setup(
      RetryPolicy policy,
      InstantSource clock,
      Waiter waiter,
      RandomGenerator random,
      List<DeliveryListener> listeners,
      int workers) {}

  Demo(Terminal terminal, List<Letter> letters, Setup setup) {
    this.terminal = terminal;
    policy = setup.policy();
    clock = setup.clock();
    workers = setup.workers();
    this.letters = List.copyOf(letters);
    table = new LiveTable(terminal, clock.instant(), letters.size());
    Redeliverer.Builder builder =
        Redeliverer.builder(policy).clock(clock).waiter(setup.waiter()).random(setup.random());
    setup.listeners().forEach(builder::listener);
    redeliverer = builder.listener(table).build();
  }

  /** {@return what delivers; it knows how every destination stands} */
  Redeliverer redeliverer() {
    return redeliverer;
  }

  /** {@return how report and server agree; everything but the last line has been printed} */
  Reckoning run() throws InterruptedException {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
      letters.forEach(letter -> letter.scenario().script(server, letter, NAMED_DELAY));
      table.begin();
      sendAll(server);
      table.end();
      List<Reckoning.Copy> copies = server.accepted().stream().flatMap(Demo::copies).toList();
      List<Ending> endings = table.reports().stream().map(Ending::of).toList();
      Reckoning reckoning =
          Reckoning.ofEndings(letters.stream().map(Letter::envelope).toList(), endings, copies);
      new DemoReport(terminal.out(), letters, endings, copies).print(reckoning);
      terminal.out().println(Words.count(table.alerts(), "reputation alert") + " raised");
      return reckoning;
    }
  }

  /** {@return what each recipient has of a message that the server has taken} */
  static Stream<Reckoning.Copy> copies(ReceivedMessage message) {
    return message.recipients().stream()
        .map(to -> new Reckoning.Copy(message.messageId().orElse(""), to));
  }

  private void sendAll(ScriptedSmtpServer server) throws InterruptedException {
    List<Callable<Void>> shares = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      List<Letter> share = share(worker);
      shares.add(
          () -> {
            send(LocalSession.to(server), share);
            return null;
          });
    }
    ExecutorService executor = Executors.newFixedThreadPool(workers);
    try {
      executor.invokeAll(shares);
    } finally {
      executor.shutdownNow();
    }
  }

  /** Dealt out like cards, so that who sends what does not depend on who is faster. */
  private List<Letter> share(int worker) {
    return letters.stream().filter(letter -> (letter.number() - 1) % workers == worker).toList();
  }

  private void send(Session session, List<Letter> share) {
    try (Transport transport = RetryingTransport.wrap(session.getTransport("smtp"), redeliverer)) {
      transport.connect();
      for (Letter letter : share) {
        send(transport, message(session, letter, clock.instant()));
      }
    } catch (MessagingException e) {
      // What was not sent is in no report, and the comparison will say so.
      table.line("PROBLEM   a worker stopped: " + e.getMessage());
    }
  }

  private void send(Transport transport, MimeMessage message) throws MessagingException {
    try {
      transport.sendMessage(message, message.getRecipients(Message.RecipientType.TO));
    } catch (RedeliveryException e) {
      // An application would look at e.report(); here the table has it already.
      table.line("thrown    RedeliveryException: " + e.report().summary());
    }
  }

  static MimeMessage message(Session session, Letter letter, Instant date)
      throws MessagingException {
    MimeMessage message = new MimeMessage(session);
    message.setFrom(letter.sender());
    for (String recipient : letter.recipients()) {
      message.addRecipient(Message.RecipientType.TO, address(recipient));
    }
    message.setSubject("Letter " + letter.number() + ": " + letter.scenario().description());
    message.setSentDate(Date.from(date));
    message.setText(
        "Dear reader, this line is one of many.\r\n".repeat(letter.scenario().size() / 40));
    message.saveChanges();
    message.setHeader("Message-ID", letter.messageId());
    return message;
  }

  private static Address address(String recipient) throws MessagingException {
    return new InternetAddress(recipient);
  }
}
