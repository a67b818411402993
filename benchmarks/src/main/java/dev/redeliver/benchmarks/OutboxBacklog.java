package dev.redeliver.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.PollCost;
import java.time.Duration;

/**
 * With more and more messages waiting: how long a process takes until it sends, and what it costs
 * to ask for what is due.
 */
final class OutboxBacklog {
  private static final int[] LEVELS = {0, 10_000, 100_000, 1_000_000};
  private static final int QUEUES = 4;
  private static final int POLLS = 21;
  private static final Duration DRAINED = Duration.ofSeconds(20);

  private final DrainDatabase database;
  private final int port;
  private final int connections;
  private final int most;

  /**
   * Makes one.
   *
   * @param most waiting messages
   */
  OutboxBacklog(DrainDatabase database, int port, int connections, int most) {
    this.database = database;
    this.port = port;
    this.connections = connections;
    this.most = most;
  }

  void run(Figures out) throws Exception {
    database.empty();
    OutboxMail mail = new OutboxMail(OutboxMail.Domains.MANY);
    int stored = 0;
    for (int level : LEVELS) {
      if (level > most) {
        break;
      }
      String name = database.name() + "." + level;
      long start = System.nanoTime();
      try (Outbox outbox = OutboxMail.outbox(database.location(), port, connections).connect()) {
        mail.fill(outbox, level - stored);
      }
      out.print(
          name + ".submitted-per-second", (level - stored) * 1e9 / (System.nanoTime() - start));
      stored = level;
      settle();
      if (level > 0) {
        start(name + ".due", DRAINED, out);
        poll(name + ".due", out);
        putOff();
      }
      poll(name + ".later", out);
      try (Outbox outbox = OutboxMail.outbox(database.location(), port, connections).connect()) {
        outbox.submit(new OutboxMail(OutboxMail.Domains.ONE).next());
      }
      start(name + ".later", Duration.ZERO, out);
    }
  }

  private void start(String name, Duration drained, Figures out) throws Exception {
    try (OutboxProcess process =
        OutboxProcess.start(database.location(), port, connections, QUEUES)) {
      out.print(name + ".open-ms", process.await("open"));
      out.print(name + ".first-ms", process.await("first"));
      if (!drained.isZero()) {
        long before = process.finished();
        long start = System.nanoTime();
        Thread.sleep(drained.toMillis());
        out.print(
            name + ".per-second",
            (process.finished() - before) * 1e9 / (System.nanoTime() - start));
      }
      out.print(name + ".heap-mib", process.stop());
    }
  }

  private void poll(String name, Figures out) {
    try (PollCost cost = new PollCost(OutboxMail.outbox(database.location(), port, connections))) {
      PollCost.Micros micros = cost.median(POLLS);
      out.print(name + ".wake-us", micros.wake());
      out.print(name + ".poll-us", micros.poll());
    }
  }

  /** Everything that is left waits until tomorrow. */
  private void putOff() throws Exception {
    long tomorrow = System.currentTimeMillis() + Duration.ofDays(1).toMillis();
    String time =
        database.isPostgres()
            ? "now() + interval '1 day'"
            : "(select max(execution_time) from redeliver_task) + 86400000";
    try (HikariDataSource dataSource = database.open(1)) {
      DrainDatabase.execute(
          dataSource,
          "update redeliver_recipient set state = 'DEFERRED', next_try = "
              + tomorrow
              + " where state = 'NEW'",
          "update redeliver_task set execution_time = " + time + " where not picked");
      database.settle(dataSource);
    }
  }

  private void settle() throws Exception {
    try (HikariDataSource dataSource = database.open(1)) {
      database.settle(dataSource);
    }
  }
}
