package dev.redeliver.metrics;

import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Writes a snapshot as a page. Used once; not thread-safe. */
final class StatusHtml {
  private static final String STYLE =
      """
      :root { color-scheme: light dark; --line: #ccc; --dim: #666; --bad: #b00020; --warn: #8a5a00; }
      @media (prefers-color-scheme: dark) {
        :root { --line: #444; --dim: #aaa; --bad: #ff8a80; --warn: #ffc46b; }
      }
      body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5em; max-width: 110em; }
      h1 { font-size: 1.4em; margin: 0; }
      h2 { font-size: 1.1em; margin: 2em 0 .4em; }
      p { margin: .3em 0; }
      small, .dim { color: var(--dim); }
      .bad { color: var(--bad); font-weight: 600; }
      .warn { color: var(--warn); font-weight: 600; }
      table { border-collapse: collapse; width: 100%; }
      th, td { border-bottom: 1px solid var(--line); padding: .35em .8em .35em 0; text-align: left;
        vertical-align: top; }
      th { font-weight: 600; white-space: nowrap; }
      bdi { overflow-wrap: anywhere; }
      td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
      td.t { white-space: nowrap; }
      td.w { min-width: 12em; }
      code { font: 13px/1.45 ui-monospace, monospace; }
      """;

  private final StatusSnapshot status;
  private final StringBuilder out = new StringBuilder(16_384);

  private StatusHtml(StatusSnapshot status) {
    this.status = status;
  }

  static String of(StatusSnapshot status) {
    StatusHtml page = new StatusHtml(status);
    page.write();
    return page.out.toString();
  }

  private void write() {
    String title = "Redeliver: " + Html.escape(status.mailer());
    out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .append("<meta http-equiv=\"refresh\" content=\"5\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .append("<title>" + title + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n")
        .append("<h1>" + title + "</h1>\n<p class=\"dim\">as at ")
        .append(stamp(status.at()) + "</p>\n");
    alerts();
    destinations();
    if (!status.outboxes().isEmpty()) {
      outboxes();
    }
    messages();
    failures();
    out.append("</body>\n</html>\n");
  }

  private void alerts() {
    section(
        "alerts",
        "Reputation alerts",
        status.alerts(),
        "<th>level<th>who blames us<th>for<th class=\"n\">signals<th>latest answer<th>latest<th>first",
        alert -> {
          cell(mark(alert.level().equals("critical") ? "bad" : "warn", alert.level()));
          cell(destination(alert.destination()) + small("over " + alert.server()));
          cell(Html.escape(alert.cause()));
          number(alert.count());
          cell(said(alert.said()) + small("rule " + alert.ruleId()));
          time(alert.lastSeen());
          time(alert.firstSeen());
        });
  }

  private void destinations() {
    section(
        "destinations",
        "Destinations",
        status.destinations(),
        "<th>destination<th>state<th>next at<th class=\"n\">a minute<th class=\"n\">under way"
            + "<th class=\"n\">at a time<th>because",
        destination -> {
          cell(destination(destination.destination()));
          cell(mark(mark(destination.state()), destination.state().token()));
          time(destination.nextAt());
          number(rate(destination.ratePerMinute()));
          number(destination.busy());
          number(
              destination.connections() == Integer.MAX_VALUE
                  ? "no limit"
                  : Integer.toString(destination.connections()));
          cell(said(destination.why()));
        });
  }

  private static String mark(DestinationStatus.State state) {
    return switch (state) {
      case PAUSED -> "bad";
      case PROBING, PACED -> "warn";
      case FREE -> "";
    };
  }

  private static String rate(double perMinute) {
    return Double.isFinite(perMinute) ? String.format(Locale.ROOT, "%.1f", perMinute) : "no limit";
  }

  private void outboxes() {
    section(
        "outbox",
        "Outbox",
        new StatusSnapshot.Listed<>(status.outboxes().size(), status.outboxes()),
        "<th class=\"n\">recipients not tried yet<th class=\"n\">to be tried again"
            + "<th class=\"n\">held<th class=\"n\">being sent<th>oldest message<th>due longest",
        outbox -> {
          number(recipients(outbox, "new"));
          number(recipients(outbox, "deferred"));
          long held = recipients(outbox, "held");
          number(mark(held > 0 ? "bad" : "", Long.toString(held)));
          number(recipients(outbox, "transmitting"));
          time(outbox.oldest());
          time(outbox.overdueSince());
        });
  }

  private static long recipients(OutboxStatus outbox, String state) {
    return outbox.recipients().getOrDefault(state, 0L);
  }

  private void messages() {
    section(
        "messages",
        "Pending messages",
        status.messages(),
        "<th>handed over<th>message<th>to<th class=\"n\">recipients<th class=\"n\">attempts"
            + "<th>next try<th>last answer",
        message -> {
          time(message.handedOverAt());
          wide("<code>" + text(message.id()) + "</code>");
          wide(
              message.destinations().stream()
                      .map(StatusHtml::destination)
                      .collect(Collectors.joining(", "))
                  + small(recipients(message.recipients(), message.pending())));
          number(message.pending());
          number(message.attempts());
          if (message.trying()) {
            cell("now");
          } else if (message.nextTry().isPresent()) {
            time(message.nextTry());
          } else {
            cell("in its turn");
          }
          cell(
              message
                  .lastFailure()
                  .map(failure -> said(failure.said()) + small("rule " + failure.ruleId()))
                  .orElse(""));
        });
  }

  private void failures() {
    section(
        "failures",
        "Latest failures",
        status.failures(),
        "<th>when<th>server<th>answer<th>to<th>meaning<th>decision<th>what to do",
        failure -> {
          time(failure.at());
          wide(text(failure.server()) + small("at " + failure.stage()));
          cell(said(failure.said()));
          wide("<small>" + text(recipients(failure.recipients(), failure.about())) + "</small>");
          cell(text(failure.meaning()) + small(failure.cause() + ", rule " + failure.ruleId()));
          cell(text(failure.decision()) + small(failure.why()));
          cell(text(failure.advice()));
        });
  }

  /** The names of columns are HTML; what rows hold is escaped by what writes the cells. */
  private <T> void section(
      String id, String title, StatusSnapshot.Listed<T> rows, String columns, Consumer<T> row) {
    out.append("<h2 id=\"" + id + "\">" + title + " (" + rows.total() + ")</h2>\n");
    if (rows.first().isEmpty()) {
      out.append("<p class=\"dim\">None" + (rows.total() == 0 ? "" : " that is known") + ".</p>\n");
      return;
    }
    out.append("<table>\n<thead><tr>" + columns + "</tr></thead>\n<tbody>\n");
    for (T one : rows.first()) {
      out.append("<tr>");
      row.accept(one);
      out.append("</tr>\n");
    }
    out.append("</tbody>\n</table>\n");
    if (rows.total() > rows.first().size()) {
      out.append("<p class=\"dim\">and " + (rows.total() - rows.first().size()) + " more</p>\n");
    }
  }

  private void cell(String html) {
    out.append("<td>").append(html).append("</td>");
  }

  /** For what would be broken into pieces beside long texts. */
  private void wide(String html) {
    out.append("<td class=\"w\">").append(html).append("</td>");
  }

  private void number(Object value) {
    out.append("<td class=\"n\">").append(value).append("</td>");
  }

  private void time(Optional<Instant> at) {
    if (at.isPresent()) {
      time(at.get());
    } else {
      cell("");
    }
  }

  private void time(Instant at) {
    out.append("<td class=\"t\">" + away(Duration.between(status.at(), at)))
        .append("<br><small>" + stamp(at) + "</small></td>");
  }

  private static String away(Duration until) {
    String words = words(until.abs());
    if (words.startsWith("0 ")) {
      return "now";
    }
    return until.isNegative() ? words + " ago" : "in " + words;
  }

  private static String words(Duration length) {
    if (length.compareTo(Duration.ofMinutes(2)) < 0) {
      return length.toSeconds() + " s";
    }
    if (length.compareTo(Duration.ofHours(2)) < 0) {
      return length.toMinutes() + " min";
    }
    return length.compareTo(Duration.ofDays(2)) < 0
        ? length.toHours() + " h"
        : length.toDays() + " d";
  }

  private static String stamp(Instant at) {
    return at.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static String recipients(List<String> shown, int all) {
    if (shown.isEmpty() || shown.size() == all) {
      return String.join(", ", shown);
    }
    return String.join(", ", shown) + " and " + (all - shown.size()) + " more";
  }

  private static String destination(Destination destination) {
    String kind = destination.kind() == Destination.Kind.RELAY ? "relay " : "";
    return kind + text(destination.name().isEmpty() ? "(no domain)" : destination.name());
  }

  private static String mark(String style, String word) {
    return style.isEmpty()
        ? Html.escape(word)
        : "<span class=\"" + style + "\">" + Html.escape(word) + "</span>";
  }

  private static String said(String answer) {
    return answer.isEmpty() ? "" : "<code>" + text(answer) + "</code>";
  }

  private static String small(String text) {
    return text.isEmpty() ? "" : "<br><small>" + text(text) + "</small>";
  }

  /** Isolated, because what is written from right to left must not turn around what follows. */
  private static String text(String text) {
    return "<bdi>" + Html.escape(text) + "</bdi>";
  }
}
