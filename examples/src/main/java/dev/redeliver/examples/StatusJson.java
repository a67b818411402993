package dev.redeliver.examples;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.metrics.StatusSnapshot;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A status for programs: one JSON object. Only ASCII, so that what servers say steers no terminal.
 * Times are ISO-8601; what is not known is null.
 */
final class StatusJson {
  /** Makes JSON that is safe to be shown anywhere. */
  static final JsonFactory ASCII =
      new JsonFactoryBuilder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final JsonGenerator json;

  private StatusJson(JsonGenerator json) {
    this.json = json;
  }

  /** Writes one element of an array. */
  @FunctionalInterface
  private interface Element<T> {
    void write(T element) throws IOException;
  }

  static String of(StatusSnapshot status) throws IOException {
    StringWriter out = new StringWriter();
    try (JsonGenerator json = ASCII.createGenerator(out)) {
      new StatusJson(json).write(status);
    }
    return out.append('\n').toString();
  }

  private void write(StatusSnapshot status) throws IOException {
    json.writeStartObject();
    json.writeStringField("mailer", status.mailer());
    time("at", Optional.of(status.at()));
    listed("alerts", status.alerts(), this::alert);
    listed("destinations", status.destinations(), this::destination);
    json.writeArrayFieldStart("outboxes");
    for (OutboxStatus outbox : status.outboxes()) {
      outbox(outbox);
    }
    json.writeEndArray();
    listed("messages", status.messages(), this::message);
    listed("failures", status.failures(), this::failure);
    json.writeEndObject();
  }

  private <T> void listed(String name, StatusSnapshot.Listed<T> listed, Element<T> element)
      throws IOException {
    json.writeObjectFieldStart(name);
    json.writeNumberField("total", listed.total());
    json.writeArrayFieldStart("first");
    for (T one : listed.first()) {
      json.writeStartObject();
      element.write(one);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void alert(StatusSnapshot.Alert alert) throws IOException {
    json.writeStringField("level", alert.level());
    json.writeStringField("server", alert.server());
    destination("destination", alert.destination());
    json.writeStringField("cause", alert.cause());
    json.writeStringField("said", alert.said());
    json.writeStringField("rule", alert.ruleId());
    json.writeNumberField("count", alert.count());
    time("firstSeen", Optional.of(alert.firstSeen()));
    time("lastSeen", Optional.of(alert.lastSeen()));
  }

  private void destination(DestinationStatus status) throws IOException {
    destination("destination", status.destination());
    json.writeStringField("state", status.state().token());
    time("nextAt", status.nextAt());
    if (Double.isFinite(status.ratePerMinute())) {
      json.writeNumberField("ratePerMinute", status.ratePerMinute());
    } else {
      json.writeNullField("ratePerMinute");
    }
    json.writeNumberField("busy", status.busy());
    if (status.connections() == Integer.MAX_VALUE) {
      json.writeNullField("connections");
    } else {
      json.writeNumberField("connections", status.connections());
    }
    json.writeStringField("why", status.why());
  }

  private void outbox(OutboxStatus outbox) throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart("recipients");
    for (Map.Entry<String, Long> state : new TreeMap<>(outbox.recipients()).entrySet()) {
      json.writeNumberField(state.getKey(), state.getValue());
    }
    json.writeEndObject();
    time("oldest", outbox.oldest());
    time("overdueSince", outbox.overdueSince());
    json.writeEndObject();
  }

  private void message(StatusSnapshot.Message message) throws IOException {
    json.writeStringField("id", message.id());
    time("handedOverAt", message.handedOverAt());
    json.writeArrayFieldStart("destinations");
    for (Destination destination : message.destinations()) {
      json.writeString(destination.name());
    }
    json.writeEndArray();
    strings("recipients", message.recipients());
    json.writeNumberField("pending", message.pending());
    json.writeNumberField("attempts", message.attempts());
    json.writeBooleanField("trying", message.trying());
    time("nextTry", message.nextTry());
    if (message.lastFailure().isPresent()) {
      json.writeObjectFieldStart("lastFailure");
      failure(message.lastFailure().get());
      json.writeEndObject();
    } else {
      json.writeNullField("lastFailure");
    }
  }

  private void failure(StatusSnapshot.Failure failure) throws IOException {
    time("at", Optional.of(failure.at()));
    json.writeStringField("server", failure.server());
    json.writeStringField("stage", failure.stage());
    strings("recipients", failure.recipients());
    json.writeNumberField("about", failure.about());
    json.writeStringField("said", failure.said());
    json.writeStringField("cause", failure.cause());
    json.writeStringField("meaning", failure.meaning());
    json.writeStringField("decision", failure.decision());
    json.writeStringField("why", failure.why());
    json.writeStringField("advice", failure.advice());
    json.writeStringField("rule", failure.ruleId());
  }

  private void destination(String name, Destination destination) throws IOException {
    json.writeObjectFieldStart(name);
    json.writeStringField("kind", destination.kind().name().toLowerCase(Locale.ROOT));
    json.writeStringField("name", destination.name());
    json.writeEndObject();
  }

  private void strings(String name, List<String> values) throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }

  private void time(String name, Optional<Instant> at) throws IOException {
    json.writeStringField(name, at.map(Instant::toString).orElse(null));
  }
}
