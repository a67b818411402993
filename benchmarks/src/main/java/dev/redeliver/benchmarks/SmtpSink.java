package dev.redeliver.benchmarks;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Postfix's test server, which takes all mail and forgets it, as a process on loopback. */
final class SmtpSink implements AutoCloseable {
  static final String HOST = "127.0.0.1";

  private static final long START_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Process process;
  private final int port;

  private SmtpSink(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts one on a free port.
   *
   * @throws IOException if it is not installed or does not start
   */
  static SmtpSink start() throws IOException, InterruptedException {
    int port = freePort();
    List<String> command = new ArrayList<>(List.of(program("smtp-sink").toString()));
    if ("root".equals(System.getProperty("user.name"))) {
      command.addAll(List.of("-u", "nobody"));
    }
    command.addAll(List.of("-m", "100", HOST + ":" + port, "100"));
    Process process = new ProcessBuilder(command).inheritIO().start();
    SmtpSink sink = new SmtpSink(process, port);
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    sink.awaitStart();
    return sink;
  }

  /**
   * {@return where a program of the Postfix package is}
   *
   * @throws IOException if it is not installed
   */
  static Path program(String name) throws IOException {
    String path = System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/sbin";
    return Stream.of(path.split(File.pathSeparator, -1))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new IOException(name + " is not installed; Postfix's package has it"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void awaitStart() throws IOException, InterruptedException {
    long end = System.nanoTime() + START_LIMIT_NANOS;
    while (!isListening()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException("smtp-sink does not listen on port " + port);
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private boolean isListening() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  int port() {
    return port;
  }

  @Override
  public void close() {
    process.destroy();
  }
}
