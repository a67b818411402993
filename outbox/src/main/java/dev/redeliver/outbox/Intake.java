package dev.redeliver.outbox;

import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientState;
import dev.redeliver.delivery.Resumption;
import dev.redeliver.reputation.Destination;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Writes messages that are handed over. Thread-safe. */
final class Intake {
  private final Dialect dialect;
  private final ContentCipher cipher;
  private final Ids ids = new Ids();
  private final Slots slots;
  private final Duration deadline;

  /**
   * Makes one.
   *
   * @param deadline how long after its submission an attempt may start, unless a message says
   *     otherwise
   */
  Intake(
      Dialect dialect,
      ContentCipher cipher,
      int queuesPerDestination,
      Duration deadline,
      RandomGenerator random) {
    this.dialect = dialect;
    this.cipher = cipher;
    slots = new Slots(queuesPerDestination, random);
    this.deadline = deadline;
  }

  /** A message as it is going to be stored. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Incoming(String id, Submission submission, byte[] bodyId, Resumption start) {}

  /**
   * Stores messages in the transaction of a connection.
   *
   * @return the id of each, in this order; where a key is known, that of the message that had it
   */
  List<String> insert(Connection connection, List<Submission> submissions, Instant now)
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
                          now.plus(submission.deadline().orElse(deadline))));
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
        Map<QueueName, QueueName> chosen = new HashMap<>();
        for (Recipient recipient : each.start.envelope().recipients()) {
          QueueName first =
              QueueName.first(each.submission.priority(), Destination.ofDomain(recipient.domain()));
          QueueName queue =
              chosen.computeIfAbsent(first, name -> name.inSlot(slots.next(name, now)));
          RecipientState state = each.start.recipients().get(recipient.index());
          insert.setString(1, each.id);
          insert.setInt(2, recipient.index());
          insert.setString(3, recipient.address());
          insert.setString(4, queue.id());
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
}
