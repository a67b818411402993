package dev.redeliver.outbox;

import dev.redeliver.delivery.RecipientState;
import dev.redeliver.policy.UnknownOutcome;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is read from the database while messages are sent. Thread-safe. Times are milliseconds since
 * 1970, read from the processes' clocks.
 */
final class Store {
  private static final String ROW =
      "r.position, r.address, r.state, r.next_try, r.next_counts, r.attempts, r.failures,"
          + " r.reconnects, r.unknown_outcomes, r.transactions, r.relay, r.cause, r.rule, r.reply,"
          + " r.decision";
  private static final String PARCEL =
      "select m.id, m.body_id, m.body_size, m.message_id, m.parameters, m.unknown_outcome, m.submitted_at,"
          + " m.deadline, "
          + ROW
          + " from ";

  /** After that, another release may be there. */
  private static final Duration UNREADABLE = Duration.ofHours(1);

  private static final Logger LOGGER = LoggerFactory.getLogger(Store.class);

  private final Database database;
  private final Dialect dialect;
  private final ContentCipher cipher;

  Store(Database database, ContentCipher cipher) {
    this.database = database;
    this.cipher = cipher;
    dialect = database.dialect();
  }

  Database database() {
    return database;
  }

  /**
   * {@return the messages of a queue that are due, those due first at the front} Finds those first,
   * and then goes by their keys: what it costs does not depend on how many are due. The limit is a
   * part of the statement, because a plan for any limit would be one for a large one.
   */
  List<Parcel> due(QueueName queue, Instant now, int limit) {
    return database.read(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  PARCEL
                      + "(select distinct e.message_id from (select d.message_id"
                      + " from redeliver_recipient d where d.queue = ? and d.next_try <= ?"
                      + " order by d.next_try limit "
                      + limit
                      + ") e) f cross join "
                      + dialect.byKey("redeliver_message", "id", "f.message_id", "m")
                      + " cross join "
                      + dialect.byKey("redeliver_recipient", "message_id", "f.message_id", "r")
                      + " where r.queue || '' = ? and r.next_try + 0 <= ?"
                      + " and r.state <> 'TRANSMITTING'"
                      + " order by r.next_try, r.message_id, r.position")) {
            select.setString(1, queue.id());
            select.setLong(2, now.toEpochMilli());
            select.setString(3, queue.id());
            select.setLong(4, now.toEpochMilli());
            return parcels(select);
          }
        });
  }

  /** {@return the messages of a queue that a process was sending} */
  List<Parcel> transmitting(QueueName queue) {
    return database.read(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  PARCEL
                      + "redeliver_recipient r join redeliver_message m on m.id = r.message_id"
                      + " where r.queue = ? and r.state = 'TRANSMITTING'"
                      + " order by r.message_id, r.position")) {
            select.setString(1, queue.id());
            return parcels(select);
          }
        });
  }

  /** What another release wrote, and this one cannot read, must not keep the others. */
  private static List<Parcel> parcels(PreparedStatement select) throws SQLException {
    Map<String, Parcel> parcels = new LinkedHashMap<>();
    Set<String> unreadable = new HashSet<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        String id = row.getString("id");
        try {
          Parcel parcel = parcels.get(id);
          if (parcel == null) {
            parcel = parcel(row);
            parcels.put(id, parcel);
          }
          parcel.rows().add(ledgerRow(row));
        } catch (OutboxException | IllegalArgumentException e) {
          LOGGER.error("{} cannot be read and is put off", id, e);
          unreadable.add(id);
        }
      }
    }
    parcels.keySet().removeAll(unreadable);
    putOff(select.getConnection(), unreadable);
    return List.copyOf(parcels.values());
  }

  private static void putOff(Connection connection, Set<String> ids) throws SQLException {
    if (ids.isEmpty()) {
      return;
    }
    try (PreparedStatement update =
        connection.prepareStatement(
            "update redeliver_recipient set next_try = next_try + "
                + UNREADABLE.toMillis()
                + " where message_id = ? and next_try is not null")) {
      for (String id : ids) {
        update.setString(1, id);
        update.addBatch();
      }
      int[] unused = update.executeBatch();
    }
  }

  private static Parcel parcel(ResultSet row) throws SQLException {
    if (row.getLong("deadline") <= row.getLong("submitted_at")) {
      throw new OutboxException("the deadline is not after the submission");
    }
    return new Parcel(
        row.getString("id"),
        // Octets without a name are not found: one message's trouble, not its queue's.
        Objects.requireNonNullElse(row.getBytes("body_id"), new byte[0]),
        row.getLong("body_size"),
        row.getString("message_id"),
        row.getString("parameters"),
        Optional.ofNullable(row.getString("unknown_outcome")).map(UnknownOutcome::valueOf),
        Instant.ofEpochMilli(row.getLong("submitted_at")),
        Instant.ofEpochMilli(row.getLong("deadline")),
        new ArrayList<>(1));
  }

  static LedgerRow ledgerRow(ResultSet row) throws SQLException {
    EntryState state = EntryState.valueOf(row.getString("state"));
    RecipientState recipient =
        new RecipientState(
            state.outcome(),
            instant(row, "next_try"),
            row.getBoolean("next_counts"),
            row.getInt("attempts"),
            FailureCounts.parse(row.getString("failures")),
            row.getInt("reconnects"),
            row.getInt("unknown_outcomes"));
    LedgerRow.Event last =
        new LedgerRow.Event(
            row.getString("cause"),
            row.getString("rule"),
            row.getString("reply"),
            row.getString("decision"));
    return new LedgerRow(
        row.getInt("position"),
        row.getString("address"),
        state,
        recipient,
        row.getInt("transactions"),
        row.getString("relay"),
        last);
  }

  static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
    long millis = row.getLong(column);
    return row.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
  }

  /** How many messages' octets are read at a time, at the most. */
  static final int CONTENTS = 8;

  /** What is stored of a message's octets. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Content(int format, byte[] stored) {
    static Content opened(byte[] octets) {
      return new Content(ContentCipher.PLAIN, octets);
    }
  }

  /** {@return the octets of those that are there, as they are stored} */
  Map<ByteBuffer, Content> contents(List<byte[]> names) {
    int marks = names.size() == 1 ? 1 : CONTENTS;
    return database.read(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  "select id, format, content from redeliver_body where id in (?"
                      + ", ?".repeat(marks - 1)
                      + ")")) {
            for (int i = 0; i < marks; i++) {
              select.setBytes(i + 1, names.get(Math.min(i, names.size() - 1)));
            }
            Map<ByteBuffer, Content> contents = new HashMap<>();
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                contents.put(
                    ByteBuffer.wrap(row.getBytes(1)), new Content(row.getInt(2), row.getBytes(3)));
              }
            }
            return contents;
          }
        });
  }

  /** {@return the octets of a message from what is stored of them} */
  byte[] open(byte[] name, Content content) {
    return cipher.open(name, content.format(), content.stored());
  }

  /** {@return when a queue has something to do; empty if it is empty} */
  Optional<Instant> nextTry(QueueName queue) {
    return database.read(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  "select min(next_try) as next_try from redeliver_recipient"
                      + " where queue = ? and next_try is not null")) {
            select.setString(1, queue.id());
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? instant(row, "next_try") : Optional.empty();
            }
          }
        });
  }
}
