package dev.redeliver.examples;

import dev.redeliver.classify.Classification;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.RetryPolicy;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Explanations for people. */
final class TextExplanation {
  private static final int LABEL = 12;
  private static final int WIDTH = 86;
  private static final int TRIES = 5;

  private final RetryPolicy policy;
  private final PrintWriter out;

  TextExplanation(RetryPolicy policy, PrintWriter out) {
    this.policy = policy;
    this.out = out;
  }

  void write(Explanation explanation) {
    Classification classification = explanation.classification();
    String reply = explanation.reply().toString();
    out.println(reply.isEmpty() ? "(an empty reply)" : reply);
    explanation.stage().ifPresent(stage -> field("stage", stage));
    field("meaning", classification.meaning());
    field("cause", classification.cause().token());
    field("about", "the " + scope(classification));
    field("severity", severity(classification));
    field("decision", decision(explanation));
    explanation.outlook().ifPresent(this::schedule);
    field("advice", classification.advice());
    field("alert", alert(classification));
    field("rule", rule(classification));
    field("source", classification.source());
    explanation.remarks().forEach(remark -> field("remark", remark));
  }

  private void field(String label, String text) {
    if (text.isBlank()) {
      return;
    }
    String name = label;
    for (String line : Words.wrap(text, WIDTH)) {
      out.println("  " + name + " ".repeat(LABEL - name.length()) + line);
      name = "";
    }
  }

  private static String scope(Classification classification) {
    return switch (classification.scope()) {
      case RECIPIENT -> "recipient";
      case MESSAGE -> "message";
      case SENDER -> "sender";
      case CONNECTION -> "connection";
      case HOST -> "server";
      case CONFIGURATION -> "set-up on our side";
    };
  }

  private static String severity(Classification classification) {
    String token = classification.severity().name().toLowerCase(Locale.ROOT);
    return switch (classification.severity()) {
      case SUCCESS -> token;
      case INTERMEDIATE -> token + ": go on";
      case TRANSIENT -> token + ": the same request may succeed later";
      case PERMANENT -> token + ": the same request will be refused again";
    };
  }

  private String decision(Explanation explanation) {
    if (explanation.outlook().isEmpty()) {
      return "proceed: nothing failed";
    }
    Outlook outlook = explanation.outlook().get();
    if (!outlook.tries().isEmpty()) {
      return retry(explanation.classification(), outlook);
    }
    return end(outlook);
  }

  private static String retry(Classification classification, Outlook outlook) {
    Outlook.Try first = outlook.tries().get(0);
    String hint = classification.delayHint().isPresent() ? ", as the server asks" : "";
    return first.delay().isZero()
        ? "retry at once on a fresh connection"
        : "retry after "
            + Words.of(first.delay())
            + hint
            + ", lane "
            + classification.lane().token();
  }

  private static String end(Outlook outlook) {
    if (outlook.end() instanceof Decision.Fail) {
      return "fail: never sent to this recipient again unchanged";
    }
    if (outlook.end() instanceof Decision.Hold) {
      return "hold: the message is kept until the set-up is fixed";
    }
    return giveUp((Decision.GiveUp) outlook.end());
  }

  private static String giveUp(Decision.GiveUp giveUp) {
    String later =
        giveUp
            .laterTry()
            .map(
                at ->
                    "; a later try would be right "
                        + Words.of(Outlook.sinceStart(at))
                        + " after the start")
            .orElse("");
    return reason(giveUp.reason()) + later;
  }

  private static String reason(Decision.Reason reason) {
    return switch (reason) {
      case ATTEMPTS -> "give up: all attempts are used up";
      case DEADLINE -> "give up: the next try would come after the deadline";
      case DEFERRED -> "defer: too long to wait for in process";
      case UNKNOWN_OUTCOME -> "give up: the outcome is unknown";
      case INTERRUPTED -> "give up: interrupted";
    };
  }

  private void schedule(Outlook outlook) {
    if (outlook.tries().isEmpty()) {
      return;
    }
    List<Outlook.Try> shown = outlook.tries().subList(0, Math.min(TRIES, outlook.tries().size()));
    String tries =
        shown.stream().map(next -> Words.of(next.delay())).collect(Collectors.joining(", "));
    int more = outlook.tries().size() - shown.size();
    String rest = more == 0 ? "" : ", and " + more + " more";
    String jitter =
        policy.jitter() == 0
            ? ""
            : "; each up to " + Math.round(policy.jitter() * 100) + " % shorter at random";
    String end = outlook.complete() ? "; then " + end(outlook) : "";
    field(
        "schedule",
        "waits " + tries + rest + jitter + end + " (" + policy.profile().token() + " profile)");
  }

  private String alert(Classification classification) {
    return classification.reputationSignal()
        ? "yes: "
            + policy.alertThreshold()
            + " such answers of a server within "
            + Words.of(policy.alertWindow())
            + " raise an alert"
        : "no";
  }

  private static String rule(Classification classification) {
    String evidence = classification.evidence().toString();
    return classification.ruleId() + (evidence.isBlank() ? "" : ", by " + evidence);
  }
}
