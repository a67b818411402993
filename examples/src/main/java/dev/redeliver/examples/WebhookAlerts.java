package dev.redeliver.examples;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.redeliver.policy.AddressLog;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.reputation.ReputationAlertListener;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Tells a webhook about reputation alerts: each one, as it is raised, escalated or resolved, as a
 * JSON object in a POST. Thread-safe.
 *
 * <pre>{@code
 * Redeliverer.builder(policy)
 *     .alertListener(new WebhookAlerts(URI.create("https://chat.example/hook"), policy.logAddresses()))
 *     .build();
 * }</pre>
 *
 * <p>It never keeps a delivery waiting: requests are asynchronous, and at most {@value
 * #MOST_UNDER_WAY} are under way; an alert that comes meanwhile is left out. That, what the webhook
 * does not take, and what does not get there within {@value #SECONDS} seconds is logged, and not
 * sent again: the gauge {@code redeliver.reputation.alert.active} tells the same and forgets
 * nothing.
 */
public final class WebhookAlerts implements ReputationAlertListener {
  /** The most requests under way at a time. */
  public static final int MOST_UNDER_WAY = 16;

  private static final int SECONDS = 10;
  private static final System.Logger LOGGER = System.getLogger("dev.redeliver.examples.webhook");

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(SECONDS)).build();
  private final Semaphore room = new Semaphore(MOST_UNDER_WAY);
  private final URI webhook;
  private final AddressLog addresses;
  private final System.Logger logger;

  /**
   * Makes a listener for one webhook.
   *
   * @param webhook where to; may hold a secret, and is not logged
   * @param addresses how much of an address that a server quotes leaves the house, such as {@code
   *     policy.logAddresses()}
   * @throws IllegalArgumentException if the address is not one of HTTP
   */
  public WebhookAlerts(URI webhook, AddressLog addresses) {
    this(webhook, addresses, LOGGER);
  }

  WebhookAlerts(URI webhook, AddressLog addresses, System.Logger logger) {
    this.webhook = HttpRequest.newBuilder(webhook).build().uri();
    this.addresses = Objects.requireNonNull(addresses, "addresses");
    this.logger = logger;
  }

  @Override
  public void reputationAlert(ReputationAlert alert) {
    HttpRequest request =
        HttpRequest.newBuilder(webhook)
            .timeout(Duration.ofSeconds(SECONDS))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json(alert)))
            .build();
    if (!room.tryAcquire()) {
      warn("not told of an alert for " + alert.destination() + ": it has yet to take others");
      return;
    }
    var unused =
        http.sendAsync(request, HttpResponse.BodyHandlers.discarding())
            .whenComplete((response, problem) -> ended(alert, response, problem));
  }

  private void ended(
      ReputationAlert alert, @Nullable HttpResponse<Void> response, @Nullable Throwable problem) {
    room.release();
    if (problem != null) {
      warn("not told of an alert for " + alert.destination() + ": " + problem);
    } else if (response != null && response.statusCode() / 100 != 2) {
      warn(
          "not willing to take an alert for "
              + alert.destination()
              + ": HTTP "
              + response.statusCode());
    }
  }

  private void warn(String what) {
    logger.log(System.Logger.Level.WARNING, "the webhook was " + what);
  }

  private String json(ReputationAlert alert) {
    StringWriter out = new StringWriter();
    try (JsonGenerator json = StatusJson.ASCII.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("state", alert.state().name().toLowerCase(Locale.ROOT));
      json.writeStringField("level", alert.level().token());
      json.writeStringField("destination", alert.destination().name());
      json.writeStringField("provider", alert.destination().provider());
      json.writeStringField("server", alert.server());
      json.writeStringField("cause", alert.cause().token());
      json.writeStringField("said", addresses.shownIn(alert.failure().describe(), List.of()));
      json.writeStringField("rule", alert.ruleId());
      json.writeNumberField("count", alert.count());
      json.writeStringField("firstSeen", alert.firstSeen().toString());
      json.writeStringField("lastSeen", alert.lastSeen().toString());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString();
  }
}
