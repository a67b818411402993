package dev.redeliver.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Everything that waits is sent, by a process of its own with a heap of 512 MiB; beside that, what
 * the same database can do.
 */
final class WholeDrain {
  private static final int COMPARED = 100_000;
  private static final int QUEUES = 4;
  private static final long SECONDS = 60;

  private final DrainDatabase database;
  private final int port;
  private final int connections;
  private final int messages;

  WholeDrain(DrainDatabase database, int port, int connections, int messages) {
    this.database = database;
    this.port = port;
    this.connections = connections;
    this.messages = messages;
  }

  void run(Figures out) throws Exception {
    for (Drain drain : List.of(SchedulerDrain.small(database), PlainDrain.oneByOne(database))) {
      out.print(drain.name(), drain.perSecond(Math.min(messages, COMPARED)));
    }
    String name = "drain." + database.name() + "." + messages;
    database.empty();
    long start = System.nanoTime();
    OutboxMail.fill(database.location(), OutboxMail.Domains.MANY, OutboxMail.Sizes.USUAL, messages);
    out.print(name + ".submitted-per-second", perSecond(messages, start));
    try (HikariDataSource dataSource = database.open(1)) {
      database.settle(dataSource);
    }
    drain(name, out);
    try (HikariDataSource dataSource = database.open(1)) {
      DrainDatabase.checkSent(dataSource, messages);
    }
  }

  private void drain(String name, Figures out) throws Exception {
    try (OutboxProcess process =
        OutboxProcess.start(database.location(), port, connections, QUEUES)) {
      out.print(name + ".first-ms", process.await("first"));
      long start = System.nanoTime();
      List<Double> minutes = new ArrayList<>();
      long before = process.finished();
      long since = start;
      while (before < messages) {
        TimeUnit.SECONDS.sleep(1);
        long now = process.finished();
        if (now == messages || System.nanoTime() - since > TimeUnit.SECONDS.toNanos(SECONDS)) {
          if (now == before) {
            throw new IOException("nothing was sent for a minute after " + now + " messages");
          }
          minutes.add(perSecond(now - before, since));
          before = now;
          since = System.nanoTime();
        }
      }
      out.print(name + ".per-second", perSecond(messages, start));
      out.print(name + ".lowest-of-a-minute", Collections.min(minutes));
      out.print(name + ".highest-of-a-minute", Collections.max(minutes));
      out.print(name + ".heap-mib", process.stop());
    }
  }

  private static double perSecond(long count, long since) {
    return count * 1e9 / (System.nanoTime() - since);
  }
}
