package dev.redeliver.benchmarks;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.serializer.Serializer;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/**
 * db-scheduler by itself: tasks that do nothing, once, with some data in their rows. It claims them
 * in batches where it can, and one by one on SQLite.
 */
final class SchedulerDrain implements Drain {
  private static final int THREADS = 10;
  private static final int SMALL = 22;
  private static final int TOGETHER = 1_000;
  private static final int SCHEDULED = 8 << 20;
  private static final Duration LIMIT = Duration.ofMinutes(20);

  private final DrainDatabase database;
  private final int octets;

  /**
   * Makes one.
   *
   * @param octets of each task's data
   */
  private SchedulerDrain(DrainDatabase database, int octets) {
    this.database = database;
    this.octets = octets;
  }

  /** {@return one whose tasks carry next to nothing} */
  static SchedulerDrain small(DrainDatabase database) {
    return new SchedulerDrain(database, SMALL);
  }

  /** {@return one whose tasks carry whole messages} */
  static SchedulerDrain carrying(DrainDatabase database, int octets) {
    return new SchedulerDrain(database, octets);
  }

  @Override
  public String name() {
    return "db-scheduler." + database.name() + (octets == SMALL ? "" : ".messages-in-rows");
  }

  @Override
  public double perSecond(int entries) throws Exception {
    AtomicLong done = new AtomicLong();
    CountDownLatch left = new CountDownLatch(entries);
    Task<byte[]> task =
        Tasks.custom("nothing", byte[].class)
            .execute(
                (instance, context) ->
                    (complete, operations) -> {
                      new CompletionHandler.OnCompleteRemove<byte[]>()
                          .complete(complete, operations);
                      done.incrementAndGet();
                      left.countDown();
                    });
    try (HikariDataSource dataSource = database.openEmpty(connections(), tables())) {
      schedule(dataSource, task, entries);
      database.settle(dataSource);
      Scheduler scheduler = scheduler(dataSource, task);
      long took;
      try {
        long start = System.nanoTime();
        scheduler.start();
        left.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
        took = System.nanoTime() - start;
      } finally {
        scheduler.stop();
      }
      DrainDatabase.check(dataSource, "scheduled_tasks", done.get(), entries);
      return entries * 1e9 / took;
    }
  }

  /**
   * One each for the threads, for polling and for heartbeats; but on SQLite, where those who want
   * to write sleep until the file is free, few are as fast, and twice as fast on a slow disk.
   */
  private int connections() {
    return database.isPostgres() ? THREADS + 2 : 4;
  }

  private Scheduler scheduler(DataSource dataSource, Task<byte[]> task) {
    SchedulerBuilder builder =
        Scheduler.create(dataSource, task)
            .serializer(new Octets())
            .threads(THREADS)
            .pollingInterval(Duration.ofSeconds(1));
    if (database.isPostgres()) {
      builder.pollUsingLockAndFetch(0.5, 1.0);
    }
    return builder.build();
  }

  private void schedule(DataSource dataSource, Task<byte[]> task, int entries) {
    Instant due = Instant.now().minusSeconds(1);
    Random random = new Random(1);
    SchedulerClient client =
        SchedulerClient.Builder.create(dataSource, task).serializer(new Octets()).build();
    int together = Math.min(TOGETHER, SCHEDULED / octets);
    for (int from = 0; from < entries; from += together) {
      List<TaskInstance<?>> some = new ArrayList<>();
      for (int i = from; i < Math.min(from + together, entries); i++) {
        byte[] data = new byte[octets];
        random.nextBytes(data);
        some.add(new TaskInstance<>(task.getName(), "%08d".formatted(i), data));
      }
      client.scheduleBatch(some, due);
    }
  }

  /** The columns and indexes that it asks for; order by priority is off. */
  private String[] tables() {
    String time = database.isPostgres() ? "timestamp with time zone" : "datetime";
    return new String[] {
      """
      create table scheduled_tasks (
        task_name text not null,
        task_instance text not null,
        task_data %s,
        execution_time %s not null,
        picked boolean not null,
        picked_by text,
        last_success %2$s,
        last_failure %2$s,
        consecutive_failures integer,
        last_heartbeat %2$s,
        version bigint not null,
        priority smallint,
        primary key (task_name, task_instance)
      )
      """
          .formatted(database.isPostgres() ? "bytea" : "blob", time),
      "create index due on scheduled_tasks (execution_time)",
      "create index heartbeat on scheduled_tasks (last_heartbeat)"
    };
  }

  /** Nothing to do: the data are octets. */
  private static final class Octets implements Serializer {
    @Override
    public byte[] serialize(Object data) {
      return (byte[]) data;
    }

    @Override
    public <T> T deserialize(Class<T> type, byte[] serialized) {
      return type.cast(serialized);
    }
  }
}
