package dev.redeliver.outbox;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.exceptions.DbSchedulerException;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.shaded.jdbc.SQLRuntimeException;
import dev.redeliver.policy.OutboxSettings;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.function.BiFunction;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * db-scheduler, set up for mail: it finds the queues that are due, gives each to one process at a
 * time, and takes it back from a process that shows no sign of life. Thread-safe.
 */
final class Engine {
  static final String TABLE = "redeliver_task";

  /** A process is taken for dead when it has missed so many signs of life. */
  static final int MISSED_HEARTBEATS = 4;

  /**
   * A queue is nothing that becomes obsolete. By default the scheduler deletes tasks that were due
   * 14 days ago if it does not know their name, and all of the same name, due or not.
   */
  static final Duration NEVER = Duration.ofDays(36_500);

  /** Queues that the scheduler learns of in one transaction. */
  private static final int TOGETHER = 500;

  private static final Logger LOGGER = LoggerFactory.getLogger(Engine.class);

  private final Scheduler scheduler;
  private final Queues queues;
  private final InstantSource clock;

  /**
   * Makes an engine that does nothing yet.
   *
   * @param start makes the scheduler; another one in tests
   */
  Engine(
      Queues queues,
      QueueTask.Work work,
      OutboxSettings settings,
      Node node,
      InstantSource clock,
      BiFunction<DataSource, List<Task<?>>, SchedulerBuilder> start) {
    this.queues = queues;
    this.clock = clock;
    Dialect dialect = queues.database().dialect();
    List<Task<?>> tasks = List.of(QueueTask.of(work, queues, clock, this::lookAgain));
    SchedulerBuilder builder =
        start
            .apply(queues.database().source(), new ArrayList<>(tasks))
            .clock(clock::instant)
            .tableName(TABLE)
            .schedulerName(new SchedulerName.Fixed(node.name()))
            .threads(node.threads())
            .pollingInterval(settings.poll())
            .heartbeatInterval(settings.lease().dividedBy(MISSED_HEARTBEATS))
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .deleteUnresolvedAfter(NEVER)
            .serializer(new QueueData.Form())
            .jdbcCustomization(dialect.customization())
            .shutdownMaxWait(node.shutdown())
            .failureLogging(LogLevel.WARN, true)
            .enableImmediateExecution()
            .enablePriority();
    if (node.background()) {
      inBackground(builder, node.threads());
    }
    scheduler = dialect.polling(builder).build();
  }

  /**
   * What is this process's own.
   *
   * @param name tells it from all others
   * @param threads queues that it looks after at a time
   * @param shutdown how long its end waits for what is being sent
   * @param background whether its threads let the process end
   */
  record Node(String name, int threads, Duration shutdown, boolean background) {}

  /** The scheduler shuts them down. */
  private static void inBackground(SchedulerBuilder builder, int threads) {
    ThreadFactory daemons =
        work -> {
          Thread thread = new Thread(work, "redeliver-outbox");
          thread.setDaemon(true);
          return thread;
        };
    builder
        .executorService(Executors.newFixedThreadPool(threads, daemons))
        .dueExecutor(Executors.newSingleThreadExecutor(daemons))
        .housekeeperExecutor(Executors.newScheduledThreadPool(3, daemons));
  }

  void start() {
    scheduler.start();
  }

  /** A queue has more to do than it got time for: the scheduler does not wait for its next poll. */
  private void lookAgain() {
    scheduler.triggerCheckForDueExecutions();
  }

  /** Waits for what is being done, as long as the node said. */
  void stop() {
    scheduler.stop();
  }

  Scheduler scheduler() {
    return scheduler;
  }

  /** Sees to it that queues with new messages are looked after. {@return how many were asleep} */
  int wake() {
    return wake(queues.neglected(clock.instant(), false));
  }

  /** Sees to it that no queue is forgotten, whatever happened. {@return how many were} */
  int wakeForgotten() {
    return wake(queues.neglected(clock.instant(), true));
  }

  private int wake(Queues.Neglected neglected) {
    List<String> unknown = List.copyOf(neglected.unknown().keySet());
    for (int from = 0; from < unknown.size(); from += TOGETHER) {
      List<String> some = unknown.subList(from, Math.min(from + TOGETHER, unknown.size()));
      queues.schedule(some, neglected.unknown());
      scheduler.triggerCheckForDueExecutions();
    }
    neglected.late().forEach(this::wake);
    if (!neglected.late().isEmpty()) {
      scheduler.triggerCheckForDueExecutions();
    }
    return unknown.size() + neglected.late().size();
  }

  private void wake(String queue, Instant due) {
    try {
      boolean unused =
          scheduler.schedule(
              QueueTask.instance(queue),
              due,
              SchedulerClient.ScheduleOptions.WHEN_EXISTS_RESCHEDULE);
    } catch (DbSchedulerException | SQLRuntimeException e) {
      // Another process was faster, or has it in hand. If not, it is found again.
      LOGGER.debug("queue {} was not woken", queue, e);
    }
  }
}
