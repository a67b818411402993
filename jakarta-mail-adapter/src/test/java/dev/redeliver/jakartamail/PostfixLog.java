package dev.redeliver.jakartamail;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/** What the servers say about themselves, line by line, kept for looking at. Thread-safe. */
final class PostfixLog {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** How often to look at what no line tells of. */
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(20);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<String> lines = new ArrayList<>();
  private boolean ended;

  /** Keeps all that comes, in a thread of its own. */
  void follow(InputStream in) {
    Thread reader = new Thread(() -> read(in), "postfix-log");
    reader.setDaemon(true);
    reader.start();
  }

  private void read(InputStream in) {
    try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        add(line);
      }
    } catch (IOException e) {
      add(e.toString());
    } finally {
      end();
    }
  }

  private void add(String line) {
    lock.lock();
    try {
      lines.add(line);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** {@return how many lines there are by now} */
  int size() {
    lock.lock();
    try {
      return lines.size();
    } finally {
      lock.unlock();
    }
  }

  /** {@return a copy of the lines from this one on} */
  List<String> from(int line) {
    lock.lock();
    try {
      return List.copyOf(lines.subList(line, lines.size()));
    } finally {
      lock.unlock();
    }
  }

  /** Waits until a line contains this text. */
  void awaitLine(String text) throws InterruptedException {
    await("\"" + text + "\" in the log", all -> all.stream().anyMatch(l -> l.contains(text)));
  }

  /** Waits until something is so, which is looked at after each line and now and then. */
  void await(String what, Predicate<List<String>> condition) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    lock.lock();
    try {
      while (!condition.test(lines)) {
        if (ended || System.nanoTime() > deadline) {
          throw new AssertionError(
              "%s for %s; the log:%n%s"
                  .formatted(
                      ended ? "the servers ended, no use waiting" : "waited in vain",
                      what,
                      String.join("\n", lines)));
        }
        boolean unused = changed.await(BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    return String.join("\n", from(0));
  }
}
