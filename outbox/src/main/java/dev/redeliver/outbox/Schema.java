package dev.redeliver.outbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;

/**
 * The tables, and how they get from one version to the next: one file per database and version, as
 * {@code sqlite-1.sql}, each run in one transaction, once.
 */
final class Schema {
  /** The version that this release works with. */
  static final int CURRENT = 1;

  /** Any number, the same for everybody, so that two processes do not create the tables at once. */
  private static final long LOCK = 0x5245_4445_4c49_5645L;

  private final Database database;
  private final int current;

  Schema(Database database) {
    this(database, CURRENT);
  }

  /** As another release has it. A seam for tests. */
  Schema(Database database, int current) {
    this.database = database;
    this.current = current;
  }

  /**
   * Brings the tables up to date.
   *
   * @throws OutboxException if a newer release has changed them
   */
  void migrate(Instant now) {
    int last =
        database.transact(
            connection -> {
              lock(connection);
              int version = version(connection);
              for (int next = version + 1; next <= current; next++) {
                run(connection, next);
                note(connection, next, now);
              }
              return Math.max(version, current);
            });
    check(last);
  }

  /**
   * Checks that the tables are there, and of this release.
   *
   * @throws OutboxException if they are not
   */
  void check() {
    check(database.read(Schema::version));
  }

  private void check(int version) {
    if (version > current) {
      throw new OutboxException(
          "the tables have version "
              + version
              + ", which a newer release wrote; this release knows versions up to "
              + current);
    }
    if (version < current) {
      throw new OutboxException(
          version == 0
              ? "there is no outbox in this database yet"
              : "the tables have version " + version + ", and this release needs " + current);
    }
  }

  private void lock(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (database.dialect() == Dialect.POSTGRESQL) {
        statement.execute("select pg_advisory_xact_lock(" + LOCK + ")");
      }
      statement.execute(
          "create table if not exists redeliver_schema"
              + " (version integer not null primary key, applied_at bigint not null)");
    }
  }

  /** {@return 0 if there are no tables} */
  private static int version(Connection connection) throws SQLException {
    try (ResultSet tables =
        connection.getMetaData().getTables(null, null, "redeliver\\_schema", null)) {
      if (!tables.next()) {
        return 0;
      }
    }
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select max(version) from redeliver_schema")) {
      return row.next() ? row.getInt(1) : 0;
    }
  }

  private void run(Connection connection, int version) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String each : script(database.dialect(), version).split(";", -1)) {
        if (!each.isBlank()) {
          statement.execute(each);
        }
      }
    }
  }

  private static void note(Connection connection, int version, Instant now) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("insert into redeliver_schema values (?, ?)")) {
      statement.setInt(1, version);
      statement.setLong(2, now.toEpochMilli());
      statement.executeUpdate();
    }
  }

  /** {@return the statements of one version} */
  static String script(Dialect dialect, int version) {
    String name = dialect.token() + "-" + version + ".sql";
    try (InputStream file = Schema.class.getResourceAsStream(name)) {
      if (file == null) {
        throw new IllegalStateException(name + " is missing from the jar");
      }
      return new String(file.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(name + " cannot be read", e);
    }
  }
}
