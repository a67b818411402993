package dev.redeliver.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Removes what is not needed any more. Thread-safe. */
final class Cleaning {
  private final Database database;
  private final Dialect dialect;

  Cleaning(Database database) {
    this.database = database;
    dialect = database.dialect();
  }

  /** Removes octets that no message needs. {@return how many messages' octets were removed} */
  int removeBodies(List<byte[]> names) {
    if (names.isEmpty()) {
      return 0;
    }
    return database.transact(connection -> removeBodies(connection, names));
  }

  /** Removes octets that no message needs, in a transaction. {@return how many} */
  int removeBodies(Connection connection, List<byte[]> names) throws SQLException {
    return names.isEmpty() ? 0 : removeLocked(connection, lockBodies(connection, names));
  }

  /** {@return the name of the octets of a message; empty if it does not need any} */
  static Optional<byte[]> contentName(Connection connection, String id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("select body_id from redeliver_message where id = ?")) {
      select.setString(1, id);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.ofNullable(row.getBytes(1)) : Optional.empty();
      }
    }
  }

  /**
   * Whoever submits the same octets at this moment keeps his lock on them until he has committed;
   * they are left alone then. What is locked here is looked at again, by the next statement, which
   * sees all that was committed before.
   */
  private List<byte[]> lockBodies(Connection connection, List<byte[]> names) throws SQLException {
    if (dialect == Dialect.SQLITE) {
      return names;
    }
    try (PreparedStatement select =
        connection.prepareStatement(
            "select id from redeliver_body where id = any (?)"
                + dialect.lock("update")
                + " skip locked")) {
      select.setArray(1, connection.createArrayOf("bytea", names.toArray(byte[][]::new)));
      List<byte[]> locked = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          locked.add(row.getBytes(1));
        }
      }
      return locked;
    }
  }

  private static int removeLocked(Connection connection, List<byte[]> names) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement(
            "delete from redeliver_body where id = ? and not exists"
                + " (select 1 from redeliver_message where body_id = ?)")) {
      for (byte[] name : names) {
        delete.setBytes(1, name);
        delete.setBytes(2, name);
        delete.addBatch();
      }
      return Arrays.stream(delete.executeBatch()).sum();
    }
  }

  /**
   * Some of the octets that are stored, in the order of their names.
   *
   * @param orphans the names of those that no message needs
   * @param last the last name of all; empty if there are no more
   */
  record Bodies(List<byte[]> orphans, Optional<byte[]> last) {}

  /**
   * {@return octets that no message needs, such as after a crash between two transactions} Reads
   * only indexes: the octets of a large backlog are many times the memory.
   *
   * @param after looks at those behind this name
   * @param limit looks at so many
   */
  Bodies bodies(byte[] after, Instant before, int limit) {
    return database.read(
        connection -> {
          List<byte[]> orphans = new ArrayList<>();
          byte[] last = null;
          int seen = 0;
          try (PreparedStatement select =
              connection.prepareStatement(
                  "select b.id, exists (select 1 from redeliver_message m where m.body_id = b.id)"
                      + " from redeliver_body b where b.id > ? order by b.id limit "
                      + limit)) {
            select.setBytes(1, after);
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                seen++;
                last = row.getBytes(1);
                if (!row.getBoolean(2)) {
                  orphans.add(last);
                }
              }
            }
          }
          orphans.removeIf(name -> !isOlder(connection, name, before));
          return new Bodies(orphans, seen < limit ? Optional.empty() : Optional.ofNullable(last));
        });
  }

  private static boolean isOlder(Connection connection, byte[] name, Instant before) {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select 1 from redeliver_body where id = ? and created_at < ?")) {
      select.setBytes(1, name);
      select.setLong(2, before.toEpochMilli());
      try (ResultSet row = select.executeQuery()) {
        return row.next();
      }
    } catch (SQLException e) {
      throw Database.failed(e);
    }
  }

  /** Forgets messages that ended before a time. {@return how many} */
  int forget(Instant before, int limit) {
    return database.transact(
        connection -> {
          List<String> old = new ArrayList<>();
          try (PreparedStatement select =
              connection.prepareStatement(
                  "select id from redeliver_message where finished_at < ? limit ?")) {
            select.setLong(1, before.toEpochMilli());
            select.setInt(2, limit);
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                old.add(row.getString(1));
              }
            }
          }
          forget(connection, old);
          return old.size();
        });
  }

  static void forget(Connection connection, List<String> ids) throws SQLException {
    delete(connection, "redeliver_recipient where message_id", ids);
    delete(connection, "redeliver_message where id", ids);
  }

  private static void delete(Connection connection, String where, List<String> ids)
      throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement(String.format(Locale.ROOT, "delete from %s = ?", where))) {
      for (String id : ids) {
        delete.setString(1, id);
        delete.addBatch();
      }
      delete.executeBatch();
    }
  }
}
