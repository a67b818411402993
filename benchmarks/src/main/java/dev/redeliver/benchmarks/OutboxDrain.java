package dev.redeliver.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.outbox.Outbox;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The outbox as it is: everything stored is sent to a server on this machine. */
final class OutboxDrain implements Drain {
  private final DrainDatabase database;
  private final OutboxMail.Domains domains;
  private final OutboxMail.Sizes sizes;
  private final int port;
  private final int connections;

  /**
   * Makes one.
   *
   * @param port of the server that takes the mail
   */
  OutboxDrain(
      DrainDatabase database,
      OutboxMail.Domains domains,
      OutboxMail.Sizes sizes,
      int port,
      int connections) {
    this.database = database;
    this.domains = domains;
    this.sizes = sizes;
    this.port = port;
    this.connections = connections;
  }

  @Override
  public String name() {
    return "outbox." + database.name() + (domains.count() == 1 ? ".one-domain" : "");
  }

  @Override
  public double perSecond(int entries) throws Exception {
    database.empty();
    OutboxMail.fill(database.location(), domains, sizes, entries);
    try (HikariDataSource dataSource = database.open(1)) {
      database.settle(dataSource);
    }
    CountDownLatch left = new CountDownLatch(entries);
    DeliveryListener counter =
        new DeliveryListener() {
          @Override
          public void deliveryFinished(DeliveryReport report) {
            left.countDown();
          }
        };
    Outbox.Builder builder = OutboxMail.outbox(database.location(), port, connections);
    long start = System.nanoTime();
    long took;
    Outbox outbox = builder.listener(counter).open();
    try {
      boolean unused = left.await(OutboxMail.LIMIT.toSeconds(), TimeUnit.SECONDS);
      took = System.nanoTime() - start;
    } finally {
      outbox.close();
    }
    check(entries);
    return entries * 1e9 / took;
  }

  private void check(int entries) throws Exception {
    try (HikariDataSource dataSource = database.open(1)) {
      DrainDatabase.checkSent(dataSource, entries);
    }
  }
}
