package dev.redeliver.outbox;

import com.github.kagkarlsson.scheduler.jdbc.JdbcCustomization;
import dev.redeliver.delivery.OutboxStatus;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What an operator can do with an outbox. Thread-safe. What is being sent at the moment is left
 * alone by all of them. Processes notice within a poll.
 */
public final class Operations {
  private static final int AT_A_TIME = 500;
  private static final String WAITING = "'NEW', 'DEFERRED', 'HELD'";

  private final Cleaning cleaning;
  private final Database database;
  private final InstantSource clock;

  Operations(Database database, Cleaning cleaning, InstantSource clock) {
    this.database = database;
    this.cleaning = cleaning;
    this.clock = clock;
  }

  /**
   * {@return messages, the oldest first, each with all its recipients}
   *
   * @param selection messages with a recipient of these
   * @param after the id of the last one known; empty to begin
   * @param limit how many at the most, 1 to 10000
   */
  public List<Entry> list(Selection selection, String after, int limit) {
    if (limit < 1 || limit > 10_000) {
      throw new IllegalArgumentException("limit must be from 1 to 10000, but is " + limit);
    }
    return database.read(
        connection -> {
          String sql =
              "select distinct r.message_id from redeliver_recipient r where "
                  + selection.condition()
                  + " and r.message_id > ? order by r.message_id limit "
                  + limit;
          List<Entry> entries = new ArrayList<>();
          for (String id : ids(connection, sql, selection, after)) {
            read(connection, id).ifPresent(entries::add);
          }
          return entries;
        });
  }

  /**
   * {@return one message; empty if it is not known, or not any more}
   *
   * @param id its id
   */
  public Optional<Entry> show(String id) {
    return database.read(connection -> read(connection, id));
  }

  /** {@return how many recipients are in which state, those in none left out} */
  public Map<EntryState, Long> count() {
    return database.read(
        connection -> {
          Map<EntryState, Long> counts = new LinkedHashMap<>();
          try (PreparedStatement select =
                  connection.prepareStatement(
                      "select state, count(*) from redeliver_recipient group by state"
                          + " order by state");
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              counts.put(EntryState.valueOf(row.getString(1)), row.getLong(2));
            }
          }
          return counts;
        });
  }

  /**
   * {@return how the outbox stands} Reads all recipients without a final outcome: not for every
   * second.
   */
  public OutboxStatus status() {
    Map<String, Long> recipients = new LinkedHashMap<>();
    return database.read(
        connection -> {
          try (PreparedStatement select =
                  connection.prepareStatement(
                      "select state, count(*) from redeliver_recipient"
                          + " where next_try is not null group by state");
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              recipients.put(EntryState.valueOf(row.getString(1)).token(), row.getLong(2));
            }
          }
          return new OutboxStatus(recipients, oldest(connection), overdueSince(connection));
        });
  }

  private static Optional<Instant> oldest(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement(
                "select min(submitted_at) as oldest from redeliver_message"
                    + " where finished_at is null");
        ResultSet row = select.executeQuery()) {
      return row.next() ? Store.instant(row, "oldest") : Optional.empty();
    }
  }

  private Optional<Instant> overdueSince(Connection connection) throws SQLException {
    JdbcCustomization times = database.dialect().customization();
    try (PreparedStatement select =
        connection.prepareStatement(
            "select execution_time from redeliver_task where picked = ? and execution_time <= ?"
                + " order by execution_time limit 1")) {
      select.setBoolean(1, false);
      times.setInstant(select, 2, clock.instant());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(times.getInstant(row, "execution_time")) : Optional.empty();
      }
    }
  }

  /**
   * Has recipients tried now that wait for a later try, or are held.
   *
   * @param selection which
   * @return how many
   */
  public int retryNow(Selection selection) {
    return renew(selection, WAITING);
  }

  /**
   * Has recipients tried now that are held because of our own set-up.
   *
   * @param selection which
   * @return how many
   */
  public int release(Selection selection) {
    return renew(selection, "'HELD'");
  }

  private int renew(Selection selection, String states) {
    int renewed = change(selection, states);
    if (renewed > 0) {
      boolean unused =
          database.transact(
              connection -> {
                Queues.wakeSleepers(connection, database.dialect(), clock.instant());
                return true;
              });
    }
    return renewed;
  }

  private int change(Selection selection, String states) {
    return each(
        selection,
        states,
        (connection, keys) -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  "update redeliver_recipient set state = 'NEW', next_try = ?"
                      + " where message_id = ? and position = ? and state in ("
                      + states
                      + ")")) {
            long now = clock.instant().toEpochMilli();
            for (Key key : keys) {
              update.setLong(1, now);
              update.setString(2, key.id);
              update.setInt(3, key.position);
              update.addBatch();
            }
            return sum(update.executeBatch());
          }
        });
  }

  /**
   * Gives recipients up that wait for a try.
   *
   * @param selection which
   * @return how many
   */
  public int cancel(Selection selection) {
    return each(selection, WAITING, this::cancel);
  }

  private int cancel(Connection connection, List<Key> keys) throws SQLException {
    Instant now = clock.instant();
    try (PreparedStatement update =
        connection.prepareStatement(
            "update redeliver_recipient set state = 'CANCELLED', next_try = null, changed_at = ?,"
                + " decision = 'cancelled by an operator'"
                + " where message_id = ? and position = ? and state in ("
                + WAITING
                + ")")) {
      for (Key key : keys) {
        update.setLong(1, now.toEpochMilli());
        update.setString(2, key.id);
        update.setInt(3, key.position);
        update.addBatch();
      }
      int[] cancelled = update.executeBatch();
      List<byte[]> contents = new ArrayList<>();
      for (int i = 0; i < cancelled.length; i++) {
        if (cancelled[i] > 0) {
          Cleaning.contentName(connection, keys.get(i).id).ifPresent(contents::add);
          Turns.end(connection, keys.get(i).id, 1, now);
        }
      }
      cleaning.removeBodies(connection, contents);
      return sum(cancelled);
    }
  }

  /**
   * Forgets messages all of whose recipients have a final outcome, and with them their idempotency
   * keys.
   *
   * @param selection messages with a recipient of these
   * @return how many messages
   */
  public int purge(Selection selection) {
    int purged = 0;
    List<String> ids;
    do {
      ids =
          database.transact(
              connection -> {
                String sql =
                    "select distinct r.message_id from redeliver_recipient r"
                        + " join redeliver_message m on m.id = r.message_id where "
                        + selection.condition()
                        + " and m.finished_at is not null and r.message_id > ? limit "
                        + AT_A_TIME;
                List<String> found = ids(connection, sql, selection, "");
                Cleaning.forget(connection, found);
                return found;
              });
      purged += ids.size();
    } while (ids.size() == AT_A_TIME);
    return purged;
  }

  /** One recipient. */
  private record Key(String id, int position) {}

  /** Does something with recipients. */
  @FunctionalInterface
  private interface Change {
    int apply(Connection connection, List<Key> keys) throws SQLException;
  }

  /** A few at a time: nobody is kept waiting by a long transaction. */
  private int each(Selection selection, String states, Change change) {
    int changed = 0;
    Key last = new Key("", -1);
    while (true) {
      Key from = last;
      List<Key> keys = database.read(connection -> keys(connection, selection, states, from));
      if (keys.isEmpty()) {
        return changed;
      }
      changed += database.transact(connection -> change.apply(connection, keys));
      last = keys.get(keys.size() - 1);
    }
  }

  private static List<Key> keys(
      Connection connection, Selection selection, String states, Key after) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select r.message_id, r.position from redeliver_recipient r where "
                + selection.condition()
                + " and r.state in ("
                + states
                + ") and (r.message_id > ? or (r.message_id = ? and r.position > ?))"
                + " order by r.message_id, r.position limit "
                + AT_A_TIME)) {
      int next = set(select, selection);
      select.setString(next, after.id);
      select.setString(next + 1, after.id);
      select.setInt(next + 2, after.position);
      List<Key> keys = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          keys.add(new Key(row.getString(1), row.getInt(2)));
        }
      }
      return keys;
    }
  }

  private static int set(PreparedStatement statement, Selection selection) throws SQLException {
    int next = 1;
    for (String parameter : selection.parameters()) {
      statement.setString(next++, parameter);
    }
    return next;
  }

  private static List<String> ids(
      Connection connection, String sql, Selection selection, String after) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(set(select, selection), after);
      List<String> ids = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          ids.add(row.getString(1));
        }
      }
      return ids;
    }
  }

  private static int sum(int[] counts) {
    int sum = 0;
    for (int count : counts) {
      sum += count;
    }
    return sum;
  }

  private static Optional<Entry> read(Connection connection, String id) throws SQLException {
    List<Entry.Recipient> recipients = recipients(connection, id);
    try (PreparedStatement select =
        connection.prepareStatement("select * from redeliver_message where id = ?")) {
      select.setString(1, id);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(entry(row, recipients)) : Optional.empty();
      }
    }
  }

  private static Entry entry(ResultSet row, List<Entry.Recipient> recipients) throws SQLException {
    return new Entry(
        row.getString("id"),
        row.getString("message_id"),
        Optional.ofNullable(row.getString("idempotency_key")),
        Priority.of(row.getInt("priority")),
        row.getLong("body_size"),
        Store.instant(row, "submitted_at").orElseThrow(),
        Store.instant(row, "deadline").orElseThrow(),
        Store.instant(row, "finished_at"),
        recipients);
  }

  private static List<Entry.Recipient> recipients(Connection connection, String id)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select * from redeliver_recipient where message_id = ? order by position")) {
      select.setString(1, id);
      List<Entry.Recipient> recipients = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          recipients.add(
              new Entry.Recipient(
                  row.getString("address"),
                  EntryState.valueOf(row.getString("state")),
                  row.getInt("attempts"),
                  row.getInt("unknown_outcomes"),
                  Store.instant(row, "next_try"),
                  Store.instant(row, "changed_at").orElseThrow(),
                  Objects.requireNonNull(row.getString("cause")),
                  Objects.requireNonNull(row.getString("rule")),
                  Objects.requireNonNull(row.getString("reply")),
                  Objects.requireNonNull(row.getString("decision"))));
        }
      }
      return recipients;
    }
  }
}
