package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.AddressLog;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusPageTest {
  private static final String SERVER = "relay.example.org";
  private static final String BLAME = "451 4.7.1 Your IP address has a poor reputation";

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private RetryPolicy policy =
      RetryPolicy.builder(Profile.BACKGROUND).name("shop").jitter(0).build();
  private StatusPage page = new StatusPage(policy, () -> now);
  private Redeliverer redeliverer = redeliverer();

  private Redeliverer redeliverer() {
    return Redeliverer.builder(policy).clock(() -> now).listener(page).build();
  }

  private void showing(AddressLog addresses) {
    policy = policy.toBuilder().logAddresses(addresses).build();
    page = new StatusPage(policy, () -> now);
    redeliverer = redeliverer();
  }

  @Test
  void message_handedOver_isPendingInItsTurn() {
    redeliverer.begin(Envelope.of("<1@shop>", List.of("ann@example.org", "bob@gmail.com")));
    now = now.plusSeconds(7);

    StatusSnapshot snapshot = page.snapshot(redeliverer);

    assertThat(snapshot.mailer()).isEqualTo("shop");
    assertThat(snapshot.at()).isEqualTo(now);
    assertThat(snapshot.messages().total()).isEqualTo(1);
    StatusSnapshot.Message message = snapshot.messages().first().get(0);
    assertThat(message.id()).isEqualTo("<1@shop>");
    assertThat(message.handedOverAt()).contains(now.minusSeconds(7));
    assertThat(message.recipients()).containsExactly("a***@example.org", "b***@gmail.com");
    assertThat(message.destinations()).extracting("name").containsExactly("example.org", "google");
    assertThat(message.pending()).isEqualTo(2);
    assertThat(message.attempts()).isZero();
    assertThat(message.nextTry()).isEmpty();
    assertThat(message.lastFailure()).isEmpty();
  }

  @Test
  void message_afterAnAttempt_isPendingForWhoIsLeft() {
    Delivery delivery =
        redeliverer.begin(
            Envelope.of("<1@shop>", List.of("ann@example.org", "bob@example.org", "x@y.example")));
    attempt(
        delivery,
        to ->
            to.index() == 0
                ? accepted()
                : refused(to.index() == 1 ? "450 4.2.0 Greylisted" : "550 5.1.1 User unknown"));

    StatusSnapshot.Message message = page.snapshot(redeliverer).messages().first().get(0);

    assertThat(message.recipients()).containsExactly("b***@example.org");
    assertThat(message.pending()).isEqualTo(1);
    assertThat(message.attempts()).isEqualTo(1);
    assertThat(message.trying()).isFalse();
    assertThat(message.nextTry()).contains(now.plus(Duration.ofMinutes(5)));
    assertThat(message.lastFailure()).isPresent();
  }

  @Test
  void message_inAnAttempt_isBeingTried() {
    Delivery delivery = redeliverer.begin(Envelope.of("<1@shop>", List.of("ann@example.org")));
    delivery.begin();
    assertThat(page.snapshot(redeliverer).messages().first().get(0).trying()).isTrue();

    delivery.withdraw();

    assertThat(page.snapshot(redeliverer).messages().first().get(0).trying()).isFalse();
  }

  @Test
  void message_ended_isPendingNoLonger() {
    redeliverer.deliver(
        Envelope.of("<1@shop>", List.of("ann@example.org")), due -> result(due, to -> accepted()));

    StatusSnapshot snapshot = page.snapshot(redeliverer);

    assertThat(snapshot.messages().total()).isZero();
    assertThat(snapshot.messages().first()).isEmpty();
    assertThat(snapshot.failures().total()).isZero();
  }

  @Test
  void message_handedOverTwice_isPendingTwice() {
    Envelope envelope = Envelope.of("<1@shop>", List.of("ann@example.org"));
    Delivery first = redeliverer.begin(envelope);
    redeliverer.begin(Envelope.of("<1@shop>", List.of("ann@example.org")));
    attempt(first, to -> accepted());
    first.finish();

    assertThat(page.snapshot(redeliverer).messages().first()).hasSize(1);
  }

  @Test
  void message_toPausedDestination_waitsForItsOpening() {
    blame(3, "gmail.com");
    redeliverer.begin(Envelope.of("<9@shop>", List.of("ann@gmail.com")));

    StatusSnapshot snapshot = page.snapshot(redeliverer);

    StatusSnapshot.Message last = snapshot.messages().first().get(3);
    DestinationStatus google = snapshot.destinations().first().get(0);
    assertThat(google.state()).isEqualTo(DestinationStatus.State.PAUSED);
    assertThat(google.why()).isEqualTo(BLAME);
    assertThat(last.id()).isEqualTo("<9@shop>");
    assertThat(last.nextTry()).isPresent().isEqualTo(google.nextAt());
  }

  @Test
  void alert_raised_isShownUntilResolved() {
    blame(3, "example.org");

    StatusSnapshot.Alert alert = page.snapshot(redeliverer).alerts().first().get(0);

    assertThat(alert.level()).isEqualTo("warning");
    assertThat(alert.destination()).hasToString("example.org");
    assertThat(alert.server()).isEqualTo(SERVER);
    assertThat(alert.count()).isEqualTo(3);
    assertThat(alert.said()).isEqualTo(BLAME);

    now = now.plus(Duration.ofHours(2));
    redeliverer.resolveQuiet();

    assertThat(page.snapshot(redeliverer).alerts().total()).isZero();
  }

  @Test
  void failures_ofOneReply_areOneWithItsExplanation() {
    Delivery delivery =
        redeliverer.begin(
            Envelope.of(
                "<1@shop>",
                IntStream.range(0, 25).mapToObj(i -> "someone" + i + "@example.org").toList()));
    RecipientResult same =
        refused("550 5.1.1 <someone3@example.org>: user someone3 unknown; ask help@example.org");
    attempt(delivery, to -> same);

    StatusSnapshot snapshot = page.snapshot(redeliverer);

    assertThat(snapshot.failures().total()).isEqualTo(1);
    StatusSnapshot.Failure failure = snapshot.failures().first().get(0);
    assertThat(failure.said())
        .isEqualTo("550 5.1.1 <s***@example.org>: user s*** unknown; ask h***@example.org");
    assertThat(failure.about()).isEqualTo(25);
    assertThat(failure.recipients()).hasSize(10).contains("s***@example.org");
    assertThat(failure.decision()).isEqualTo("refused");
    assertThat(failure.cause()).isEqualTo("mailbox-unknown");
    assertThat(failure.stage()).isEqualTo("rcpt");
    assertThat(failure.meaning()).isNotEmpty();
    assertThat(failure.advice()).isNotEmpty();
    assertThat(failure.ruleId()).isNotEmpty();
  }

  @Test
  void failures_ofConnections_areShown() {
    redeliverer.serverFailed(
        redeliverer.judge(
            SERVER,
            1,
            new SmtpFailure.Refused(SmtpStage.AUTH, SmtpReply.parse("535 5.7.8 Bad password"))));

    StatusSnapshot.Failure failure = page.snapshot(redeliverer).failures().first().get(0);

    assertThat(failure.decision()).isEqualTo("held");
    assertThat(failure.said()).isEqualTo("535 5.7.8 Bad password");
    assertThat(failure.recipients()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"NONE, ***", "MASKED, b***@example.org", "FULL, bob@example.org"})
  void addresses_areShownAsThePolicySays(AddressLog addresses, String shown) {
    showing(addresses);
    Delivery delivery = redeliverer.begin(Envelope.of("<1@shop>", List.of("bob@example.org")));
    attempt(delivery, to -> refused("450 4.2.2 <bob@example.org> is full, bob@example.org"));

    String html = page.html(redeliverer);

    assertThat(html).contains("450 4.2.2 &lt;" + shown + "&gt; is full, " + shown);
    assertThat(html.contains("bob")).isEqualTo(addresses == AddressLog.FULL);
    List<String> recipients = page.snapshot(redeliverer).messages().first().get(0).recipients();
    assertThat(recipients).isEqualTo(addresses == AddressLog.NONE ? List.of() : List.of(shown));
  }

  @Test
  void messages_beyondTheBound_areCountedAndTakenUpWhenThereIsRoom() {
    List<Delivery> deliveries = new ArrayList<>();
    for (int i = 0; i <= StatusPage.MAX_PENDING; i++) {
      deliveries.add(redeliverer.begin(Envelope.of("<" + i + "@shop>", List.of("a@b.example"))));
    }
    Delivery late = deliveries.get(StatusPage.MAX_PENDING);
    attempt(late, to -> refused("450 4.2.0 Greylisted"));
    assertThat(page.snapshot(redeliverer).messages().total()).isEqualTo(10_001);
    assertThat(page.snapshot(redeliverer).messages().first()).hasSize(100);
    assertThat(page.html(redeliverer)).contains("and 9901 more");

    deliveries.subList(0, StatusPage.MAX_PENDING).forEach(Delivery::finish);
    assertThat(page.html(redeliverer)).contains("None that is known.");
    now = now.plus(Duration.ofMinutes(5));
    attempt(late, to -> refused("450 4.2.0 Greylisted"));

    StatusSnapshot.Listed<StatusSnapshot.Message> messages = page.snapshot(redeliverer).messages();
    assertThat(messages.total()).isEqualTo(1);
    assertThat(messages.first().get(0).id()).isEqualTo("<10000@shop>");
    assertThat(messages.first().get(0).handedOverAt()).isEmpty();
    assertThat(messages.first().get(0).attempts()).isEqualTo(2);
  }

  @Test
  void failures_beyondTheBound_areTheLatest() {
    for (int i = 0; i < 60; i++) {
      String reply = "550 5.1.1 Unknown " + i;
      redeliverer.deliver(
          Envelope.of("<" + i + "@shop>", List.of("a@b.example")),
          due -> result(due, to -> refused(reply)));
    }

    assertThat(page.snapshot(redeliverer).failures().first())
        .hasSize(StatusPage.MAX_FAILURES)
        .extracting(StatusSnapshot.Failure::said)
        .startsWith("550 5.1.1 Unknown 59")
        .endsWith("550 5.1.1 Unknown 10");
  }

  @Test
  void texts_howeverLong_areCut() {
    Delivery delivery = redeliverer.begin(Envelope.of("<" + "i".repeat(5000), List.of("a@b.c")));
    String lines =
        IntStream.range(0, 60)
            .mapToObj(i -> "450-" + "word ".repeat(180) + "\r\n")
            .collect(Collectors.joining());
    attempt(delivery, to -> refused(lines + "450 end"));

    StatusSnapshot snapshot = page.snapshot(redeliverer);

    assertThat(snapshot.failures().first().get(0).said()).hasSize(1001).endsWith("…");
    assertThat(snapshot.messages().first().get(0).id()).hasSize(1001);
  }

  @Test
  void html_ofHostileTexts_hasNoElementOfTheirs() {
    showing(AddressLog.FULL);
    Delivery delivery =
        redeliverer.begin(
            Envelope.of(
                "<script>id</script>", List.of("\"<b>'&\"@<i>.example", "a@\u202e.example")));
    attempt(
        delivery,
        to -> refused("450 4.2.0 </code><script>alert('1')</script>&lt; \u202e \u2028 \u0085 \"x"));

    String html = page.html(redeliverer);

    assertThat(html)
        .contains("&lt;script&gt;id&lt;/script&gt;")
        .contains("&quot;&lt;b&gt;&#39;&amp;&quot;@&lt;i&gt;.example")
        .contains("&lt;/code&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;lt;")
        .contains("a@\\u{202e}.example")
        .doesNotContain("<script", "<b>", "<i>", "\u202e", "\u2028", "\u0085");
  }

  @Test
  void html_ofNothing_saysSo() {
    assertThat(page.html(redeliverer))
        .startsWith("<!DOCTYPE html>\n")
        .contains("<title>Redeliver: shop</title>")
        .contains("<h2 id=\"messages\">Pending messages (0)</h2>\n<p class=\"dim\">None.</p>")
        .contains("as at 2026-01-01T00:00:00Z")
        .doesNotContain("<script", "http:", "https:", "src=");
  }

  @Test
  void html_ofEverything_showsIt() {
    blame(3, "example.org");
    redeliverer.begin(Envelope.of("<9@shop>", List.of("ann@gmail.com")));
    now = now.plusSeconds(90);

    assertThat(page.html(redeliverer))
        .contains("Reputation alerts (1)", "<span class=\"warn\">warning</span>")
        .contains("<span class=\"bad\">paused</span>", "in 13 min")
        .contains("Pending messages (4)", "90 s ago<br><small>2026-01-01T00:00:00Z</small>")
        .contains("<td>in its turn</td>")
        .contains("Latest failures (3)", "<bdi>" + BLAME + "</bdi>");
  }

  @Test
  void outbox_isShownWhileItSends() {
    assertThat(page.html(redeliverer)).doesNotContain("id=\"outbox\"");
    OutboxStatus status =
        new OutboxStatus(
            Map.of("new", 7L, "held", 2L),
            Optional.of(now.minus(Duration.ofHours(5))),
            Optional.of(now.minusSeconds(20)));
    Supplier<OutboxStatus> outbox = () -> status;

    redeliverer.tell(listener -> listener.outboxOpened(outbox));

    assertThat(page.snapshot(redeliverer).outboxes()).containsExactly(status);
    assertThat(page.html(redeliverer))
        .contains("<h2 id=\"outbox\">Outbox (1)</h2>")
        .contains("<tr><td class=\"n\">7</td><td class=\"n\">0</td>")
        .contains("<td class=\"n\"><span class=\"bad\">2</span></td><td class=\"n\">0</td>")
        .contains("5 h ago", "20 s ago");

    redeliverer.tell(listener -> listener.outboxClosed(outbox));

    assertThat(page.snapshot(redeliverer).outboxes()).isEmpty();
  }

  @Test
  void events_fromManyThreads_leaveNothing() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        all.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 100; i++) {
                    redeliverer.deliver(
                        Envelope.of("<1@shop>", List.of("a@b.example")),
                        due -> result(due, to -> refused("550 5.1.1 Unknown")));
                    page.html(redeliverer);
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(page.snapshot(redeliverer).messages().total()).isZero();
    assertThat(page.snapshot(redeliverer).failures().total()).isEqualTo(50);
  }

  private void blame(int times, String domain) {
    for (int i = 0; i < times; i++) {
      Delivery delivery =
          redeliverer.begin(Envelope.of("<" + i + "@shop>", List.of("ann@" + domain)));
      attempt(delivery, to -> refused(BLAME));
    }
  }

  private static void attempt(Delivery delivery, Function<Recipient, RecipientResult> answers) {
    delivery.end(result(delivery.begin(), answers));
  }

  private static AttemptResult result(
      List<Recipient> due, Function<Recipient, RecipientResult> answers) {
    return new AttemptResult(
        SERVER, false, due.stream().collect(Collectors.toMap(to -> to, answers)));
  }

  private static RecipientResult accepted() {
    return new RecipientResult.Accepted(SmtpReply.parse("250 2.0.0 Ok"));
  }

  private static RecipientResult refused(String reply) {
    return new RecipientResult.Failed(
        new SmtpFailure.Refused(SmtpStage.RCPT, SmtpReply.parse(reply)));
  }
}
