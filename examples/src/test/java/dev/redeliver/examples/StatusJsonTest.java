package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.metrics.StatusPage;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StatusJsonTest {
  private final FakeClock clock = new FakeClock();
  private final RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).name("shop").build();
  private final StatusPage page = new StatusPage(policy, clock);
  private final Redeliverer redeliverer =
      Redeliverer.builder(policy).clock(clock).listener(page).build();

  @Test
  void status_ofEverything_isWholeAndAscii() throws IOException {
    for (int i = 0; i < 3; i++) {
      attempt(
          "<" + i + "\u202e\"@shop>",
          "ann@gmail.com",
          "451 4.7.1 ü <ann@gmail.com> bad reputation");
    }

    OutboxStatus outbox =
        new OutboxStatus(Map.of("held", 2L), Optional.of(clock.instant()), Optional.empty());
    redeliverer.tell(listener -> listener.outboxOpened(() -> outbox));

    String json = StatusJson.of(page.snapshot(redeliverer));

    assertThat(json).matches("\\p{ASCII}+").endsWith("}\n").contains("\\u202E\\\"@shop>");
    Map<String, String> values = values(json);
    assertThat(values)
        .containsEntry("/mailer", "shop")
        .containsEntry("/at", clock.instant().toString())
        .containsEntry("/outboxes/recipients/held", "2")
        .containsEntry("/outboxes/oldest", clock.instant().toString())
        .containsEntry("/outboxes/overdueSince", "null")
        .containsEntry("/messages/total", "3")
        .containsEntry("/messages/first/recipients", "a***@gmail.com")
        .containsEntry("/messages/first/pending", "1")
        .containsEntry(
            "/messages/first/lastFailure/said", "451 4.7.1 ü <a***@gmail.com> bad reputation")
        .containsEntry("/alerts/total", "1")
        .containsEntry("/alerts/first/destination/name", "google")
        .containsEntry("/alerts/first/level", "warning")
        .containsEntry("/destinations/first/state", "paused")
        .containsEntry("/destinations/first/connections", "null")
        .containsEntry("/failures/total", "3")
        .containsEntry("/failures/first/decision", "retry")
        .containsKeys("/failures/first/meaning", "/failures/first/advice", "/failures/first/rule");
  }

  @Test
  void status_overHttp_hasItsHeaders() throws Exception {
    try (MetricsPage server =
        MetricsPage.open(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT), 0)) {
      server.serveStatus(page, redeliverer);
      String url = server.statusUrl();

      HttpResponse<String> html = get(url);
      HttpResponse<String> json = get(url + ".json");

      assertThat(html.statusCode()).isEqualTo(200);
      assertThat(html.headers().map())
          .containsEntry("content-type", List.of("text/html; charset=utf-8"))
          .containsEntry("x-content-type-options", List.of("nosniff"))
          .containsEntry("cache-control", List.of("no-store"));
      assertThat(html.headers().firstValue("Content-Security-Policy").orElse(""))
          .startsWith("default-src 'none'; style-src 'unsafe-inline'");
      assertThat(json.headers().firstValue("Content-Type")).contains("application/json");
      assertThat(values(json.body())).containsEntry("/messages/total", "0");
      assertThat(get(url + "/more").statusCode()).isEqualTo(404);
    }
  }

  private static HttpResponse<String> get(String url) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private void attempt(String id, String to, String reply) {
    Delivery delivery = redeliverer.begin(Envelope.of(id, List.of(to)));
    Recipient recipient = delivery.begin().get(0);
    SmtpFailure failure = new SmtpFailure.Refused(SmtpStage.RCPT, SmtpReply.parse(reply));
    delivery.end(
        new AttemptResult("mx", false, Map.of(recipient, new RecipientResult.Failed(failure))));
  }

  /** {@return the last value at each path; elements of an array are at the path of the array} */
  private static Map<String, String> values(String json) throws IOException {
    Map<String, String> values = new HashMap<>();
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isScalarValue()) {
          String path = parser.getParsingContext().pathAsPointer().toString();
          values.put(path.replaceAll("/\\d+", ""), parser.getText());
        }
      }
    }
    return values;
  }
}
