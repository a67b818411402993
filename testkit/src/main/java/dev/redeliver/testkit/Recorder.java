package dev.redeliver.testkit;

import dev.redeliver.testkit.TranscriptEntry.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What happened on all connections. Thread-safe. */
final class Recorder {
  private final @Nullable Consumer<ReceivedMessage> receiver;
  private final List<ReceivedMessage> accepted = new ArrayList<>();
  private final List<ReceivedMessage> rejected = new ArrayList<>();
  private final List<TranscriptEntry> transcript = new ArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();
  private final Map<String, Integer> commands = new HashMap<>();
  private final Set<Object> open = new HashSet<>();
  private int connections;

  /**
   * Makes an empty record.
   *
   * @param receiver gets the accepted messages, and then only counts are kept; null to keep all
   */
  Recorder(@Nullable Consumer<ReceivedMessage> receiver) {
    this.receiver = receiver;
  }

  /** Forgets all but which connections are open. */
  synchronized void clear() {
    accepted.clear();
    rejected.clear();
    transcript.clear();
    failures.clear();
    commands.clear();
    connections = 0;
  }

  /** {@return the number of the new connection} */
  synchronized int opened(Object connection) {
    open.add(connection);
    connections++;
    note(connections, Direction.EVENT, "connected");
    return connections;
  }

  synchronized void closed(Object connection) {
    open.remove(connection);
    notifyAll();
  }

  synchronized boolean awaitClosed(Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    long left = limit.toNanos();
    while (!open.isEmpty() && left > 0) {
      wait(left / 1_000_000, (int) (left % 1_000_000));
      left = deadline - System.nanoTime();
    }
    return open.isEmpty();
  }

  void accepted(ReceivedMessage message) {
    if (receiver != null) {
      receiver.accept(message);
      return;
    }
    synchronized (this) {
      accepted.add(message);
    }
  }

  synchronized void rejected(ReceivedMessage message) {
    if (receiver == null) {
      rejected.add(message);
    }
  }

  synchronized void failed(Throwable failure) {
    failures.add(failure);
  }

  /**
   * {@return the number of MAIL commands so far} Counted together with the note, so that the n-th
   * in the transcript is the n-th transaction, however many connections there are.
   */
  synchronized int command(int connection, String verb, String line) {
    String name = verb.toUpperCase(Locale.ROOT);
    note(connection, Direction.CLIENT, line);
    commands.merge(name, 1, Integer::sum);
    return commands.getOrDefault("MAIL", 0);
  }

  synchronized void said(int connection, Direction direction, String text) {
    if (receiver == null) {
      text.lines().forEach(line -> note(connection, direction, line));
    }
  }

  private void note(int connection, Direction direction, String line) {
    if (receiver == null) {
      transcript.add(new TranscriptEntry(connection, direction, line));
    }
  }

  synchronized List<ReceivedMessage> accepted() {
    return List.copyOf(accepted);
  }

  synchronized List<ReceivedMessage> rejected() {
    return List.copyOf(rejected);
  }

  synchronized List<TranscriptEntry> transcript() {
    return List.copyOf(transcript);
  }

  synchronized List<Throwable> failures() {
    return List.copyOf(failures);
  }

  synchronized int commands(String verb) {
    return commands.getOrDefault(verb.toUpperCase(Locale.ROOT), 0);
  }

  synchronized int connections() {
    return connections;
  }

  synchronized int openConnections() {
    return open.size();
  }
}
