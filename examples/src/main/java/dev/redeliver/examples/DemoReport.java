package dev.redeliver.examples;

import dev.redeliver.delivery.Outcome;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The report at the end of the demo. */
final class DemoReport {
  private final PrintWriter out;
  private final List<Letter> letters;
  private final List<Ending> endings;
  private final List<Reckoning.Copy> copies;

  DemoReport(
      PrintWriter out, List<Letter> letters, List<Ending> endings, List<Reckoning.Copy> copies) {
    this.out = out;
    this.letters = letters;
    this.endings = endings;
    this.copies = copies;
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
            + copies.stream().map(Reckoning.Copy::recipient).distinct().count()
            + " recipients; reports: "
            + reckoning.accepted()
            + " accepted");
    reckoning.findings().forEach(out::println);
  }

  private void row(Table table, String name, List<Letter> of) {
    Set<String> ids = of.stream().map(Letter::messageId).collect(Collectors.toSet());
    List<Ending> about =
        endings.stream().filter(ending -> ids.contains(ending.messageId())).toList();
    table.row(
        name,
        of.size(),
        of.stream().mapToInt(letter -> letter.recipients().size()).sum(),
        count(about, Outcome.ACCEPTED),
        count(about, Outcome.REFUSED),
        count(about, Outcome.UNKNOWN),
        count(about, Outcome.PENDING),
        about.stream().mapToInt(Ending::attempts).sum(),
        copies.stream().filter(copy -> ids.contains(copy.messageId())).count());
  }

  private static int count(List<Ending> endings, Outcome outcome) {
    return endings.stream().mapToInt(ending -> ending.count(outcome)).sum();
  }
}
