package dev.redeliver.outbox;

import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.jdbc.JdbcCustomization;
import com.github.kagkarlsson.scheduler.jdbc.PostgreSqlJdbcCustomization;
import com.github.kagkarlsson.scheduler.jdbc.SqliteJdbcCustomization;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;

/** In what the databases differ. Immutable and thread-safe. */
enum Dialect {
  /** One file, one process that sends; whoever writes has it for himself. */
  SQLITE {
    @Override
    String lock(String strength) {
      return "";
    }

    @Override
    String byKey(String table, String key, String value, String alias) {
      return table + " " + alias + " on " + alias + "." + key + " = " + value;
    }

    @Override
    boolean writesTogether() {
      return false;
    }

    @Override
    JdbcCustomization customization() {
      return new SqliteJdbcCustomization();
    }

    @Override
    SchedulerBuilder polling(SchedulerBuilder builder) {
      return builder.pollUsingFetch(0.5, 1.0);
    }
  },
  /** Many processes. */
  POSTGRESQL {
    @Override
    String lock(String strength) {
      return " for " + strength;
    }

    /**
     * A subquery that is not merged. Otherwise tables that were never analyzed are read as a whole.
     */
    @Override
    String byKey(String table, String key, String value, String alias) {
      return "lateral (select * from "
          + table
          + " where "
          + key
          + " = "
          + value
          + " offset 0) "
          + alias;
    }

    @Override
    boolean writesTogether() {
      return true;
    }

    @Override
    JdbcCustomization customization() {
      return new PostgreSqlJdbcCustomization(false, false);
    }

    /**
     * Not more than the threads can begin at once: what waits for a thread gets no heartbeat, is
     * taken for dead, and is picked again, without end.
     */
    @Override
    SchedulerBuilder polling(SchedulerBuilder builder) {
      return builder.pollUsingLockAndFetch(0.5, 1.0);
    }
  };

  /** {@return the dialect of a database} */
  static Dialect of(Connection connection) throws SQLException {
    String product = connection.getMetaData().getDatabaseProductName();
    return switch (product) {
      case "SQLite" -> SQLITE;
      case "PostgreSQL" -> POSTGRESQL;
      default ->
          throw new OutboxException(
              "the outbox keeps messages in SQLite or PostgreSQL, not in " + product);
    };
  }

  /** {@return where the statements of the schema are found} */
  String token() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** {@return what locks the rows that a query finds, as {@code update} or {@code key share}} */
  abstract String lock(String strength);

  /**
   * {@return what comes behind {@code cross join} for rows to be looked up one by one, by their
   * key}
   *
   * @param value what the key must be
   * @param alias what the table is called from here on
   */
  abstract String byKey(String table, String key, String value, String alias);

  /** {@return whether a statement may have others in it that write} That saves journeys. */
  abstract boolean writesTogether();

  abstract JdbcCustomization customization();

  abstract SchedulerBuilder polling(SchedulerBuilder builder);
}
