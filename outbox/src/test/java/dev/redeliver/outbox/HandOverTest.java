package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static dev.redeliver.outbox.World.CAROL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.Resumption;
import dev.redeliver.jakartamail.DeferredMessages;
import dev.redeliver.jakartamail.FrozenMessage;
import dev.redeliver.jakartamail.MailSender;
import dev.redeliver.jakartamail.RedeliveryException;
import dev.redeliver.jakartamail.RetryingTransport;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.event.TransportAdapter;
import jakarta.mail.event.TransportEvent;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What transports and senders leave for later goes to the outbox. */
@Timeout(60)
class HandOverTest extends InWorld {
  private final List<String> problems = new ArrayList<>();

  private World world() throws Exception {
    World world = world(Dialect.SQLITE);
    world.server.on(Stage.RCPT).to(BOB).times(1).reply("450 4.2.0 Greylisted, try again");
    return world;
  }

  private Redeliverer interactive(World world) {
    return Redeliverer.builder(RetryPolicy.builder(Profile.INTERACTIVE).jitter(0).build())
        .clock(world.clock)
        .waiter(world::advance)
        .listener(
            new DeliveryListener() {
              @Override
              public void housekeepingFailed(String what, Exception problem) {
                problems.add(what + ": " + problem.getMessage());
              }
            })
        .build();
  }

  private static Transport transport(World world) throws Exception {
    return world.session().getTransport("smtp");
  }

  @Test
  void wrappedTransport_greylisted_countsAsDeliveredAndIs() throws Exception {
    World world = world();
    World.Node node = world.start();
    Message message = world.message("one", BOB, CAROL);
    message.addRecipient(Message.RecipientType.BCC, new InternetAddress("secret@example.com"));
    CompletableFuture<Integer> delivered = new CompletableFuture<>();
    try (RetryingTransport retrying =
        RetryingTransport.wrap(transport(world), interactive(world), node.outbox)) {
      retrying.addTransportListener(
          new TransportAdapter() {
            @Override
            public void messageDelivered(TransportEvent e) {
              delivered.complete(e.getValidSentAddresses().length);
            }
          });
      retrying.connect();
      retrying.sendMessage(message, InternetAddress.parse(BOB + "," + CAROL));
      assertThat(delivered.get(10, TimeUnit.SECONDS)).isEqualTo(2);
    }
    assertThat(
            world.query(
                "select address || ' ' || state || ' ' || attempts || ' ' || failures from redeliver_recipient"))
        .containsExactly(BOB + " NEW 1 GREYLIST=1");

    node.run();
    assertThat(world.server.accepted()).hasSize(1);
    world.advance(Duration.ofMinutes(5));
    node.run();

    assertThat(world.states()).containsExactly("ACCEPTED");
    assertThat(world.query("select attempts from redeliver_recipient")).containsExactly("2");
    assertThat(world.server.accepted()).hasSize(2);
    assertThat(world.server.accepted().stream().map(ReceivedMessage::text).distinct())
        .singleElement()
        .asString()
        .doesNotContain("secret@example.com");
    assertThat(problems).isEmpty();
  }

  @Test
  void refusedRecipient_isStillAnException() throws Exception {
    World world = world();
    World.Node node = world.start();
    world.server.on(Stage.RCPT).to(CAROL).always().reply("550 5.1.1 No such user");
    try (RetryingTransport retrying =
        RetryingTransport.wrap(transport(world), interactive(world), node.outbox)) {
      retrying.connect();
      assertThatThrownBy(
              () ->
                  retrying.sendMessage(
                      world.message("one", BOB, CAROL), InternetAddress.parse(BOB + "," + CAROL)))
          .isInstanceOfSatisfying(
              RedeliveryException.class,
              e -> {
                assertThat(e.getValidSentAddresses()).hasSize(1);
                assertThat(e.getValidUnsentAddresses()).isNullOrEmpty();
                assertThat(e.getInvalidAddresses()).hasSize(1);
                assertThat(e.report().handedOver()).hasSize(1);
              });
    }
    assertThat(world.states()).containsExactly("NEW");
  }

  @Test
  void outboxCannotTakeIt_theCallerLearns() throws Exception {
    World world = world();
    World.Node node = world.start();
    try (RetryingTransport retrying =
        RetryingTransport.wrap(
            transport(world),
            interactive(world),
            new DeferredMessages() {
              @Override
              public String keep(FrozenMessage message, Resumption left) {
                throw new OutboxException("the disk is full");
              }

              @Override
              public Duration deadline() {
                return node.outbox.deadline();
              }
            })) {
      retrying.connect();
      assertThatThrownBy(
              () -> retrying.sendMessage(world.message("one", BOB), InternetAddress.parse(BOB)))
          .isInstanceOfSatisfying(
              RedeliveryException.class, e -> assertThat(e.getValidUnsentAddresses()).hasSize(1));
    }
    assertThat(problems).containsExactly("outbox: the disk is full");
    assertThat(world.states()).isEmpty();
  }

  @Test
  void senderClosed_whatWaitsIsHandedOver() throws Exception {
    World world = world();
    World.Node node = world.start();
    MailSender sender = MailSender.builder(world.session()).deferTo(node.outbox).build();
    CompletableFuture<DeliveryReport> waits = sender.send(world.message("one", BOB));
    CompletableFuture<DeliveryReport> arrives = sender.send(world.message("two", CAROL));
    assertThat(arrives.get(20, TimeUnit.SECONDS).isComplete()).isTrue();
    while (sender.status().waiting() == 0) {
      Thread.onSpinWait();
    }
    assertThat(sender.close(Duration.ZERO)).isEmpty();

    assertThat(waits.get(20, TimeUnit.SECONDS).handedOver()).hasSize(1);
    assertThat(world.states()).containsExactly("NEW");
  }

  @Test
  void cancelled_isNotHandedOver() throws Exception {
    World world = world();
    World.Node node = world.start();
    try (MailSender sender = MailSender.builder(world.session()).deferTo(node.outbox).build()) {
      CompletableFuture<DeliveryReport> waits = sender.send(world.message("one", BOB));
      while (sender.status().waiting() == 0) {
        Thread.onSpinWait();
      }
      assertThat(waits.cancel(false)).isTrue();
    }
    assertThat(world.states()).isEmpty();
  }

  /** By one session property, for a program that knows nothing of it. */
  @Test
  void sessionProperty_transportHandsOver() throws Exception {
    World world = world();
    Properties properties = new Properties();
    properties.putAll(world.session().getProperties());
    properties.setProperty("mail.smtp.class", "dev.redeliver.jakartamail.RedeliverSmtpTransport");
    properties.setProperty("redeliver.outbox", directory.resolve("by-property.db").toString());
    properties.setProperty("redeliver.profile", "interactive");
    Session session = Session.getInstance(properties);
    MimeMessage message = new MimeMessage(session);
    message.setFrom(new InternetAddress("shop@example.com"));
    message.setRecipient(Message.RecipientType.TO, new InternetAddress(BOB));
    message.setSubject("by property");
    message.setText("Hello");
    Transport.send(message);

    try (Outbox look =
        Outbox.builder(session).location(properties.getProperty("redeliver.outbox")).connect()) {
      assertThat(look.operations().list(Selection.ALL, "", 10))
          .singleElement()
          .satisfies(
              entry -> {
                assertThat(entry.recipients().get(0).attempts()).isEqualTo(1);
                assertThat(entry.deadline())
                    .isEqualTo(entry.submittedAt().plus(Duration.ofDays(5)));
                assertThat(entry.recipients().get(0).nextTry())
                    .get()
                    .satisfies(at -> assertThat(at).isAfter(entry.submittedAt()));
              });
    }
  }

  @Test
  void sessionProperty_foreignDatabase_isRefusedBeforeAnythingIsSent() throws Exception {
    World world = world();
    Properties properties = new Properties();
    properties.putAll(world.session().getProperties());
    properties.setProperty("mail.smtp.class", "dev.redeliver.jakartamail.RedeliverSmtpTransport");
    properties.setProperty("redeliver.outbox", "jdbc:h2:mem:x");
    Session session = Session.getInstance(properties);
    assertThatThrownBy(() -> MailSender.of(session)).hasMessageContaining("jdbc:postgresql:");
    assertThat(world.server.connections()).isZero();
  }
}
