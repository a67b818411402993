package dev.redeliver.outbox;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Transactions. Thread-safe.
 *
 * <p>A connection that comes with auto-commit off belongs to somebody's transaction, and is left to
 * him.
 */
final class Database {
  private final DataSource source;
  private final Dialect dialect;

  Database(DataSource source) {
    this.source = source;
    try (Connection connection = source.getConnection()) {
      dialect = Dialect.of(connection);
    } catch (SQLException e) {
      throw new OutboxException("the outbox's database cannot be reached: " + e.getMessage(), e);
    }
  }

  /**
   * Checks that somebody commits what is written outside of a caller's transaction.
   *
   * @throws OutboxException if nobody does
   */
  void requireAutoCommit() {
    boolean commits = read(Connection::getAutoCommit);
    if (!commits) {
      throw new OutboxException(
          "the DataSource gives connections with auto-commit off: nobody would commit what the"
              + " outbox writes. Configure it with auto-commit on, and open the outbox outside of"
              + " transactions");
    }
  }

  /** Something that needs a connection. */
  @FunctionalInterface
  interface Work<T> {
    T with(Connection connection) throws SQLException;
  }

  DataSource source() {
    return source;
  }

  Dialect dialect() {
    return dialect;
  }

  /** {@return the file of an embedded database; empty if it is in memory, or on a server} */
  Optional<Path> file() {
    if (dialect != Dialect.SQLITE) {
      return Optional.empty();
    }
    return read(
        connection -> {
          try (Statement statement = connection.createStatement();
              ResultSet row = statement.executeQuery("pragma database_list")) {
            String name = row.next() ? row.getString("file") : "";
            return name == null || name.isEmpty() ? Optional.empty() : Optional.of(Path.of(name));
          }
        });
  }

  /** {@return what one statement, or several that need not agree, gave} */
  <T> T read(Work<T> work) {
    try (Connection connection = source.getConnection()) {
      return work.with(connection);
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** {@return what the work gave, all of it or nothing having been done} */
  <T> T transact(Work<T> work) {
    try (Connection connection = source.getConnection()) {
      return connection.getAutoCommit() ? transact(connection, work) : work.with(connection);
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private static <T> T transact(Connection connection, Work<T> work) throws SQLException {
    connection.setAutoCommit(false);
    boolean done = false;
    try {
      T result = work.with(connection);
      connection.commit();
      done = true;
      return result;
    } finally {
      if (!done) {
        rollBack(connection);
      }
      connection.setAutoCommit(true);
    }
  }

  /** What went wrong before is what counts. */
  private static void rollBack(Connection connection) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      System.getLogger("dev.redeliver.outbox")
          .log(System.Logger.Level.DEBUG, "a transaction could not be rolled back", e);
    }
  }

  static OutboxException failed(SQLException e) {
    return new OutboxException("the outbox's database failed: " + e.getMessage(), e);
  }
}
