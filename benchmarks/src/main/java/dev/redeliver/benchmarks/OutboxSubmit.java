package dev.redeliver.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.Submission;
import java.util.ArrayList;
import java.util.List;

/** Messages handed over to an outbox by one thread, in a process that does not send. */
final class OutboxSubmit implements Drain {
  private final DrainDatabase database;
  private final int together;

  /**
   * Makes one.
   *
   * @param together how many are handed over at a time
   */
  OutboxSubmit(DrainDatabase database, int together) {
    this.database = database;
    this.together = together;
  }

  @Override
  public String name() {
    return "submit." + database.name() + (together == 1 ? "" : ".by-" + together);
  }

  @Override
  public double perSecond(int entries) throws Exception {
    database.empty();
    OutboxMail mail = new OutboxMail(OutboxMail.Domains.MANY);
    long took = 0;
    try (Outbox outbox = OutboxMail.outbox(database.location(), 1, OutboxMail.ANY).connect()) {
      for (int done = 0; done < entries; done += OutboxMail.TOGETHER) {
        // Made beforehand: an application's own affair.
        List<List<Submission>> parts = parts(mail, Math.min(OutboxMail.TOGETHER, entries - done));
        long start = System.nanoTime();
        parts.forEach(outbox::submitAll);
        took += System.nanoTime() - start;
      }
    }
    try (HikariDataSource dataSource = database.open(1)) {
      long stored = DrainDatabase.count(dataSource, "select count(*) from redeliver_body");
      if (stored != entries) {
        throw new IllegalStateException(stored + " of " + entries + " messages are stored");
      }
    }
    return entries * 1e9 / took;
  }

  private List<List<Submission>> parts(OutboxMail mail, int count) throws Exception {
    List<List<Submission>> parts = new ArrayList<>();
    for (int left = count; left > 0; left -= together) {
      parts.add(mail.next(Math.min(together, left)));
    }
    return parts;
  }
}
