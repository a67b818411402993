package dev.redeliver.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The outbox beside what its databases can do at best; large messages; how it behaves with many
 * messages waiting, and how long it takes to send all of them; and two processes against one.
 */
final class OutboxBenchmark {
  private static final String USAGE =
      "usage: outbox [rates|large|backlog|drain|nodes] [--messages NUMBER] [--rounds NUMBER]"
          + " [--connections NUMBER] [--directory DIR] [--postgres URL] [--only sqlite|postgres]";

  private final String what;
  private int messages = 20_000;
  private int rounds = 3;
  private int connections = 10;
  private Path directory = Path.of(System.getProperty("java.io.tmpdir"));
  private String postgres = "";
  private String only = "";

  private OutboxBenchmark(String what) {
    this.what = what;
  }

  /**
   * Reads the options.
   *
   * @throws IllegalArgumentException if there is anything else
   */
  static OutboxBenchmark of(String... options) {
    boolean named = options.length % 2 == 1;
    OutboxBenchmark result = new OutboxBenchmark(named ? options[0] : "rates");
    if (!List.of("rates", "large", "backlog", "drain", "nodes").contains(result.what)) {
      throw new IllegalArgumentException(USAGE);
    }
    for (int i = named ? 1 : 0; i < options.length; i += 2) {
      result.set(options[i], options[i + 1]);
    }
    return result;
  }

  private void set(String option, String value) {
    switch (option) {
      case "--messages" -> messages = number(value);
      case "--rounds" -> rounds = number(value);
      case "--connections" -> connections = number(value);
      case "--directory" -> directory = Path.of(value).toAbsolutePath();
      case "--postgres" -> postgres = value;
      case "--only" -> only = value;
      default -> throw new IllegalArgumentException(USAGE);
    }
  }

  private static int number(String text) {
    if (!text.matches("[1-9][0-9]{0,6}")) {
      throw new IllegalArgumentException(USAGE);
    }
    return Integer.parseInt(text);
  }

  void run(PrintStream out) throws Exception {
    if (postgres.isEmpty() && !only.equals("sqlite")) {
      try (PrivatePostgres server = PrivatePostgres.start(directory)) {
        run(server.url(), out);
      }
    } else {
      run(postgres, out);
    }
  }

  private void run(String url, PrintStream out) throws Exception {
    Path files = Files.createTempDirectory(directory, "outbox");
    try (SmtpSink sink = SmtpSink.start()) {
      out.println("messages=" + messages);
      List<DrainDatabase> databases =
          Stream.of(DrainDatabase.sqlite(files), DrainDatabase.postgres(url))
              .filter(database -> only.isEmpty() || database.name().equals(only))
              .toList();
      switch (what) {
        case "backlog" -> {
          for (DrainDatabase database : databases) {
            new OutboxBacklog(database, sink.port(), connections, messages).run(new Figures(out));
          }
        }
        case "drain" -> {
          for (DrainDatabase database : databases) {
            new WholeDrain(database, sink.port(), connections, messages).run(new Figures(out));
          }
        }
        case "large" -> large(databases, sink.port(), out);
        case "nodes" ->
            new OutboxNodes(DrainDatabase.postgres(url), sink.port(), connections, messages)
                .run(rounds, out);
        default -> rates(files, databases, sink.port(), out);
      }
    } finally {
      delete(files);
    }
  }

  private void rates(Path files, List<DrainDatabase> databases, int port, PrintStream out)
      throws Exception {
    out.println("rounds=" + rounds);
    out.println("connections=" + connections);
    List<Drain> drains = new ArrayList<>();
    drains.add(new DiskDrain(files));
    for (DrainDatabase database : databases) {
      drains.add(SchedulerDrain.small(database));
      drains.add(PlainDrain.oneByOne(database));
      drains.add(new OutboxSubmit(database, 1));
      drains.add(new OutboxSubmit(database, OutboxMail.TOGETHER));
      for (OutboxMail.Domains domains : List.of(OutboxMail.Domains.MANY, OutboxMail.Domains.ONE)) {
        drains.add(new OutboxDrain(database, domains, OutboxMail.Sizes.USUAL, port, connections));
      }
    }
    DrainRounds results = DrainRounds.run(drains, messages, rounds);
    results.print(out);
    for (DrainDatabase database : databases) {
      String name = database.name();
      for (String drain : List.of("outbox." + name, "outbox." + name + ".one-domain")) {
        ratio(results, drain, "db-scheduler." + name, out);
        ratio(results, drain, "plain." + name, out);
      }
      ratio(results, "submit." + name + ".by-" + OutboxMail.TOGETHER, "submit." + name, out);
    }
  }

  /** Messages with something attached, against tasks of the scheduler that carry as much. */
  private void large(List<DrainDatabase> databases, int port, PrintStream out) throws Exception {
    out.println("rounds=" + rounds);
    List<Drain> drains = new ArrayList<>();
    for (DrainDatabase database : databases) {
      drains.add(SchedulerDrain.small(database));
      drains.add(SchedulerDrain.carrying(database, OutboxMail.Sizes.LARGE.largest()));
      drains.add(
          new OutboxDrain(
              database, OutboxMail.Domains.MANY, OutboxMail.Sizes.LARGE, port, connections));
    }
    DrainRounds results = DrainRounds.run(drains, messages, rounds);
    results.print(out);
    for (DrainDatabase database : databases) {
      String scheduler = "db-scheduler." + database.name();
      ratio(results, "outbox." + database.name(), scheduler, out);
      ratio(results, "outbox." + database.name(), scheduler + ".messages-in-rows", out);
    }
  }

  private static void ratio(DrainRounds results, String drain, String baseline, PrintStream out) {
    out.println(
        String.format(Locale.ROOT, "%s/%s=%.2f", drain, baseline, results.ratio(drain, baseline)));
  }

  private static void delete(Path files) throws IOException {
    try (Stream<Path> all = Files.list(files)) {
      for (Path file : all.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(files);
  }
}
