package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A real Prometheus that scrapes nothing and answers questions about what it finds on disk. It
 * listens at the loopback address, at a port that the system chooses, and tells which.
 */
final class PrometheusServer implements AutoCloseable {
  private static final Pattern LISTENING =
      Pattern.compile("Listening on\"? .*?address=\"?([^ \"]+)");
  private static final String READY = "Server is ready to receive web requests";

  private final Process process;
  private final CompletableFuture<String> address = new CompletableFuture<>();
  private final CompletableFuture<Void> ready = new CompletableFuture<>();

  private PrometheusServer(Process process) {
    this.process = process;
    Thread reader = new Thread(this::read, "prometheus");
    reader.setDaemon(true);
    reader.start();
  }

  /** {@return one that is ready} */
  static PrometheusServer open(Path data, Path folder) throws Exception {
    Path config = Files.writeString(folder.resolve("prometheus.yml"), "global: {}\n");
    PrometheusServer server =
        new PrometheusServer(
            new ProcessBuilder(
                    Promtool.program("prometheus").toString(),
                    "--config.file=" + config,
                    "--storage.tsdb.path=" + data,
                    "--storage.tsdb.retention.time=10y",
                    "--query.max-samples=100000000",
                    "--web.listen-address=127.0.0.1:0")
                .redirectErrorStream(true)
                .start());
    try {
      server.ready.get(30, TimeUnit.SECONDS);
      server.address.get(30, TimeUnit.SECONDS);
      return server;
    } catch (Exception e) {
      server.close();
      throw e;
    }
  }

  /** Its log says where it is; whatever else it says must not fill the pipe. */
  private void read() {
    StringBuilder said = new StringBuilder();
    try (BufferedReader log = process.inputReader()) {
      for (String line = log.readLine(); line != null; line = log.readLine()) {
        said.append(line).append('\n');
        Matcher listening = LISTENING.matcher(line);
        if (listening.find()) {
          address.complete(listening.group(1));
        }
        if (line.contains(READY)) {
          ready.complete(null);
        }
      }
    } catch (IOException e) {
      said.append(e);
    }
    IOException end = new IOException("prometheus has ended:\n" + said);
    address.completeExceptionally(end);
    ready.completeExceptionally(end);
  }

  /** {@return the series that a query has in a time, a point a minute} */
  List<Json> range(String query, Instant from, Instant to) throws Exception {
    String body =
        "query=%s&start=%d&end=%d&step=60"
            .formatted(
                URLEncoder.encode(query, StandardCharsets.UTF_8),
                from.getEpochSecond(),
                to.getEpochSecond());
    Json answer = Json.parse(post(body));
    assertThat(answer.at("status").toString()).as(query + "\n" + answer).isEqualTo("success");
    return answer.at("data", "result").list();
  }

  private String post(String body) throws Exception {
    URL url = URI.create("http://" + address.get() + "/api/v1/query_range").toURL();
    HttpURLConnection connection = (HttpURLConnection) url.openConnection(Proxy.NO_PROXY);
    connection.setReadTimeout(30_000);
    connection.setDoOutput(true);
    try (OutputStream out = connection.getOutputStream()) {
      out.write(body.getBytes(StandardCharsets.UTF_8));
    }
    InputStream answer =
        connection.getResponseCode() == HttpURLConnection.HTTP_OK
            ? connection.getInputStream()
            : connection.getErrorStream();
    try (answer) {
      return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
