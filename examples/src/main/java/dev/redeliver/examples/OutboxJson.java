package dev.redeliver.examples;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import dev.redeliver.outbox.Entry;
import dev.redeliver.outbox.EntryState;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What is in an outbox, for programs: one JSON object per line, only ASCII. Not thread-safe. */
final class OutboxJson {
  private final JsonGenerator json;

  OutboxJson(PrintWriter out) throws IOException {
    json = StatusJson.ASCII.createGenerator(out);
    json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    json.setPrettyPrinter(new MinimalPrettyPrinter(""));
  }

  void entries(List<Entry> entries) throws IOException {
    for (Entry entry : entries) {
      json.writeStartObject();
      json.writeStringField("id", entry.id());
      json.writeStringField("messageId", entry.messageId());
      json.writeStringField("idempotencyKey", entry.idempotencyKey().orElse(null));
      json.writeStringField("priority", entry.priority().name().toLowerCase(Locale.ROOT));
      json.writeNumberField("size", entry.size());
      time("submittedAt", Optional.of(entry.submittedAt()));
      time("deadline", Optional.of(entry.deadline()));
      time("finishedAt", entry.finishedAt());
      json.writeArrayFieldStart("recipients");
      for (Entry.Recipient recipient : entry.recipients()) {
        recipient(recipient);
      }
      json.writeEndArray();
      end();
    }
  }

  private void recipient(Entry.Recipient recipient) throws IOException {
    json.writeStartObject();
    json.writeStringField("address", recipient.address());
    json.writeStringField("state", recipient.state().token());
    json.writeNumberField("attempts", recipient.attempts());
    json.writeNumberField("unknownAttempts", recipient.unknownAttempts());
    time("nextTry", recipient.nextTry());
    time("changedAt", Optional.of(recipient.changedAt()));
    known("cause", recipient.cause());
    known("rule", recipient.rule());
    known("reply", recipient.reply());
    known("decision", recipient.decision());
    json.writeEndObject();
  }

  void counts(Map<EntryState, Long> counts) throws IOException {
    json.writeStartObject();
    for (EntryState state : EntryState.values()) {
      json.writeNumberField(state.token(), counts.getOrDefault(state, 0L));
    }
    end();
  }

  private void known(String name, String value) throws IOException {
    json.writeStringField(name, value.isEmpty() ? null : value);
  }

  private void time(String name, Optional<Instant> at) throws IOException {
    json.writeStringField(name, at.map(Instant::toString).orElse(null));
  }

  private void end() throws IOException {
    json.writeEndObject();
    json.writeRaw('\n');
    json.flush();
  }
}
