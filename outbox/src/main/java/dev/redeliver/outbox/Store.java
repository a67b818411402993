package dev.redeliver.outbox;

import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientState;
import dev.redeliver.delivery.Resumption;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.reputation.Destination;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is written to the database and read from it while messages come, are sent, and end.
 * Thread-safe. Times are milliseconds since 1970, read from the processes' clocks.
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
  private final Ids ids = new Ids();
  private final int queuesPerDestination;

  Store(Database database, ContentCipher cipher, int queuesPerDestination) {
    this.database = database;
    this.cipher = cipher;
    this.queuesPerDestination = queuesPerDestination;
    dialect = database.dialect();
  }

  Database database() {
    return database;
  }

  // ---------------------------------------------------------------- what comes

  /** A message as it is going to be stored. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Incoming(String id, Submission submission, byte[] bodyId, Resumption start) {}

  /**
   * Stores messages in the transaction of a connection.
   *
   * @param usual how long after the submission an attempt may start, unless a message says
   *     otherwise
   * @return the id of each, in this order; where a key is known, that of the message that had it
   */
  List<String> insert(
      Connection connection, List<Submission> submissions, Instant now, Duration usual)
      throws SQLException {
    List<Incoming> incoming = new ArrayList<>(submissions.size());
    for (Submission submission : submissions) {
      byte[] bodyId = cipher.name(submission.message().content());
      Resumption start =
          submission
              .left()
              .orElseGet(
                  () ->
                      Resumption.first(
                          submission.message().envelope(),
                          now,
                          now.plus(submission.deadline().orElse(usual))));
      incoming.add(new Incoming(ids.next(now), submission, bodyId, start));
    }
    int[] inserted = insertMessages(connection, incoming);
    List<String> given = new ArrayList<>(incoming.size());
    List<Incoming> fresh = new ArrayList<>(incoming.size());
    for (int i = 0; i < inserted.length; i++) {
      Incoming each = incoming.get(i);
      String id = inserted[i] > 0 ? each.id : idOf(connection, each);
      given.add(id);
      if (id.equals(each.id)) {
        fresh.add(each);
      }
    }
    insertBodies(connection, fresh, now);
    insertRecipients(connection, fresh, now);
    return given;
  }

  private int[] insertMessages(Connection connection, List<Incoming> incoming) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into redeliver_message (id, idempotency_key, body_id, body_size, message_id,"
                + " parameters, unknown_outcome, priority, submitted_at, deadline, open)"
                + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                + " on conflict (idempotency_key) do nothing")) {
      for (Incoming each : incoming) {
        Submission submission = each.submission;
        insert.setString(1, each.id);
        insert.setString(2, submission.idempotencyKey().orElse(null));
        insert.setBytes(3, each.bodyId);
        insert.setLong(4, submission.message().size());
        insert.setString(5, submission.message().envelope().messageId());
        insert.setString(6, Parameters.format(submission.message().parameters()));
        insert.setString(
            7, submission.message().envelope().unknownOutcome().map(Enum::name).orElse(null));
        insert.setInt(8, submission.priority().rank());
        insert.setLong(9, each.start.startedAt().toEpochMilli());
        insert.setLong(10, each.start.deadline().toEpochMilli());
        insert.setInt(11, submission.message().envelope().recipients().size());
        insert.addBatch();
      }
      return insert.executeBatch();
    }
  }

  /**
   * {@return the id of the message that is there} A driver that makes one statement of several (as
   * with {@code reWriteBatchedInserts}) does not tell which of them found one.
   */
  private static String idOf(Connection connection, Incoming message) throws SQLException {
    String key = message.submission.idempotencyKey().orElse(null);
    if (key == null) {
      return message.id;
    }
    try (PreparedStatement select =
        connection.prepareStatement("select id from redeliver_message where idempotency_key = ?")) {
      select.setString(1, key);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new OutboxException("idempotency key '" + key + "' was removed at this moment");
        }
        return row.getString(1);
      }
    }
  }

  /**
   * Equal octets are stored once. Those that are there already are locked, so that nobody takes
   * them away before this transaction ends.
   */
  private void insertBodies(Connection connection, List<Incoming> incoming, Instant now)
      throws SQLException {
    List<Incoming> missing = distinct(incoming);
    while (!missing.isEmpty()) {
      List<Incoming> known = new ArrayList<>();
      int[] inserted = tryInsertBodies(connection, missing, now);
      for (int i = 0; i < inserted.length; i++) {
        if (inserted[i] <= 0) {
          known.add(missing.get(i));
        }
      }
      known.removeIf(each -> isLocked(connection, each.bodyId));
      missing = known;
    }
  }

  private static List<Incoming> distinct(List<Incoming> incoming) {
    Map<String, Incoming> byName = new LinkedHashMap<>();
    incoming.forEach(each -> byName.putIfAbsent(Arrays.toString(each.bodyId), each));
    return List.copyOf(byName.values());
  }

  private int[] tryInsertBodies(Connection connection, List<Incoming> missing, Instant now)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into redeliver_body (id, format, content, created_at) values (?, ?, ?, ?)"
                + " on conflict (id) do nothing")) {
      for (Incoming each : missing) {
        insert.setBytes(1, each.bodyId);
        insert.setInt(2, cipher.format());
        insert.setBytes(3, cipher.seal(each.bodyId, each.submission.message().content()));
        insert.setLong(4, now.toEpochMilli());
        insert.addBatch();
      }
      return insert.executeBatch();
    }
  }

  private boolean isLocked(Connection connection, byte[] bodyId) {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select 1 from redeliver_body where id = ?" + dialect.lock("key share"))) {
      select.setBytes(1, bodyId);
      try (ResultSet row = select.executeQuery()) {
        return row.next();
      }
    } catch (SQLException e) {
      throw Database.failed(e);
    }
  }

  private void insertRecipients(Connection connection, List<Incoming> incoming, Instant now)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into redeliver_recipient (message_id, position, address, queue, state,"
                + " next_try, next_counts, attempts, failures, reconnects, unknown_outcomes,"
                + " transactions, relay, changed_at, cause, rule, reply, decision)"
                + " values (?, ?, ?, ?, 'NEW', ?, ?, ?, ?, ?, ?, ?, '', ?, '', '', '', '')")) {
      for (Incoming each : incoming) {
        for (Recipient recipient : each.start.envelope().recipients()) {
          RecipientState state = each.start.recipients().get(recipient.index());
          insert.setString(1, each.id);
          insert.setInt(2, recipient.index());
          insert.setString(3, recipient.address());
          insert.setString(4, queue(each, recipient).id());
          insert.setLong(5, state.nextTry().orElse(now).toEpochMilli());
          insert.setBoolean(6, state.nextCounts());
          insert.setInt(7, state.attempts());
          insert.setString(8, FailureCounts.format(state.failuresByLane()));
          insert.setInt(9, state.reconnects());
          insert.setInt(10, state.unknownOutcomes());
          insert.setInt(11, each.start.transactions());
          insert.setLong(12, now.toEpochMilli());
          insert.addBatch();
        }
      }
      insert.executeBatch();
    }
  }

  private QueueName queue(Incoming message, Recipient recipient) {
    int slot = Math.floorMod(message.id.hashCode(), queuesPerDestination);
    return QueueName.of(
        message.submission.priority(), Destination.ofDomain(recipient.domain()), slot);
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

  /**
   * Queues that nobody is going to look after in time, each with the time when it has to be.
   *
   * @param unknown those that the scheduler does not know
   * @param late those that it knows, and whose time it has set too late
   */
  record Neglected(Map<String, Instant> unknown, Map<String, Instant> late) {}

  /**
   * {@return queues that have something new to do, or with {@code all} anything, and that nobody is
   * going to look after in time, each with the time when it has to be} Jumps from queue to queue in
   * the index: what it costs depends on how many queues there are, not on how many messages.
   */
  Neglected neglected(Instant now, boolean all) {
    String which = all ? "next_try is not null" : "state = 'NEW'";
    return database.read(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  "with recursive q(queue) as (select min(queue) from redeliver_recipient where "
                      + which
                      + " union all select (select min(r.queue) from redeliver_recipient r where "
                      + which
                      + " and r.queue > q.queue) from q where q.queue is not null)"
                      + " select q.queue, (select min(d.next_try) from redeliver_recipient d where "
                      + which
                      + " and d.queue = q.queue) as due,"
                      + " t.task_instance, t.picked, t.execution_time, t.task_data"
                      + " from q left join redeliver_task t on t.task_name = '"
                      + QueueTask.NAME
                      + "' and t.task_instance = q.queue where q.queue is not null")) {
            Neglected queues = new Neglected(new LinkedHashMap<>(), new LinkedHashMap<>());
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                if (!isKnown(row.getString("queue"))) {
                  continue;
                }
                Instant due = instant(row, "due").filter(now::isBefore).orElse(now);
                if (row.getString("task_instance") == null) {
                  queues.unknown.put(row.getString("queue"), due);
                } else if (isLate(row, due, now)) {
                  queues.late.put(row.getString("queue"), due);
                }
              }
            }
            return queues;
          }
        });
  }

  /** What another release made up is left to it, and must not keep the others. */
  private static boolean isKnown(String queue) {
    try {
      QueueName unused = QueueName.parse(queue);
      return true;
    } catch (OutboxException | IllegalArgumentException e) {
      LOGGER.error("queue {} is not looked after", queue, e);
      return false;
    }
  }

  /** A queue that sleeps is left alone, unless it was a wrong clock that sent it to sleep. */
  private boolean isLate(ResultSet row, Instant due, Instant now) throws SQLException {
    if (row.getBoolean("picked")) {
      return false;
    }
    boolean asleep = QueueData.of(row.getBytes("task_data")).asleep();
    Instant latest = asleep ? now.plus(QueueWorker.LONGEST_SLEEP.multipliedBy(2)) : due;
    return dialect.customization().getInstant(row, "execution_time").isAfter(latest);
  }

  /**
   * Makes queues known to the scheduler, as it does itself, but many in one transaction. Those that
   * it knows by now are left as they are.
   *
   * @param due when each of them is due
   */
  void schedule(List<String> queues, Map<String, Instant> due) {
    int[] unused =
        database.transact(
            connection -> {
              try (PreparedStatement insert =
                  connection.prepareStatement(
                      "insert into redeliver_task (task_name, task_instance, execution_time,"
                          + " picked, version, priority, task_data) values (?, ?, ?, ?, 1, ?, ?)"
                          + " on conflict do nothing")) {
                for (String queue : queues) {
                  insert.setString(1, QueueTask.NAME);
                  insert.setString(2, queue);
                  dialect
                      .customization()
                      .setInstant(insert, 3, Objects.requireNonNull(due.get(queue)));
                  insert.setBoolean(4, false);
                  insert.setInt(5, QueueName.parse(queue).priority().rank());
                  insert.setBytes(6, QueueData.AWAKE.octets());
                  insert.addBatch();
                }
                return insert.executeBatch();
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
      List<String> unused = insert(connection, List.of(done.notification.get()), now, deadline);
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

  /** Takes all queues from whoever had them; only for who knows that nobody has them. */
  int releaseLeases(Instant now) {
    return database.transact(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  "update redeliver_task set picked = ?, picked_by = null, last_heartbeat = null,"
                      + " version = version + 1, execution_time = ? where picked = ?")) {
            update.setBoolean(1, false);
            dialect.customization().setInstant(update, 2, now);
            update.setBoolean(3, true);
            return update.executeUpdate();
          }
        });
  }

  /**
   * A queue that sleeps until what it holds is tried again has to learn that this is now. One that
   * sleeps for another reason finds it again, and goes on sleeping.
   */
  static void wakeSleepers(Connection connection, Dialect dialect, Instant now)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update redeliver_task set task_data = ?, execution_time = ?"
                + " where task_name = ? and picked = ? and task_data = ? and exists"
                + " (select 1 from redeliver_recipient r where r.queue = task_instance"
                + " and r.state = 'NEW' and r.next_try <= ?)")) {
      update.setBytes(1, QueueData.AWAKE.octets());
      dialect.customization().setInstant(update, 2, now);
      update.setString(3, QueueTask.NAME);
      update.setBoolean(4, false);
      update.setBytes(5, QueueData.ASLEEP.octets());
      update.setLong(6, now.toEpochMilli());
      update.executeUpdate();
    }
  }

  // ---------------------------------------------------------------- what is not needed any more

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
    String marks = Stream.generate(() -> "?").limit(names.size()).collect(Collectors.joining(", "));
    try (PreparedStatement select =
        connection.prepareStatement(
            "select id from redeliver_body where id in ("
                + marks
                + ")"
                + dialect.lock("update")
                + " skip locked")) {
      for (int i = 0; i < names.size(); i++) {
        select.setBytes(i + 1, names.get(i));
      }
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
