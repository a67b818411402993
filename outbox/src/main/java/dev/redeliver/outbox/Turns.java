package dev.redeliver.outbox;

import dev.redeliver.delivery.RecipientState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what became of messages, and that the next ones are about to be sent. Whoever lost
 * the lease of a queue writes nothing. Thread-safe.
 */
final class Turns {
  private static final String WRITE =
      "update redeliver_recipient set state = ?, next_try = ?, next_counts = ?, attempts = ?,"
          + " failures = ?, reconnects = ?, unknown_outcomes = ?, transactions = ?, relay = ?,"
          + " changed_at = ?, cause = ?, rule = ?, reply = ?, decision = ?"
          + " where message_id = ? and position = ? and state = 'TRANSMITTING'";

  /** After the last recipient, the octets are not needed any more. */
  private static final String END =
      "update redeliver_message set open = open - ?,"
          + " finished_at = case when open <= ? then ? else finished_at end,"
          + " body_id = case when open <= ? then null else body_id end where id = ?";

  /** Whoever has the lease finds nobody's marks but his own: all others he has ended before. */
  private static final String MARK =
      "update redeliver_recipient set state = 'TRANSMITTING', changed_at = ?"
          + " where message_id = ? and position = ? and next_try = ? and state in (?, ?)";

  private final Database database;
  private final Intake intake;

  /** Finds a row while somebody has the lease, who then cannot lose it in this transaction. */
  private final String leaseIsHeld;

  /**
   * Makes one.
   *
   * @param intake writes the notifications of failures
   */
  Turns(Database database, Intake intake) {
    this.database = database;
    this.intake = intake;
    leaseIsHeld =
        "select 1 from redeliver_task where task_name = ? and task_instance = ?"
            + " and version = ? and picked"
            + database.dialect().lock("share");
  }

  /**
   * What became of the recipients of one message in an attempt.
   *
   * @param notification what the sender is told; stored with the rest, or not at all. It has as
   *     much time as any message: a one-time code is worth nothing after ten minutes, that it did
   *     not arrive is
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
    boolean together = database.dialect().writesTogether() && isSimple(done, next);
    return database.transact(
        connection -> {
          if (together) {
            return writeTogether(connection, lease, done, next, now, again);
          }
          check(connection, lease);
          if (done != null) {
            write(connection, done, now);
          }
          return next == null ? Optional.empty() : mark(connection, next, now, again);
        });
  }

  private static boolean isSimple(@Nullable Result done, @Nullable Parcel next) {
    return (done == null || (done.rows.size() == 1 && done.notification.isEmpty()))
        && (next == null || next.rows().size() == 1);
  }

  /** Most messages have one recipient: for them, what follows as one statement. */
  private Optional<Parcel> writeTogether(
      Connection connection,
      Lease lease,
      @Nullable Result done,
      @Nullable Parcel next,
      Instant now,
      boolean again)
      throws SQLException {
    boolean ended = done != null && done.rows.get(0).state().isFinal();
    String sql =
        "with lease as ("
            + leaseIsHeld
            + ")"
            + (done == null
                ? ""
                : ", written as (" + WRITE + " and exists (select 1 from lease) returning 1)")
            + (ended ? ", ended as (" + END + " and exists (select 1 from written))" : "")
            + (next == null
                ? ""
                : ", marked as (" + MARK + " and exists (select 1 from lease) returning 1)")
            + " select (select count(*) from lease), "
            + (next == null ? "0" : "(select count(*) from marked)");
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      int from = set(statement, 1, lease);
      if (done != null) {
        from = set(statement, from, done.parcel.id(), done.rows.get(0), now);
      }
      if (done != null && ended) {
        from = setEnd(statement, from, done.parcel.id(), 1, now);
      }
      if (next != null) {
        setMark(statement, from, next.id(), next.rows().get(0), now, again);
      }
      try (ResultSet counts = statement.executeQuery()) {
        counts.next();
        if (counts.getInt(1) == 0) {
          throw new LeaseLostException(lease.queue());
        }
        return counts.getInt(2) == 0 ? Optional.empty() : Optional.ofNullable(next);
      }
    }
  }

  private void check(Connection connection, Lease lease) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(leaseIsHeld)) {
      int unused = set(select, 1, lease);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new LeaseLostException(lease.queue());
        }
      }
    }
  }

  private void write(Connection connection, Result done, Instant now) throws SQLException {
    int ended = 0;
    try (PreparedStatement update = connection.prepareStatement(WRITE)) {
      for (LedgerRow row : done.rows) {
        int unused = set(update, 1, done.parcel.id(), row, now);
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
      List<String> unused = intake.insert(connection, List.of(done.notification.get()), now);
    }
  }

  private static Optional<Parcel> mark(
      Connection connection, Parcel parcel, Instant now, boolean again) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(MARK)) {
      for (LedgerRow row : parcel.rows()) {
        setMark(update, 1, parcel.id(), row, now, again);
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

  /** Counts recipients as ended. */
  static void end(Connection connection, String id, int recipients, Instant now)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(END)) {
      int unused = setEnd(update, 1, id, recipients, now);
      update.executeUpdate();
    }
  }

  // ------------------------------------ parameters, each from a position on; {@return the next
  // one}

  private static int set(PreparedStatement statement, int from, Lease lease) throws SQLException {
    statement.setString(from, QueueTask.NAME);
    statement.setString(from + 1, lease.queue().id());
    statement.setLong(from + 2, lease.version());
    return from + 3;
  }

  private static int set(PreparedStatement update, int from, String id, LedgerRow row, Instant now)
      throws SQLException {
    RecipientState recipient = row.recipient();
    update.setString(from, row.state().name());
    if (recipient.nextTry().isPresent()) {
      update.setLong(from + 1, recipient.nextTry().get().toEpochMilli());
    } else {
      update.setNull(from + 1, Types.BIGINT);
    }
    update.setBoolean(from + 2, recipient.nextCounts());
    update.setInt(from + 3, recipient.attempts());
    update.setString(from + 4, FailureCounts.format(recipient.failuresByLane()));
    update.setInt(from + 5, recipient.reconnects());
    update.setInt(from + 6, recipient.unknownOutcomes());
    update.setInt(from + 7, row.transactions());
    update.setString(from + 8, row.relay());
    update.setLong(from + 9, now.toEpochMilli());
    update.setString(from + 10, row.last().cause());
    update.setString(from + 11, row.last().rule());
    update.setString(from + 12, row.last().reply());
    update.setString(from + 13, row.last().decision());
    update.setString(from + 14, id);
    update.setInt(from + 15, row.position());
    return from + 16;
  }

  private static int setEnd(
      PreparedStatement update, int from, String id, int recipients, Instant now)
      throws SQLException {
    update.setInt(from, recipients);
    update.setInt(from + 1, recipients);
    update.setLong(from + 2, now.toEpochMilli());
    update.setInt(from + 3, recipients);
    update.setString(from + 4, id);
    return from + 5;
  }

  private static void setMark(
      PreparedStatement update, int from, String id, LedgerRow row, Instant now, boolean again)
      throws SQLException {
    update.setLong(from, now.toEpochMilli());
    update.setString(from + 1, id);
    update.setInt(from + 2, row.position());
    update.setLong(from + 3, row.recipient().nextTry().orElseThrow().toEpochMilli());
    update.setString(from + 4, row.state().name());
    update.setString(from + 5, (again ? EntryState.TRANSMITTING : row.state()).name());
  }
}
