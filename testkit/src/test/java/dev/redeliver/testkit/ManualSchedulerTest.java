package dev.redeliver.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ManualSchedulerTest {
  private final FakeClock clock = new FakeClock();
  private final ManualScheduler scheduler = new ManualScheduler(clock);
  private final List<String> ran = new ArrayList<>();

  private Future<?> schedule(String name, long seconds) {
    return scheduler.schedule(
        () -> {
          ran.add(name + " at " + clock.elapsed().toSeconds());
        },
        seconds,
        TimeUnit.SECONDS);
  }

  @Test
  void advance_runsWhatIsDueInOrderAndAtItsTime() {
    assertThat(schedule("b", 20)).isNotDone();
    assertThat(schedule("a", 10)).isNotDone();
    assertThat(schedule("c", 31)).isNotDone();
    assertThat(scheduler.waits())
        .containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(20), Duration.ofSeconds(31));

    scheduler.advance(Duration.ofSeconds(30));

    assertThat(ran).containsExactly("a at 10", "b at 20");
    assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void advance_runsWhatTasksSchedule() {
    Future<?> first =
        scheduler.schedule(
            () -> {
              Future<?> unused = schedule("second", 5);
            },
            10,
            TimeUnit.SECONDS);

    scheduler.advance(Duration.ofSeconds(20));

    assertThat(first).isDone();
    assertThat(ran).containsExactly("second at 15");
  }

  @Test
  void cancel_takesTheTaskOut() {
    assertThat(schedule("a", 10).cancel(false)).isTrue();

    scheduler.advance(Duration.ofMinutes(1));

    assertThat(ran).isEmpty();
    assertThat(scheduler.waits()).isEmpty();
  }

  @Test
  void task_throws_failsTheTest() {
    Future<?> broken =
        scheduler.schedule(
            () -> {
              throw new IllegalArgumentException("bug");
            },
            1,
            TimeUnit.SECONDS);

    assertThatThrownBy(() -> scheduler.advance(Duration.ofSeconds(1)))
        .hasMessage("a scheduled task failed")
        .hasRootCauseMessage("bug");
    assertThat(broken).isDone();
  }

  @Test
  void execute_runsAtOnce() {
    scheduler.execute(() -> ran.add("now"));

    assertThat(ran).containsExactly("now");
  }

  @Test
  void shutdown_takesNothingMore() {
    assertThat(schedule("a", 10)).isNotDone();
    assertThat(scheduler.shutdownNow()).hasSize(1);

    assertThat(scheduler.isShutdown()).isTrue();
    assertThatThrownBy(() -> schedule("b", 1))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessage("the scheduler was shut down");
  }
}
