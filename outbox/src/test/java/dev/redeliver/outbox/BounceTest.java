package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static dev.redeliver.outbox.World.CAROL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.policy.OutboxSettings;
import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.Stage;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What senders are told. */
@Timeout(60)
class BounceTest extends InWorld {
  private static final String SENDER = "shop@example.com";

  private static World.Node node(World world) {
    return world.start(
        builder ->
            builder.settings(OutboxSettings.DEFAULT.withLocation(world.location()).withDsn(true)));
  }

  private static List<ReceivedMessage> notifications(World world) {
    return world.server.accepted().stream()
        .filter(message -> message.recipients().contains(SENDER))
        .toList();
  }

  private static String text(Object part) throws Exception {
    return part instanceof InputStream stream
        ? new String(stream.readAllBytes(), StandardCharsets.UTF_8)
        : String.valueOf(part);
  }

  @ParameterizedTest
  @EnumSource
  void refused_senderGetsAReportOnce(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = node(world);
    world
        .server
        .on(Stage.RCPT)
        .to(BOB)
        .always()
        .reply("550 5.1.1 <bob> No such user\u0007 ünknown");
    node.outbox.submit(world.message("one", BOB, CAROL));
    node.run();
    node.run();

    ReceivedMessage notification = notifications(world).get(0);
    assertThat(notifications(world)).hasSize(1);
    assertThat(notification.mailFrom()).isEmpty();
    MimeMessage message =
        new MimeMessage(
            Session.getInstance(new Properties()),
            new ByteArrayInputStream(notification.content()));
    assertThat(message.getContentType())
        .startsWith("multipart/report")
        .contains("report-type=delivery-status");
    assertThat(message.getHeader("Auto-Submitted", null)).isEqualTo("auto-replied");
    MimeMultipart parts = (MimeMultipart) message.getContent();
    assertThat(parts.getCount()).isEqualTo(3);
    assertThat(text(parts.getBodyPart(0).getContent())).contains(BOB).doesNotContain(CAROL);
    assertThat(parts.getBodyPart(1).getContentType()).isEqualTo("message/delivery-status");
    assertThat(text(parts.getBodyPart(1).getInputStream()))
        .contains("Reporting-MTA: dns; client.example.org")
        .contains("Final-Recipient: rfc822; " + BOB)
        .contains("Action: failed")
        .contains("Status: 5.1.1")
        .contains("Diagnostic-Code: smtp; ")
        .doesNotContain(CAROL);
    assertThat(text(parts.getBodyPart(2).getInputStream()))
        .contains("Subject: one")
        .doesNotContain("Dear customer");
  }

  @ParameterizedTest
  @EnumSource
  void expired_senderIsTold(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = node(world);
    world.server.on(Stage.RCPT).to(BOB).always().reply("451 4.3.0 local error");
    node.outbox.submit(
        Submission.of(world.message("one", BOB)).withDeadline(Duration.ofMinutes(1)));
    node.run();
    assertThat(notifications(world))
        .as("%s", node.outbox.operations().list(Selection.ALL, "", 10))
        .hasSize(1);
    assertThat(notifications(world).get(0).text()).contains("Status: 4.4.7");
  }

  /** The message had a minute; what the sender is told has its time. */
  @ParameterizedTest
  @EnumSource
  void senderGreylists_notificationOutlivesTheMessage(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = node(world);
    world.server.on(Stage.RCPT).to(BOB).always().reply("550 5.1.1 No such user");
    world.server.on(Stage.RCPT).to(SENDER).times(1).reply("450 4.2.0 Greylisted, try again");
    node.outbox.submit(
        Submission.of(world.message("one", BOB)).withDeadline(Duration.ofMinutes(1)));
    for (int i = 0; i < 10; i++) {
      node.run();
      world.advance(Duration.ofMinutes(5));
    }
    assertThat(notifications(world)).hasSize(1);
  }

  /** A notification that cannot be delivered ends there. */
  @ParameterizedTest
  @EnumSource
  void notificationFails_nobodyIsTold(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = node(world);
    world.server.on(Stage.RCPT).to(BOB).always().reply("550 5.1.1 No such user");
    world.server.on(Stage.RCPT).to(SENDER).always().reply("550 5.1.1 No such user");
    node.outbox.submit(world.message("one", BOB));
    node.run();
    assertThat(world.server.accepted()).isEmpty();
    assertThat(world.states()).containsExactly("REFUSED", "REFUSED");
  }
}
