package dev.redeliver.jakartamail;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A socket whose writing does not wait for ever: Java has no timeout for it, and the mail library's
 * plans a task for every write. Here a write notes when it began, and one thread looks now and then
 * whether one has been at it for too long. Thread-safe as sockets are.
 */
final class WatchedSocket extends Socket {
  private static final int SECONDS_BETWEEN_LOOKS = 10;
  private static final long IDLE = Long.MIN_VALUE;

  private final long limitNanos;
  private volatile long writingSince = IDLE;
  private volatile boolean expired;
  private boolean watched;

  WatchedSocket(int limitMillis) {
    limitNanos = TimeUnit.MILLISECONDS.toNanos(limitMillis);
  }

  WatchedSocket(Proxy proxy, int limitMillis) {
    super(proxy);
    limitNanos = TimeUnit.MILLISECONDS.toNanos(limitMillis);
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    OutputStream out = new WatchedOutput(super.getOutputStream());
    synchronized (this) {
      if (!watched) {
        watched = true;
        Watch.begin(this);
      }
    }
    return out;
  }

  @Override
  public synchronized void close() throws IOException {
    Watch.end(this);
    super.close();
  }

  /** Gives up a write that has been going on for too long. */
  void look(long nowNanos) {
    long since = writingSince;
    if (since != IDLE && nowNanos - since > limitNanos) {
      expired = true;
      try {
        super.close();
      } catch (IOException e) {
        System.getLogger("dev.redeliver.jakartamail").log(System.Logger.Level.DEBUG, "close", e);
      }
    }
  }

  private final class WatchedOutput extends FilterOutputStream {
    WatchedOutput(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      writingSince = System.nanoTime();
      try {
        out.write(bytes, from, length);
      } catch (IOException e) {
        throw expired ? timeout(e) : e;
      } finally {
        writingSince = IDLE;
      }
    }
  }

  private static IOException timeout(IOException cause) {
    IOException timeout = new SocketTimeoutException("Write timed out");
    timeout.initCause(cause);
    return timeout;
  }

  /** Looks after all of them. */
  private static final class Watch {
    private static final Set<WatchedSocket> SOCKETS =
        Collections.newSetFromMap(new WeakHashMap<>());
    private static final ScheduledThreadPoolExecutor EXECUTOR = executor();
    private static boolean planned;

    private Watch() {}

    private static ScheduledThreadPoolExecutor executor() {
      ScheduledThreadPoolExecutor executor =
          new ScheduledThreadPoolExecutor(
              1,
              task -> {
                Thread thread = new Thread(task, "redeliver-write-timeouts");
                thread.setDaemon(true);
                return thread;
              });
      executor.setKeepAliveTime(1, TimeUnit.MINUTES);
      executor.allowCoreThreadTimeOut(true);
      return executor;
    }

    static void begin(WatchedSocket socket) {
      synchronized (SOCKETS) {
        SOCKETS.add(socket);
        plan();
      }
    }

    static void end(WatchedSocket socket) {
      synchronized (SOCKETS) {
        SOCKETS.remove(socket);
      }
    }

    private static void plan() {
      if (!planned && !SOCKETS.isEmpty()) {
        planned = true;
        Future<?> unused = EXECUTOR.schedule(Watch::look, SECONDS_BETWEEN_LOOKS, TimeUnit.SECONDS);
      }
    }

    private static void look() {
      List<WatchedSocket> sockets;
      synchronized (SOCKETS) {
        sockets = new ArrayList<>(SOCKETS);
      }
      long now = System.nanoTime();
      sockets.forEach(socket -> socket.look(now));
      synchronized (SOCKETS) {
        planned = false;
        plan();
      }
    }
  }
}
