package dev.redeliver.examples;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.metrics.StatusPage;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Serves a registry at {@code /metrics} on 127.0.0.1, and other pages beside it. Thread-safe. */
final class MetricsPage implements AutoCloseable {
  private static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final HttpServer server;

  private MetricsPage(HttpServer server) {
    this.server = server;
  }

  /** What is served at a path. */
  @FunctionalInterface
  interface Content {
    /** {@return the page as it is now} */
    String get() throws IOException;
  }

  /**
   * Begins to serve.
   *
   * @param port where; 0 for any free port
   */
  static MetricsPage open(PrometheusMeterRegistry registry, int port) throws IOException {
    InetAddress here = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    HttpServer server = HttpServer.create(new InetSocketAddress(here, port), 0);
    MetricsPage page = new MetricsPage(server);
    page.serve("/metrics", TYPE, () -> registry.scrape(TYPE));
    server.start();
    return page;
  }

  String url() {
    return url("/metrics");
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  /**
   * Serves the status of a deliverer, at {@code /status} for people and at {@code /status.json} for
   * programs.
   */
  void serveStatus(StatusPage status, Redeliverer redeliverer) {
    serve("/status", "text/html; charset=utf-8", () -> status.html(redeliverer));
    serve("/status.json", "application/json", () -> StatusJson.of(status.snapshot(redeliverer)));
  }

  /** {@return where the status is for people, once it is served} */
  String statusUrl() {
    return url("/status");
  }

  private void serve(String path, String type, Content content) {
    server.createContext(path, exchange -> answer(exchange, path, type, content));
  }

  private static void answer(HttpExchange exchange, String path, String type, Content content)
      throws IOException {
    try (exchange) {
      // The server takes a path for all that begin with it.
      if (!exchange.getRequestURI().getPath().equals(path)) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.getResponseHeaders().set("Allow", "GET");
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      byte[] page = content.get().getBytes(StandardCharsets.UTF_8);
      Headers headers = exchange.getResponseHeaders();
      headers.set("Content-Type", type);
      headers.set("Content-Security-Policy", StatusPage.CONTENT_SECURITY_POLICY);
      headers.set("X-Content-Type-Options", "nosniff");
      headers.set("Cache-Control", "no-store");
      exchange.sendResponseHeaders(200, page.length);
      try (OutputStream body = exchange.getResponseBody()) {
        body.write(page);
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
