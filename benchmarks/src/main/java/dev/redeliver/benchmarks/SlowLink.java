package dev.redeliver.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A port in front of a server, behind which the server is farther away: what the server says
 * arrives later, and what it says meanwhile comes right behind.
 */
final class SlowLink implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final long delayNanos;

  private SlowLink(ServerSocket listener, int target, Duration delay) {
    this.listener = listener;
    this.target = target;
    delayNanos = delay.toNanos();
  }

  /** Something that was said. */
  @SuppressWarnings("ArrayRecordComponent") // only passed on
  private record Chunk(byte[] bytes, long dueNanos) {}

  /** Opens one on a free port. */
  static SlowLink to(int port, Duration delay) throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    SlowLink link = new SlowLink(new ServerSocket(0, 50, here), port, delay);
    daemon(link::accept);
    return link;
  }

  int port() {
    return listener.getLocalPort();
  }

  private void accept() throws IOException, InterruptedException {
    while (!listener.isClosed()) {
      Socket client = listener.accept();
      Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      BlockingQueue<Chunk> onTheWay = new LinkedBlockingQueue<>();
      daemon(() -> pass(client.getInputStream(), server.getOutputStream()));
      daemon(() -> depart(server.getInputStream(), onTheWay));
      daemon(() -> arrive(onTheWay, client.getOutputStream()));
    }
  }

  private static void pass(InputStream from, OutputStream to) throws IOException {
    try (to) {
      from.transferTo(to);
    }
  }

  private void depart(InputStream from, BlockingQueue<Chunk> onTheWay)
      throws IOException, InterruptedException {
    byte[] buffer = new byte[8192];
    int count = from.read(buffer);
    while (count > 0) {
      onTheWay.put(new Chunk(Arrays.copyOf(buffer, count), System.nanoTime() + delayNanos));
      count = from.read(buffer);
    }
    onTheWay.put(new Chunk(new byte[0], System.nanoTime()));
  }

  private static void arrive(BlockingQueue<Chunk> onTheWay, OutputStream to)
      throws IOException, InterruptedException {
    try (to) {
      Chunk chunk = onTheWay.take();
      while (chunk.bytes().length > 0) {
        TimeUnit.NANOSECONDS.sleep(chunk.dueNanos() - System.nanoTime());
        to.write(chunk.bytes());
        chunk = onTheWay.take();
      }
    }
  }

  /** Work that may break when a connection ends. */
  @FunctionalInterface
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private static void daemon(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException e) {
                // A side has gone; the other one notices by its own end of stream.
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
