package dev.redeliver.examples;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.RuleMatch;
import dev.redeliver.policy.Decision;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Explanations for programs: one JSON object per line. */
final class JsonExplanation {
  private final JsonGenerator json;
  private final boolean traced;

  JsonExplanation(PrintWriter out, boolean traced) throws IOException {
    this.traced = traced;
    json = new JsonFactory().createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    json.setPrettyPrinter(new MinimalPrettyPrinter(""));
  }

  void write(Explanation explanation) throws IOException {
    json.writeStartObject();
    reply(explanation);
    classification(explanation.classification());
    json.writeBooleanField("mismatch", explanation.mismatch().isPresent());
    decision(explanation.outlook());
    json.writeArrayFieldStart("remarks");
    if (explanation.mismatch().isPresent()) {
      json.writeString(explanation.mismatch().get());
    }
    for (String remark : explanation.remarks()) {
      json.writeString(remark);
    }
    json.writeEndArray();
    if (traced) {
      trace(explanation.trace());
    }
    json.writeEndObject();
    json.writeRaw('\n');
    json.flush();
  }

  private void trace(List<RuleMatch> matches) throws IOException {
    json.writeArrayFieldStart("trace");
    for (RuleMatch match : matches) {
      json.writeStartObject();
      json.writeStringField("rule", match.ruleId());
      json.writeBooleanField("wins", match.equals(matches.get(0)));
      json.writeBooleanField("own", match.own());
      json.writeStringField("evidence", match.evidence());
      json.writeStringField("provider", match.provider().orElse(null));
      json.writeStringField("words", match.words().orElse(null));
      json.writeStringField("basic", match.basic().orElse(null));
      json.writeStringField("enhanced", match.enhanced().orElse(null));
      json.writeStringField("stage", match.stage().orElse(null));
      json.writeStringField("cause", match.cause().token());
      json.writeStringField("handling", match.handling().orElse(null));
      json.writeBooleanField("handles", match.handles());
      json.writeStringField("origin", match.origin());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void reply(Explanation explanation) throws IOException {
    json.writeStringField("stage", explanation.stage().orElse(null));
    json.writeStringField("reply", explanation.reply().toString());
    json.writeNumberField("code", explanation.reply().code());
    json.writeStringField(
        "enhancedStatus", explanation.reply().enhancedStatus().map(Object::toString).orElse(null));
    json.writeStringField("malformation", explanation.reply().malformation().orElse(null));
  }

  private void classification(Classification classification) throws IOException {
    json.writeStringField("severity", token(classification.severity()));
    json.writeStringField("cause", classification.cause().token());
    json.writeStringField("scope", token(classification.scope()));
    json.writeStringField("lane", classification.lane().token());
    json.writeBooleanField("alert", classification.reputationSignal());
    json.writeStringField("meaning", classification.meaning());
    json.writeStringField("advice", classification.advice());
    json.writeStringField("rule", classification.ruleId());
    json.writeStringField("evidence", classification.evidence().toString());
    json.writeStringField("source", classification.source());
    seconds(
        "serverDelaySeconds", classification.delayHint().flatMap(hint -> hint.from(Instant.now())));
  }

  private void decision(Optional<Outlook> outlook) throws IOException {
    json.writeStringField("decision", outlook.map(JsonExplanation::first).orElse("proceed"));
    json.writeArrayFieldStart("waitsSeconds");
    if (outlook.isPresent()) {
      for (Outlook.Try next : outlook.get().tries()) {
        json.writeNumber(secondsOf(next.delay()));
      }
    }
    json.writeEndArray();
    json.writeStringField("endsWith", outlook.map(JsonExplanation::last).orElse(null));
  }

  private static String first(Outlook outlook) {
    return outlook.tries().isEmpty() ? last(outlook) : "retry";
  }

  private static String last(Outlook outlook) {
    if (outlook.end() instanceof Decision.GiveUp giveUp) {
      return giveUp.reason() == Decision.Reason.DEFERRED
          ? "defer"
          : "give-up-" + token(giveUp.reason());
    }
    if (outlook.end() instanceof Decision.Hold) {
      return "hold";
    }
    return outlook.end() instanceof Decision.Fail ? "fail" : "retry";
  }

  private void seconds(String name, Optional<Duration> duration) throws IOException {
    if (duration.isPresent()) {
      json.writeNumberField(name, secondsOf(duration.get()));
    } else {
      json.writeNullField(name);
    }
  }

  private static double secondsOf(Duration duration) {
    return duration.toMillis() / 1000.0;
  }

  private static String token(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
