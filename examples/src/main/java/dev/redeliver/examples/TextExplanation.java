package dev.redeliver.examples;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Evidence;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.RuleMatch;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.RetryPolicy;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Explanations for people. */
final class TextExplanation {
  private static final int LABEL = 12;
  private static final int WIDTH = 86;
  private static final int TRIES = 5;
  private static final Map<String, String> KINDS =
      Map.of("enhanced-status", "status", "basic-code", "code");

  private final RetryPolicy policy;
  private final PrintWriter out;
  private final boolean traced;

  TextExplanation(RetryPolicy policy, PrintWriter out, boolean traced) {
    this.policy = policy;
    this.out = out;
    this.traced = traced;
  }

  void write(Explanation explanation) {
    Classification classification = explanation.classification();
    String reply = explanation.reply().toString();
    out.println(reply.isEmpty() ? "(an empty reply)" : reply);
    explanation.stage().ifPresent(stage -> field("stage", stage));
    field("meaning", classification.meaning());
    if (explanation.outlook().isPresent()) {
      field("cause", classification.cause().token() + ", about " + scope(classification));
    }
    field("severity", severity(explanation));
    explanation.mismatch().ifPresent(text -> field("mismatch", text));
    field("decision", decision(explanation));
    schedule(explanation);
    field("advice", classification.advice());
    if (classification.reputationSignal()) {
      field("alert", alert());
    }
    field("why", why(explanation.trace().get(0), classification));
    field("source", classification.source());
    explanation.remarks().forEach(remark -> field("remark", remark));
    if (traced) {
      trace(explanation.trace());
    }
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
      case RECIPIENT -> "the recipient";
      case MESSAGE -> "the message";
      case SENDER -> "the sender";
      case CONNECTION -> "this connection";
      case HOST -> "the server";
      case CONFIGURATION -> "the set-up on our side";
    };
  }

  private String severity(Explanation explanation) {
    Classification read = explanation.classification();
    int firstDigit = explanation.reply().code() / 100;
    return switch (read.severity()) {
      case SUCCESS -> "success";
      case INTERMEDIATE -> "intermediate: go on";
      case TRANSIENT ->
          "transient"
              + switch (firstDigit) {
                case 0 -> ": a refusal without a code is taken for a passing one";
                case 5 ->
                    ", because your rule says so: the code "
                        + explanation.reply().code()
                        + " is permanent";
                default -> ": the same request may succeed later";
              };
      case PERMANENT -> "permanent" + permanent(read, firstDigit);
    };
  }

  private String permanent(Classification read, int firstDigit) {
    if (read.handling() == Handling.RETRY) {
      return ", but of a kind that passes: on the allow-list of 5yz that are tried later"
          + (policy.allowList() ? "" : ", which is switched off");
    }
    return firstDigit == 0
        ? " by its words; the code is lost"
        : ": the same request will be refused again";
  }

  private String decision(Explanation explanation) {
    if (explanation.outlook().isEmpty()) {
      return explanation.isOpen()
          ? "none yet: " + explanation.reply().code() + " is no final answer here"
          : "proceed: nothing failed";
    }
    Outlook outlook = explanation.outlook().get();
    Classification read = explanation.classification();
    if (outlook.tries().isEmpty()) {
      return end(outlook);
    }
    Duration first = outlook.tries().get(0).delay();
    String later =
        "try again after "
            + Words.of(first)
            + hint(read, first)
            + " (lane "
            + read.lane().token()
            + ")";
    return switch (read.handling()) {
      case RECONNECT -> "once more at once, on a fresh connection; then " + end(outlook);
      case RESUME ->
          "send the rest at once if it had accepted another recipient; otherwise " + later;
      default -> later;
    };
  }

  private static String hint(Classification read, Duration delay) {
    return read.delayHint()
        .flatMap(hint -> hint.from(Instant.now()))
        .map(
            asked ->
                asked.minus(delay).abs().compareTo(Duration.ofMinutes(1)) < 0
                    ? ", as the server asks"
                    : "; the server asks for " + Words.of(asked) + ", and 1 s to 24 h are honoured")
        .orElse("");
  }

  private String end(Outlook outlook) {
    if (outlook.end() instanceof Decision.Fail) {
      return "fail: never sent to this recipient again unchanged";
    }
    if (outlook.end() instanceof Decision.Hold) {
      return "hold: the message is kept and no recipient blamed; fix the set-up, then send again";
    }
    String later = outlook.laterTry().map(Words::of).orElse("no time");
    Decision.GiveUp giveUp = (Decision.GiveUp) outlook.end();
    return switch (giveUp.reason()) {
      case ATTEMPTS ->
          "gives up after "
              + Words.count(policy.maxAttempts(), "attempt")
              + "; the report says to try again "
              + later
              + " after the first";
      case DEADLINE ->
          "gives up: the next try, "
              + later
              + " after the first, would be past the deadline of "
              + Words.of(policy.deadline());
      case DEFERRED ->
          "defer: lane "
              + giveUp.lane().token()
              + " is not waited for in process ("
              + policy.profile().token()
              + " profile); the report says to try again after "
              + later;
      case UNKNOWN_OUTCOME, INTERRUPTED, HANDED_OVER -> "gives up: " + giveUp.why();
    };
  }

  private void schedule(Explanation explanation) {
    if (explanation.outlook().isEmpty()
        || explanation.outlook().get().tries().isEmpty()
        || explanation.classification().handling() == Handling.RECONNECT) {
      return;
    }
    Outlook outlook = explanation.outlook().get();
    String jitter =
        policy.jitter() == 0 || explanation.classification().delayHint().isPresent()
            ? ""
            : ", each up to " + Math.round(policy.jitter() * 100) + " % shorter at random";
    String end = outlook.complete() ? "; then " + end(outlook) : "";
    field(
        "schedule",
        "waits " + waits(outlook) + jitter + end + " (" + policy.profile().token() + " profile)");
  }

  private static String waits(Outlook outlook) {
    List<String> waits = outlook.tries().stream().map(next -> Words.of(next.delay())).toList();
    if (waits.size() > 2 && waits.stream().distinct().count() == 1) {
      return waits.get(0) + ", " + waits.size() + " times";
    }
    int shown = Math.min(TRIES, waits.size());
    String rest = waits.size() == shown ? "" : ", and " + (waits.size() - shown) + " more";
    return String.join(", ", waits.subList(0, shown)) + rest;
  }

  private String alert() {
    return "counts: "
        + policy.alertThreshold()
        + " such answers of a server within "
        + Words.of(policy.alertWindow())
        + " raise an alert";
  }

  private static String why(RuleMatch winner, Classification read) {
    String provider = winner.provider().map(token -> "a reply of " + token + ", and ").orElse("");
    String by =
        winner.words().map(words -> "its words match " + wanted(words)).orElse(codes(winner, read));
    return provider + by + (winner.own() ? " (your rule " : " (rule ") + winner.ruleId() + ")";
  }

  private static String codes(RuleMatch winner, Classification read) {
    Evidence evidence = read.evidence();
    if (winner.enhanced().isPresent() && evidence.status().isPresent()) {
      return "the status " + evidence.status().get() + " says so";
    }
    return evidence.code() == 0 ? "it has no code" : "the code " + evidence.code() + " says so";
  }

  /** {@return what a phrase asks for; what must not be there is left out} */
  private static String wanted(String words) {
    return Arrays.stream(words.split("&", -1))
        .map(String::strip)
        .filter(term -> !term.startsWith("!"))
        .map(term -> "'" + term + "'")
        .collect(Collectors.joining(" and "));
  }

  private static String unwanted(String words) {
    long count =
        Arrays.stream(words.split("&", -1)).filter(term -> term.strip().startsWith("!")).count();
    return count == 0 ? "" : " and not " + Words.count((int) count, "other");
  }

  private void trace(List<RuleMatch> matches) {
    field(
        "trace",
        matches.size() == 1
            ? "one rule matches"
            : matches.size()
                + " rules match, the first wins; order: yours, provider, text, status, code");
    Table table = new Table(5, "rule", "kind", "matched by", "cause", "from");
    for (RuleMatch match : matches) {
      table.row(
          match.ruleId(),
          match.own() ? "yours" : KINDS.getOrDefault(match.evidence(), match.evidence()),
          conditions(match),
          match.cause().token() + match.handling().map(word -> ", " + word).orElse(""),
          match.own() ? match.origin() : "built in");
    }
    table.lines().forEach(line -> out.println("    " + line));
    handledBy(matches).ifPresent(text -> field("", text));
  }

  private static String conditions(RuleMatch match) {
    List<String> parts = new ArrayList<>();
    match.provider().ifPresent(token -> parts.add("provider " + token));
    match.words().ifPresent(words -> parts.add("words " + wanted(words) + unwanted(words)));
    match.enhanced().ifPresent(status -> parts.add("status " + status));
    match.basic().ifPresent(code -> parts.add("code " + code));
    match.stage().ifPresent(stage -> parts.add("stage " + stage));
    return parts.isEmpty() ? "any reply" : String.join("; ", parts);
  }

  /**
   * A rule that does not say what to do leaves it to one about codes, if that is about the same.
   */
  private static Optional<String> handledBy(List<RuleMatch> matches) {
    RuleMatch winner = matches.get(0);
    return matches.stream()
        .filter(match -> match.handles() && !match.equals(winner))
        .findFirst()
        .map(
            match ->
                winner.ruleId()
                    + " leaves open what to do; "
                    + match.ruleId()
                    + " says it: "
                    + match.handling().orElse(""));
  }
}
