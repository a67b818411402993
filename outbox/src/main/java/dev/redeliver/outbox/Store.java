package dev.redeliver.outbox;

import dev.redeliver.delivery.RecipientState;
import dev.redeliver.policy.UnknownOutcome;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is written to the database and read from it while messages are sent. Thread-safe. Times are
 * milliseconds since 1970, read from the processes' clocks.
 */
final class Store {
  private static final String ROW =
      "r.position, r.address, r.state, r.next_try, r.next_counts, r.attempts, r.failures,"
          + " r.reconnects, r.unknown_outcomes, r.transactions, r.relay, r.cause, r.rule, r.reply,"
          + " r.decision";
  private static final String PARCEL =
      "select m.id, m.body_id, m.message_id, m.parameters, m.unknown_outcome, m.submitted_at,"
          + " m.deadline, "
          + ROW
          + " from ";

  /** After that, another release may be there. */
  private static final Duration UNREADABLE = Duration.ofHours(1);

  private static final Logger LOGGER = LoggerFactory.getLogger(Store.class);

  private final Database database;
  private final Dialect dialect;
  private final ContentCipher cipher;
  private final Intake intake;

  /**
   * Makes one.
   *
   * @param intake writes the notifications of failures
   */
  Store(Database database, ContentCipher cipher, Intake intake) {
    this.database = database;
    this.cipher = cipher;
    this.intake = intake;
    dialect = database.dialect();
  }

  Database database() {
    return database;
  }

  // ---------------------------------------------------------------- what is due

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
        row.getBytes("body_id"),
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

  /** {@return the octets of a message} */
  byte[] content(byte[] bodyId) {
    return database.read(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  "select format, content from redeliver_body where id = ?")) {
            select.setBytes(1, bodyId);
            try (ResultSet row = select.executeQuery()) {
              if (!row.next()) {
                throw new OutboxException("the content of the message is gone");
              }
              return cipher.open(bodyId, row.getInt(1), row.getBytes(2));
            }
          }
        });
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

  // ---------------------------------------------------------------- what is sent

  /**
   * What became of the recipients of one message in an attempt.
   *
   * @param notification what the sender is told; stored with the rest, or not at all
   */
  record Result(Parcel parcel, List<LedgerRow> rows, Optional<Submission> notification) {}

  /**
   * Writes down what became of one message, if any, and that the next one, if any, is about to be
   * sent: one transaction for both.
   *
   * @param again whether this was tried before, and maybe done: the answer to a commit can get lost
   * @return the recipients of the next message that are still to be sent to; none if an operator
   *     was faster
   * @throws LeaseLostException if somebody else looks after the queue now
   */
  Optional<Parcel> turn(
      Lease lease, @Nullable Result done, @Nullable Parcel next, Instant now, boolean again) {
    return database.transact(
        connection -> {
          check(connection, lease);
          if (done != null) {
            write(connection, done, now);
          }
          return next == null ? Optional.empty() : mark(connection, next, now, again);
        });
  }

  private void check(Connection connection, Lease lease) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select 1 from redeliver_task where task_name = ? and task_instance = ?"
                + " and version = ? and picked"
                + dialect.lock("share"))) {
      select.setString(1, QueueTask.NAME);
      select.setString(2, lease.queue().id());
      select.setLong(3, lease.version());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new LeaseLostException(lease.queue());
        }
      }
    }
  }

  /** Whoever has the lease finds nobody's marks but his own: all others he has ended before. */
  private static Optional<Parcel> mark(
      Connection connection, Parcel parcel, Instant now, boolean again) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update redeliver_recipient set state = 'TRANSMITTING', changed_at = ?"
                + " where message_id = ? and position = ? and (state = ?"
                + (again ? " or state = 'TRANSMITTING'" : "")
                + ") and next_try = ?")) {
      for (LedgerRow row : parcel.rows()) {
        update.setLong(1, now.toEpochMilli());
        update.setString(2, parcel.id());
        update.setInt(3, row.position());
        update.setString(4, row.state().name());
        update.setLong(5, row.recipient().nextTry().orElseThrow().toEpochMilli());
        update.addBatch();
      }
      int[] marked = update.executeBatch();
      List<LedgerRow> left = new ArrayList<>(marked.length);
      for (int i = 0; i < marked.length; i++) {
        if (marked[i] > 0) {
          left.add(parcel.rows().get(i));
        }
      }
      return left.isEmpty() ? Optional.empty() : Optional.of(parcel.with(left));
    }
  }

  private void write(Connection connection, Result done, Instant now) throws SQLException {
    int ended = 0;
    try (PreparedStatement update =
        connection.prepareStatement(
            "update redeliver_recipient set state = ?, next_try = ?, next_counts = ?, attempts = ?,"
                + " failures = ?, reconnects = ?, unknown_outcomes = ?, transactions = ?,"
                + " relay = ?, changed_at = ?, cause = ?, rule = ?, reply = ?, decision = ?"
                + " where message_id = ? and position = ? and state = 'TRANSMITTING'")) {
      for (LedgerRow row : done.rows) {
        set(update, row, now);
        update.setString(15, done.parcel.id());
        update.setInt(16, row.position());
        update.addBatch();
      }
      int[] written = update.executeBatch();
      for (int i = 0; i < written.length; i++) {
        ended += done.rows.get(i).state().isFinal() ? written[i] : 0;
      }
    }
    if (ended > 0) {
      end(connection, done.parcel.id(), ended, now);
    }
    if (done.notification.isPresent()) {
      Duration deadline = Duration.between(done.parcel.submittedAt(), done.parcel.deadline());
      List<String> unused =
          intake.insert(connection, List.of(done.notification.get()), now, deadline);
    }
  }

  private static void set(PreparedStatement update, LedgerRow row, Instant now)
      throws SQLException {
    RecipientState recipient = row.recipient();
    update.setString(1, row.state().name());
    if (recipient.nextTry().isPresent()) {
      update.setLong(2, recipient.nextTry().get().toEpochMilli());
    } else {
      update.setNull(2, Types.BIGINT);
    }
    update.setBoolean(3, recipient.nextCounts());
    update.setInt(4, recipient.attempts());
    update.setString(5, FailureCounts.format(recipient.failuresByLane()));
    update.setInt(6, recipient.reconnects());
    update.setInt(7, recipient.unknownOutcomes());
    update.setInt(8, row.transactions());
    update.setString(9, row.relay());
    update.setLong(10, now.toEpochMilli());
    update.setString(11, row.last().cause());
    update.setString(12, row.last().rule());
    update.setString(13, row.last().reply());
    update.setString(14, row.last().decision());
  }

  /** Counts recipients as ended; after the last one, the octets are not needed any more. */
  static void end(Connection connection, String id, int recipients, Instant now)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update redeliver_message set open = open - ?,"
                + " finished_at = case when open <= ? then ? else finished_at end,"
                + " body_id = case when open <= ? then null else body_id end where id = ?")) {
      update.setInt(1, recipients);
      update.setInt(2, recipients);
      update.setLong(3, now.toEpochMilli());
      update.setInt(4, recipients);
      update.setString(5, id);
      update.executeUpdate();
    }
  }
}
