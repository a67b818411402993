package dev.redeliver.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;

/**
 * As little as a queue of messages can do in a database, by plain JDBC: claim some, read their
 * bodies, delete them. Nothing is sent.
 */
final class PlainDrain implements Drain {
  private static final int THREADS = 10;
  private static final int CLAIM = 50;
  private static final int INSERT = 500;
  private static final int SMALLEST = 4 << 10;
  private static final int LARGEST = 20 << 10;
  private static final long LEASE = 600_000;

  private final DrainDatabase database;
  private final int together;

  /** SQLite lets one write at a time, and those who wait for it in the file sleep too long. */
  private final Lock writing = new ReentrantLock();

  private PlainDrain(DrainDatabase database, int together) {
    this.database = database;
    this.together = together;
  }

  /** {@return one that ends messages one by one, as who sends them must} */
  static PlainDrain oneByOne(DrainDatabase database) {
    return new PlainDrain(database, 1);
  }

  /** {@return one that reads and deletes all at once that it has claimed together} */
  static PlainDrain byClaim(DrainDatabase database) {
    return new PlainDrain(database, CLAIM);
  }

  @Override
  public String name() {
    return "plain." + database.name() + (together == 1 ? "" : ".by-claim");
  }

  @Override
  public double perSecond(int entries) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (HikariDataSource dataSource = database.openEmpty(THREADS, tables())) {
      fill(dataSource, entries);
      database.settle(dataSource);
      long start = System.nanoTime();
      List<Future<Integer>> all =
          threads.invokeAll(
              Collections.<Callable<Integer>>nCopies(THREADS, () -> drain(dataSource)));
      long took = System.nanoTime() - start;
      int done = 0;
      for (Future<Integer> each : all) {
        done += each.get();
      }
      DrainDatabase.check(dataSource, "queue", done, entries);
      DrainDatabase.check(dataSource, "body", done, entries);
      return entries * 1e9 / took;
    } finally {
      threads.shutdown();
    }
  }

  private String[] tables() {
    return new String[] {
      "create table queue (id bigint not null primary key, due_at bigint not null)",
      "create index due on queue (due_at)",
      "create table body (id bigint not null primary key, content %s not null)"
          .formatted(database.isPostgres() ? "bytea" : "blob")
    };
  }

  private static void fill(DataSource dataSource, int entries) throws SQLException {
    Random random = new Random(1);
    long now = System.currentTimeMillis();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement queue = connection.prepareStatement("insert into queue values (?, ?)");
        PreparedStatement body = connection.prepareStatement("insert into body values (?, ?)")) {
      connection.setAutoCommit(false);
      for (int i = 1; i <= entries; i++) {
        byte[] content = new byte[SMALLEST + random.nextInt(LARGEST - SMALLEST + 1)];
        random.nextBytes(content);
        queue.setLong(1, i);
        queue.setLong(2, now - entries + i);
        queue.addBatch();
        body.setLong(1, i);
        body.setBytes(2, content);
        body.addBatch();
        if (i % INSERT == 0 || i == entries) {
          queue.executeBatch();
          body.executeBatch();
          connection.commit();
        }
      }
      connection.setAutoCommit(true);
    }
  }

  /** {@return how many it has done when there are no more} */
  private int drain(DataSource dataSource) throws SQLException {
    int done = 0;
    try (Connection connection = dataSource.getConnection()) {
      List<Long> claimed = claim(connection);
      while (!claimed.isEmpty()) {
        for (int from = 0; from < claimed.size(); from += together) {
          List<Long> some = claimed.subList(from, Math.min(from + together, claimed.size()));
          done += read(connection, some);
          delete(connection, some);
        }
        claimed = claim(connection);
      }
    }
    return done;
  }

  private List<Long> claim(Connection connection) throws SQLException {
    String claim =
        database.isPostgres()
            ? """
              with free as materialized (
                select id from queue where due_at <= ? order by due_at limit ? for update skip locked)
              update queue set due_at = due_at + ? from free where queue.id = free.id
              returning queue.id
              """
            : """
              update queue set due_at = due_at + ?3
              where id in (select id from queue where due_at <= ?1 order by due_at limit ?2)
              returning id
              """;
    List<Long> claimed = new ArrayList<>();
    lockWriting();
    try (PreparedStatement statement = connection.prepareStatement(claim)) {
      statement.setLong(1, System.currentTimeMillis());
      statement.setInt(2, CLAIM);
      statement.setLong(3, LEASE);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          claimed.add(rows.getLong(1));
        }
      }
    } finally {
      unlockWriting();
    }
    return claimed;
  }

  private static int read(Connection connection, List<Long> ids) throws SQLException {
    int read = 0;
    try (PreparedStatement statement =
        prepare(connection, "select content from body where id in ", ids)) {
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          if (rows.getBytes(1).length >= SMALLEST) {
            read++;
          }
        }
      }
    }
    return read;
  }

  private void delete(Connection connection, List<Long> ids) throws SQLException {
    lockWriting();
    try {
      connection.setAutoCommit(false);
      for (String table : List.of("queue", "body")) {
        try (PreparedStatement statement =
            prepare(connection, "delete from " + table + " where id in ", ids)) {
          statement.executeUpdate();
        }
      }
      connection.commit();
      connection.setAutoCommit(true);
    } finally {
      unlockWriting();
    }
  }

  private static PreparedStatement prepare(Connection connection, String command, List<Long> ids)
      throws SQLException {
    PreparedStatement statement =
        connection.prepareStatement(
            command + "(" + String.join(", ", Collections.nCopies(ids.size(), "?")) + ")");
    for (int i = 0; i < ids.size(); i++) {
      statement.setLong(i + 1, ids.get(i));
    }
    return statement;
  }

  private void lockWriting() {
    if (!database.isPostgres()) {
      writing.lock();
    }
  }

  private void unlockWriting() {
    if (!database.isPostgres()) {
      writing.unlock();
    }
  }
}
