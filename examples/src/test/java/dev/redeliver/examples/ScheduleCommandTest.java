package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScheduleCommandTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void schedule_lane_isATimetable() {
    Cli cli = Cli.run("schedule", "--lane", "slow");

    assertThat(cli.out())
        .isEqualTo(
            """
            background profile: at most 12 attempts within 4 h; waits up to 20 % shorter at random

            slow, somebody must act first: 1 h x2.0 up to 2 h
              attempt  wait  elapsed
                    1        0:00:00
                    2   1 h  1:00:00
                    3   2 h  3:00:00
              ends: the next try, at 5 h, would be after the deadline
            """);
    assertThat(cli.exitCode()).isZero();
  }

  @Test
  void schedule_attemptsUsedUp_saysSo() {
    Cli cli = Cli.run("schedule", "--profile", "interactive", "--lane", "transient");

    assertThat(cli.out())
        .endsWith(
            """
                    4   4 s  0:00:07
              ends: all attempts are used up; the next would be at 15 s
            """);
  }

  @Test
  void schedule_deferredLane_saysSo() {
    Cli cli = Cli.run("schedule", "--profile", "interactive", "--lane", "greylist");

    assertThat(cli.out())
        .endsWith("  not waited for in process: the report names the next try, after 5 min\n");
  }

  @Test
  void schedule_withoutLane_hasAll() {
    assertThat(Cli.run("schedule", "--profile", "rfc5321").out())
        .startsWith("rfc5321 profile: any number of attempts within 5 d; ")
        .contains("\ntransient, ", "\ngreylist, ", "\nrate-limit, ")
        .contains("\nslow, ", "\nreputation, ", "\nconnection, ");
  }

  @Test
  void schedule_config_isRead() throws IOException {
    Path config = folder.resolve("mail.properties");
    Files.writeString(config, "redeliver.profile=rfc5321\nredeliver.retry.max-attempts=2\n");

    Cli cli = Cli.run("schedule", "--config", config.toString());

    assertThat(cli.out()).startsWith("rfc5321 profile: at most 2 attempts within 5 d; ");
  }

  @Test
  void schedule_missingConfig_exits64() {
    Path config = folder.resolve("none.properties");

    Cli cli = Cli.run("schedule", "--config", config.toString());

    assertThat(cli.firstErrorLine())
        .isEqualTo("--config: cannot read " + config + ": there is no such file");
    assertThat(cli.exitCode()).isEqualTo(64);
  }
}
