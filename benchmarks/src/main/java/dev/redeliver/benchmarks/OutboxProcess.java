package dev.redeliver.benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process of {@link OutboxNode}, seen from outside. Not thread-safe. */
final class OutboxProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;
  private final Map<String, Long> said = new HashMap<>();

  private OutboxProcess(Process process) {
    this.process = process;
    output = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Starts one with a heap of 512 MiB. */
  static OutboxProcess start(String location, int port, int connections, int queues)
      throws IOException {
    List<String> command =
        List.of(
            System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
            "-Xmx512m",
            "-XX:+UseG1GC",
            "-cp",
            System.getProperty("java.class.path"),
            Benchmarks.class.getName(),
            "outbox-node",
            location,
            Integer.toString(port),
            Integer.toString(connections),
            Integer.toString(queues));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    return new OutboxProcess(process);
  }

  /** {@return a number that it says, at some time, in a line that begins with a word} */
  long await(String word) throws IOException {
    Long known = said.get(word);
    while (known == null) {
      String line = output.readLine();
      if (line == null) {
        throw new IOException("the process ended without a word about '" + word + "'");
      }
      String[] parts = line.split(" ", 2);
      said.put(parts[0], Long.parseLong(parts[1]));
      known = said.get(word);
    }
    return known;
  }

  /** {@return how many messages have ended} */
  long finished() throws IOException {
    said.remove("finished");
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
    return await("finished");
  }

  /** {@return the most of the heap, in MiB, that was used after a collection} Ends it. */
  long stop() throws IOException, InterruptedException {
    process.getOutputStream().close();
    long heap = await("heap");
    process.waitFor();
    return heap;
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      boolean unused = process.waitFor(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
