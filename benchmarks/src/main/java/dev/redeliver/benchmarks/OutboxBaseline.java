package dev.redeliver.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What queues in databases can do at best, with nothing to be sent: entries per second. */
final class OutboxBaseline {
  private final int messages;
  private final int rounds;
  private final Path directory;
  private final String postgres;

  private OutboxBaseline(int messages, int rounds, Path directory, String postgres) {
    this.messages = messages;
    this.rounds = rounds;
    this.directory = directory;
    this.postgres = postgres;
  }

  /**
   * Reads {@code --messages N}, {@code --rounds N}, {@code --directory DIR}, where databases are
   * made, and {@code --postgres URL}, which is used in place of a private one.
   *
   * @throws IllegalArgumentException if there is anything else
   */
  static OutboxBaseline of(String... options) {
    int messages = 20_000;
    int rounds = 3;
    Path directory = Path.of(System.getProperty("java.io.tmpdir"));
    String postgres = "";
    for (int i = 0; i < options.length; i += 2) {
      String value = i + 1 < options.length ? options[i + 1] : "";
      switch (value.isEmpty() ? "" : options[i]) {
        case "--messages" -> messages = number(value);
        case "--rounds" -> rounds = number(value);
        case "--directory" -> directory = Path.of(value).toAbsolutePath();
        case "--postgres" -> postgres = value;
        default -> throw usage();
      }
    }
    return new OutboxBaseline(messages, rounds, directory, postgres);
  }

  private static int number(String text) {
    if (!text.matches("[1-9][0-9]{0,6}")) {
      throw usage();
    }
    return Integer.parseInt(text);
  }

  private static IllegalArgumentException usage() {
    return new IllegalArgumentException(
        "usage: outbox-baseline [--messages NUMBER] [--rounds NUMBER] [--directory DIR]"
            + " [--postgres URL]");
  }

  void run(PrintStream out) throws Exception {
    if (postgres.isEmpty()) {
      try (PrivatePostgres server = PrivatePostgres.start(directory)) {
        run(server.url(), out);
      }
    } else {
      run(postgres, out);
    }
  }

  private void run(String url, PrintStream out) throws Exception {
    Path files = Files.createTempDirectory(directory, "outbox-baseline");
    try {
      out.println("messages=" + messages);
      out.println("rounds=" + rounds);
      List<Drain> drains = all(files, url);
      DrainRounds.run(drains, messages, rounds).print(out);
    } finally {
      delete(files);
    }
  }

  /**
   * {@return everything that there is to measure without an outbox}
   *
   * @param files a directory for SQLite
   * @param url of PostgreSQL
   */
  static List<Drain> all(Path files, String url) {
    List<Drain> drains = new ArrayList<>();
    drains.add(new DiskDrain(files));
    for (DrainDatabase database :
        List.of(DrainDatabase.sqlite(files), DrainDatabase.postgres(url))) {
      drains.add(SchedulerDrain.small(database));
      drains.add(PlainDrain.oneByOne(database));
      drains.add(PlainDrain.byClaim(database));
    }
    return drains;
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
