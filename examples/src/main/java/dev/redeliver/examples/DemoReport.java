package dev.redeliver.examples;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.testkit.ReceivedMessage;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The report at the end of the demo. */
final class DemoReport {
  private final PrintWriter out;
  private final List<Letter> letters;
  private final List<DeliveryReport> reports;
  private final List<ReceivedMessage> received;

  DemoReport(
      PrintWriter out,
      List<Letter> letters,
      List<DeliveryReport> reports,
      List<ReceivedMessage> received) {
    this.out = out;
    this.letters = letters;
    this.reports = reports;
    this.received = received;
  }

  void print(Reckoning reckoning) {
    out.println();
    Table table =
        new Table(
            1,
            "what happened",
            "messages",
            "recipients",
            "accepted",
            "refused",
            "unknown",
            "deferred",
            "attempts",
            "copies on server");
    for (Scenario scenario : Scenario.values()) {
      row(
          table,
          scenario.description(),
          letters.stream().filter(letter -> letter.scenario() == scenario).toList());
    }
    row(table, "all", letters);
    table.lines().forEach(out::println);
    out.println();
    out.println(
        "server: "
            + reckoning.copies()
            + " copies for "
            + received.stream().flatMap(message -> message.recipients().stream()).distinct().count()
            + " recipients; reports: "
            + reckoning.accepted()
            + " accepted");
    reckoning.findings().forEach(out::println);
  }

  private void row(Table table, String name, List<Letter> of) {
    Set<String> ids = of.stream().map(Letter::messageId).collect(Collectors.toSet());
    List<DeliveryReport> about =
        reports.stream().filter(report -> ids.contains(report.envelope().messageId())).toList();
    table.row(
        name,
        of.size(),
        of.stream().mapToInt(letter -> letter.recipients().size()).sum(),
        count(about, Outcome.ACCEPTED),
        count(about, Outcome.REFUSED),
        count(about, Outcome.UNKNOWN),
        count(about, Outcome.PENDING),
        about.stream().mapToInt(DeliveryReport::transactions).sum(),
        received.stream()
            .filter(message -> ids.contains(message.messageId().orElse("")))
            .mapToInt(message -> message.recipients().size())
            .sum());
  }

  private static int count(List<DeliveryReport> reports, Outcome outcome) {
    return reports.stream().mapToInt(report -> report.with(outcome).size()).sum();
  }
}
