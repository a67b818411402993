package dev.redeliver.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;

/** A database that is empty whenever it is opened: an SQLite file, or a schema of PostgreSQL. */
final class DrainDatabase {
  private static final String SCHEMA = "redeliver_benchmark";

  private final String name;
  private final String url;
  private final String location;
  private final Emptying emptying;

  private DrainDatabase(String name, String url, String location, Emptying emptying) {
    this.name = name;
    this.url = url;
    this.location = location;
    this.emptying = emptying;
  }

  /** Throws away what was there. */
  @FunctionalInterface
  private interface Emptying {
    void run() throws IOException, SQLException;
  }

  /**
   * {@return an SQLite file that is safe against loss of power}
   *
   * @param directory where the file is made
   */
  static DrainDatabase sqlite(Path directory) {
    Path file = directory.resolve("benchmark.db");
    return new DrainDatabase(
        "sqlite",
        "jdbc:sqlite:"
            + file
            + "?journal_mode=WAL&synchronous=FULL&busy_timeout=30000&transaction_mode=IMMEDIATE",
        file.toString(),
        () -> {
          for (String suffix : List.of("", "-wal", "-shm")) {
            Files.deleteIfExists(Path.of(file + suffix));
          }
        });
  }

  /**
   * {@return a schema of its own in a database}
   *
   * @param url for JDBC, with a user who may create schemas
   */
  static DrainDatabase postgres(String url) {
    return new DrainDatabase(
        "postgres",
        url
            + (url.contains("?") ? "&" : "?")
            + "reWriteBatchedInserts=true&currentSchema="
            + SCHEMA,
        url + (url.contains("?") ? "&" : "?") + "currentSchema=" + SCHEMA,
        () -> {
          try (Connection connection = DriverManager.getConnection(url);
              Statement statement = connection.createStatement()) {
            statement.execute("drop schema if exists " + SCHEMA + " cascade");
            statement.execute("create schema " + SCHEMA);
          }
        });
  }

  /** {@return {@code sqlite} or {@code postgres}} */
  String name() {
    return name;
  }

  /** {@return whether rows can be locked one by one} */
  boolean isPostgres() {
    return name.equals("postgres");
  }

  /** {@return connections to it, now that nothing is left in it} */
  HikariDataSource openEmpty(int connections, String... tables) throws IOException, SQLException {
    emptying.run();
    HikariDataSource dataSource = open(connections);
    execute(dataSource, tables);
    return dataSource;
  }

  /** {@return connections to it as it is} */
  HikariDataSource open(int connections) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(connections);
    return new HikariDataSource(config);
  }

  /** {@return what an outbox calls it} */
  String location() {
    return location;
  }

  /** Throws away what is in it. */
  void empty() throws IOException, SQLException {
    emptying.run();
  }

  /** Does now what the database would otherwise do at some time, perhaps during a measurement. */
  void settle(DataSource dataSource) throws SQLException {
    if (isPostgres()) {
      execute(dataSource, "vacuum analyze", "checkpoint");
    } else {
      execute(dataSource, "pragma wal_checkpoint(truncate)");
    }
  }

  static void execute(DataSource dataSource, String... commands) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      for (String command : commands) {
        statement.execute(command);
      }
    }
  }

  /** {@return the number that a query gives} */
  static long count(DataSource dataSource, String query) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery(query)) {
      count.next();
      return count.getLong(1);
    }
  }

  /** Makes sure that an outbox has sent each message, and once. */
  static void checkSent(DataSource dataSource, int messages) throws SQLException {
    long sent =
        count(
            dataSource,
            "select count(*) from redeliver_recipient"
                + " where state = 'ACCEPTED' and transactions = 1");
    check(dataSource, "redeliver_body", sent, messages);
  }

  /** Makes sure that as many were done as there were, and that nothing is left. */
  static void check(DataSource dataSource, String table, long done, int entries)
      throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery("select count(*) from " + table)) {
      count.next();
      if (done != entries || count.getInt(1) != 0) {
        throw new IllegalStateException(
            "%d of %d done, %d left in %s".formatted(done, entries, count.getInt(1), table));
      }
    }
  }
}
