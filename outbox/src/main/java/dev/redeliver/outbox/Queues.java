package dev.redeliver.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the scheduler has to know of queues, and does not find out by itself. Thread-safe. */
final class Queues {
  private static final Logger LOGGER = LoggerFactory.getLogger(Queues.class);

  /** Of those that sleep, those that have something new. */
  private static final String WAKE =
      "update redeliver_task set task_data = ?, execution_time = ?"
          + " where task_name = ? and picked = ? and task_data = ? and exists"
          + " (select 1 from redeliver_recipient r where r.queue = task_instance"
          + " and r.state = 'NEW' and ";

  private final Database database;
  private final Dialect dialect;

  Queues(Database database) {
    this.database = database;
    dialect = database.dialect();
  }

  Database database() {
    return database;
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
                Instant due = Store.instant(row, "due").filter(now::isBefore).orElse(now);
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
    try (PreparedStatement update = connection.prepareStatement(WAKE + "r.next_try <= ?)")) {
      setWake(update, dialect, now);
      update.setLong(6, now.toEpochMilli());
      update.executeUpdate();
    }
  }

  /**
   * Wakes a queue that was just put to sleep if something in it was released while it was being
   * looked after: whoever released that did not find it asleep.
   *
   * @param since when it began to be looked after
   * @return whether it was woken
   */
  boolean wakeIfReleased(QueueName queue, Instant since, Instant now) {
    try {
      return database.transact(connection -> wakeIfReleased(connection, queue, since, now));
    } catch (OutboxException e) {
      LOGGER.debug("queue {} sleeps, whatever was released in it", queue.id(), e);
      return false;
    }
  }

  private boolean wakeIfReleased(Connection connection, QueueName queue, Instant since, Instant now)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            WAKE + "r.next_try between ? and ? and r.decision <> '') and task_instance = ?")) {
      setWake(update, dialect, now);
      update.setLong(6, since.toEpochMilli());
      update.setLong(7, now.toEpochMilli());
      update.setString(8, queue.id());
      return update.executeUpdate() > 0;
    }
  }

  private static void setWake(PreparedStatement update, Dialect dialect, Instant now)
      throws SQLException {
    update.setBytes(1, QueueData.AWAKE.octets());
    dialect.customization().setInstant(update, 2, now);
    update.setString(3, QueueTask.NAME);
    update.setBoolean(4, false);
    update.setBytes(5, QueueData.ASLEEP.octets());
  }
}
