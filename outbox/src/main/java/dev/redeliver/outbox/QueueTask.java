package dev.redeliver.outbox;

import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.Execution;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.CustomTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/**
 * What the scheduler knows of the outbox: one task per queue that has something to send, due when
 * its first message is. Whoever picks it has the lease of the queue.
 */
final class QueueTask {
  /** Never to be changed: what is in a database under another name would be left alone. */
  static final String NAME = "redeliver-queue";

  private static final Duration AFTER_FAILURE = Duration.ofSeconds(10);

  private QueueTask() {}

  /** What is done for a queue when its time has come. */
  @FunctionalInterface
  interface Work {
    Pause perform(Lease lease);
  }

  /**
   * When a queue has to be looked after again.
   *
   * @param until the time; empty if it has nothing to do
   * @param data what the scheduler keeps
   */
  record Pause(Optional<Instant> until, QueueData data) {}

  /**
   * {@return the task}
   *
   * @param queues wakes a queue again that slept too soon
   * @param more is run when a queue has more to do at once
   */
  static CustomTask<QueueData> of(Work work, Queues queues, InstantSource clock, Runnable more) {
    return Tasks.custom(NAME, QueueData.class)
        .onFailure(
            (failed, operations) ->
                operations.reschedule(failed, clock.instant().plus(AFTER_FAILURE)))
        .onDeadExecution((dead, operations) -> operations.reschedule(dead, clock.instant()))
        .execute((instance, context) -> execute(work, queues, clock, more, context.getExecution()));
  }

  private static CompletionHandler<QueueData> execute(
      Work work, Queues queues, InstantSource clock, Runnable more, Execution execution) {
    QueueName queue = QueueName.parse(execution.taskInstance.getId());
    Instant begun = clock.instant();
    Pause pause;
    try {
      pause = work.perform(new Lease(queue, execution.version));
    } catch (LeaseLostException e) {
      // It is another process's now, and so is what follows.
      return (complete, operations) -> {};
    }
    return (complete, operations) -> {
      Instant until = pause.until().orElse(null);
      if (until == null) {
        operations.remove();
        return;
      }
      Instant now = clock.instant();
      // Not when its mail was due: it would be the first again, and others would never be.
      operations.reschedule(complete, until.isBefore(now) ? now : until, pause.data());
      if (!until.isAfter(now)
          || (pause.data().asleep() && queues.wakeIfReleased(queue, begun, now))) {
        more.run();
      }
    };
  }

  /** {@return a queue as the scheduler names it} */
  static TaskInstance<QueueData> instance(String queue) {
    return new TaskInstance<>(
        NAME, queue, () -> QueueData.AWAKE, QueueName.parse(queue).priority().rank());
  }
}
