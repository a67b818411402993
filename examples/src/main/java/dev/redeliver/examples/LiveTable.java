package dev.redeliver.examples;

import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.policy.Decision;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints what happens, as it happens, and keeps the reports. Thread-safe. */
final class LiveTable implements DeliveryListener {
  private static final String ROW = "%-8s  %3s  %-23s  %-62s  %-25s  %s";
  private static final int REPLY = 62;
  private static final int BAR = 40;
  private static final int STEP = 10;
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final Terminal terminal;
  private final Instant start;
  private final int messages;
  private final List<DeliveryReport> reports = new ArrayList<>();
  private int alerts;
  private int before;

  LiveTable(Terminal terminal, Instant start, int messages) {
    this.terminal = terminal;
    this.start = start;
    this.messages = messages;
  }

  synchronized void begin() {
    line(ROW.formatted("time", "try", "recipient", "reply", "decision", "next try"));
  }

  /** Takes into account what another process has finished. */
  synchronized void goOn(int finished) {
    before = finished;
    if (finished > 0) {
      line("progress  " + finished + " of " + messages + " messages were finished before");
    }
  }

  private int done() {
    return before + reports.size();
  }

  @Override
  public synchronized void attemptFinished(Attempt attempt) {
    attempt.recipients().forEach(recipient -> line(row(recipient)));
    drawBar();
  }

  @Override
  public synchronized void reputationAlert(ReputationAlert alert) {
    if (alert.state() == ReputationAlert.State.RAISED) {
      alerts++;
    }
    line(
        "ALERT     %s: %s blames us for %s, %s; latest: %s (rule %s)"
            .formatted(
                alert.state().name().toLowerCase(Locale.ROOT),
                alert.destination(),
                alert.cause().token(),
                Words.count(alert.count(), "signal"),
                alert.failure().describe(),
                alert.ruleId()));
    drawBar();
  }

  @Override
  public synchronized void deliveryFinished(DeliveryReport report) {
    reports.add(report);
    if (!terminal.interactive() && done() % STEP == 0) {
      line("progress  " + done() + " of " + messages + " messages finished");
    }
    drawBar();
  }

  synchronized void end() {
    if (terminal.interactive()) {
      terminal.out().print(CLEAR_LINE);
    }
  }

  synchronized List<DeliveryReport> reports() {
    return List.copyOf(reports);
  }

  synchronized int alerts() {
    return alerts;
  }

  synchronized void line(String text) {
    terminal.out().println((terminal.interactive() ? CLEAR_LINE : "") + text);
    terminal.out().flush();
  }

  private void drawBar() {
    if (terminal.interactive()) {
      int done = BAR * done() / messages;
      terminal
          .out()
          .print(
              CLEAR_LINE
                  + "["
                  + "#".repeat(done)
                  + ".".repeat(BAR - done)
                  + "] "
                  + done()
                  + " of "
                  + messages
                  + " messages");
      terminal.out().flush();
    }
  }

  private String row(RecipientAttempt recipient) {
    return ROW.formatted(
            since(recipient.at()),
            recipient.attempt(),
            recipient.recipient(),
            Words.cut(reply(recipient), REPLY),
            decision(recipient),
            nextTry(recipient))
        .stripTrailing();
  }

  private static String reply(RecipientAttempt recipient) {
    return recipient.result() instanceof RecipientResult.Accepted accepted
        ? accepted.reply().toString()
        : recipient.failure().map(SmtpFailure::describe).orElse("");
  }

  private static String decision(RecipientAttempt recipient) {
    Decision decision = recipient.decision().orElse(null);
    if (decision instanceof Decision.Retry retry) {
      return (recipient.result() instanceof RecipientResult.Unknown ? "unknown, retry " : "retry ")
          + retry.lane().token();
    }
    if (decision instanceof Decision.GiveUp giveUp) {
      return giveUp.reason() == Decision.Reason.UNKNOWN_OUTCOME
          ? "unknown"
          : "deferred: " + giveUp.reason().name().toLowerCase(Locale.ROOT);
    }
    if (decision instanceof Decision.Hold) {
      return "hold";
    }
    return decision == null ? "accepted" : "refused";
  }

  private String nextTry(RecipientAttempt recipient) {
    Decision decision = recipient.decision().orElse(null);
    if (decision instanceof Decision.Retry retry) {
      return retry.delay().isZero() ? "at once" : since(recipient.at().plus(retry.delay()));
    }
    if (decision instanceof Decision.GiveUp giveUp) {
      return giveUp.laterTry().map(at -> "(" + since(at) + ")").orElse("");
    }
    return "";
  }

  private String since(Instant moment) {
    return Words.clock(Duration.between(start, moment));
  }
}
