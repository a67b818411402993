package dev.redeliver.outbox;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import dev.redeliver.policy.OutboxSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** Connections to the databases that an outbox opens by itself. */
final class Embedded {
  private static final int BUSY_MILLIS = 30_000;

  /** For pages of the file, outside the heap: indexes of a large backlog. */
  private static final int CACHE_KIBI = 32 << 10;

  private Embedded() {}

  /**
   * {@return a pool for what {@code redeliver.outbox} names}
   *
   * @param connections so many at a time, if the database can do with more than one
   * @throws OutboxException if it cannot be reached, or is no database
   */
  static HikariDataSource open(OutboxSettings settings, int connections) {
    return settings.location().startsWith("jdbc:")
        ? pool(settings, connections)
        : file(Path.of(settings.location()).toAbsolutePath());
  }

  /** A process that is frozen in the middle of a transaction must not keep its locks for ever. */
  private static HikariDataSource pool(OutboxSettings settings, int connections) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("redeliver-outbox");
    config.setJdbcUrl(settings.location());
    config.setMaximumPoolSize(connections);
    config.setConnectionInitSql(
        "set idle_in_transaction_session_timeout = " + settings.lease().toMillis());
    return start(config);
  }

  /**
   * A commit is on the disk when it returns. One connection: several that write keep each other
   * waiting for a second and more.
   */
  private static HikariDataSource file(Path file) {
    SQLiteConfig sqlite = new SQLiteConfig();
    sqlite.setJournalMode(SQLiteConfig.JournalMode.WAL);
    sqlite.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    sqlite.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
    sqlite.setBusyTimeout(BUSY_MILLIS);
    // Pages if it is positive.
    sqlite.setCacheSize(-CACHE_KIBI);
    SQLiteDataSource source = new SQLiteDataSource(sqlite);
    source.setUrl("jdbc:sqlite:" + file);
    createDirectory(file);
    HikariConfig config = new HikariConfig();
    config.setPoolName("redeliver-outbox");
    config.setDataSource(source);
    config.setMaximumPoolSize(1);
    return start(config);
  }

  /** Makes the first connection, or says why not. */
  private static HikariDataSource start(HikariConfig config) {
    try {
      return new HikariDataSource(config);
    } catch (HikariPool.PoolInitializationException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      throw new OutboxException("the outbox's database cannot be reached: " + why.getMessage(), e);
    }
  }

  private static void createDirectory(Path file) {
    Path directory = file.getParent();
    try {
      if (directory != null) {
        Files.createDirectories(directory);
      }
    } catch (IOException e) {
      throw new OutboxException("the directory of " + file + " cannot be made", e);
    }
  }
}
