package dev.redeliver.delivery;

import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Answers each transaction with the next of a list of scripts, and notes whom it was asked for. */
final class ScriptedSubmitter implements Submitter {
  final List<List<String>> asked = new ArrayList<>();
  private final Deque<Function<Recipient, RecipientResult>> scripts = new ArrayDeque<>();
  private boolean reused;

  ScriptedSubmitter then(Function<Recipient, RecipientResult> script) {
    scripts.add(script);
    return this;
  }

  ScriptedSubmitter onReusedConnection() {
    reused = true;
    return this;
  }

  @Override
  public AttemptResult attempt(List<Recipient> pending) {
    asked.add(pending.stream().map(Recipient::address).toList());
    Function<Recipient, RecipientResult> script =
        scripts.size() > 1 ? scripts.removeFirst() : scripts.getFirst();
    Map<Recipient, RecipientResult> results = new HashMap<>();
    pending.forEach(recipient -> results.put(recipient, script.apply(recipient)));
    boolean wasReused = reused;
    reused = true;
    return new AttemptResult("mx.example.org", wasReused, results);
  }

  static RecipientResult accepted() {
    return new RecipientResult.Accepted(SmtpReply.parse("250 2.0.0 queued"));
  }

  static RecipientResult refused(SmtpStage stage, String reply) {
    return new RecipientResult.Failed(new SmtpFailure.Refused(stage, SmtpReply.parse(reply)));
  }

  static RecipientResult lost(SmtpStage stage) {
    SmtpFailure failure =
        new SmtpFailure.Disconnected(stage, SmtpFailure.Fault.LOST, "connection reset");
    return stage == SmtpStage.END_OF_DATA
        ? new RecipientResult.Unknown(failure)
        : new RecipientResult.Failed(failure);
  }
}
