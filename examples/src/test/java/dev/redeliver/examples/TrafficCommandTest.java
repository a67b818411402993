package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TrafficCommandTest {
  @Test
  void traffic_interrupted_ends() throws Exception {
    PipedInputStream screen = new PipedInputStream(1 << 16);
    PrintWriter writer = Terminal.writer(new PipedOutputStream(screen));
    Terminal terminal =
        new Terminal(InputStream.nullInputStream(), writer, writer, Map.of(), false);
    CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    String[] args = {"traffic", "--port", "0", "--block-after", "0s", "--block-for", "1h"};
    Thread traffic =
        new Thread(
            () -> exitCode.complete(RedeliverCommand.commandLine(terminal).execute(args)),
            "traffic");
    traffic.start();
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(screen, StandardCharsets.UTF_8));

    assertThat(reader.readLine()).matches("metrics at http://127\\.0\\.0\\.1:\\d+/metrics");
    assertThat(reader.readLine()).matches("status at http://127\\.0\\.0\\.1:\\d+/status");
    assertThat(reader.readLine()).isEqualTo("gmail.com blocks us after 0 s, for 1 h");
    assertThat(reader.readLine()).isEqualTo("gmail.com blocks us");
    traffic.interrupt();

    assertThat(exitCode.get(30, TimeUnit.SECONDS)).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1s", "25h", "soon", ""})
  void traffic_withABadTime_isRefused(String time) {
    Cli cli = Cli.run("traffic", "--block-for=" + time);

    assertThat(cli.firstErrorLine())
        .isEqualTo(
            "Invalid value for option '--block-for': must be a time up to 24h, such as 90s or 5m,"
                + " but is '"
                + time
                + "'");
    assertThat(cli.exitCode()).isEqualTo(64);
  }

  @Test
  void traffic_withABadPort_isRefused() {
    assertThat(Cli.run("traffic", "--port", "65536").firstErrorLine())
        .isEqualTo("--port must be from 0 to 65535, but is 65536");
  }
}
