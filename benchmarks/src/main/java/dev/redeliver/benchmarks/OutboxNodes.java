package dev.redeliver.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Two processes that send what is in one PostgreSQL, against one; the server is far away. */
final class OutboxNodes {
  private static final Duration DELAY = Duration.ofMillis(20);
  private static final Duration WARM_UP = Duration.ofSeconds(5);
  private static final Duration MEASURED = Duration.ofSeconds(15);
  private static final int QUEUES = 4;

  private final DrainDatabase database;
  private final int port;
  private final int connections;
  private final int messages;

  /**
   * Makes one.
   *
   * @param connections of each process
   * @param messages more than two processes send within a round
   */
  OutboxNodes(DrainDatabase database, int port, int connections, int messages) {
    this.database = database;
    this.port = port;
    this.connections = connections;
    this.messages = messages;
  }

  void run(int rounds, PrintStream out) throws Exception {
    out.println("connections=" + connections);
    for (OutboxMail.Domains domains : List.of(OutboxMail.Domains.EVEN, OutboxMail.Domains.MANY)) {
      List<Double> one = new ArrayList<>();
      List<Double> two = new ArrayList<>();
      List<Double> ratios = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        one.add(perSecond(domains, 1));
        two.add(perSecond(domains, 2));
        ratios.add(two.get(round) / one.get(round));
      }
      String name = "nodes." + domains.count() + "-domains";
      out.println(String.format(Locale.ROOT, "%s.one=%.0f", name, Median.of(one)));
      out.println(String.format(Locale.ROOT, "%s.two=%.0f", name, Median.of(two)));
      out.println(String.format(Locale.ROOT, "%s.ratio=%.2f", name, Median.of(ratios)));
    }
  }

  private double perSecond(OutboxMail.Domains domains, int nodes) throws Exception {
    database.empty();
    OutboxMail.fill(database.location(), domains, OutboxMail.Sizes.USUAL, messages);
    try (HikariDataSource dataSource = database.open(1)) {
      database.settle(dataSource);
    }
    List<OutboxProcess> processes = new ArrayList<>();
    try (SlowLink link = SlowLink.to(port, DELAY)) {
      for (int i = 0; i < nodes; i++) {
        processes.add(OutboxProcess.start(database.location(), link.port(), connections, QUEUES));
      }
      for (OutboxProcess process : processes) {
        process.await("first");
      }
      Thread.sleep(WARM_UP.toMillis());
      long start = System.nanoTime();
      long before = finished(processes);
      Thread.sleep(MEASURED.toMillis());
      long after = finished(processes);
      long took = System.nanoTime() - start;
      if (after >= messages) {
        throw new IllegalStateException("too few messages to measure");
      }
      return (after - before) * 1e9 / took;
    } finally {
      processes.forEach(OutboxProcess::close);
    }
  }

  private static long finished(List<OutboxProcess> processes) throws Exception {
    long sum = 0;
    for (OutboxProcess process : processes) {
      sum += process.finished();
    }
    return sum;
  }
}
