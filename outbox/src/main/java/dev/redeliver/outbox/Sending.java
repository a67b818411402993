package dev.redeliver.outbox;

import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.jakartamail.Courier;
import dev.redeliver.policy.OutboxSettings;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The part of an outbox that sends. Thread-safe. */
final class Sending {
  private static final Logger LOGGER = LoggerFactory.getLogger(Sending.class);

  /** How often it is looked for what can be thrown away, and for what was forgotten. */
  private static final Duration CLEANING = Duration.ofMinutes(10);

  /** How often it is looked for octets that a process left behind when it was killed. */
  private static final Duration SWEEPING = Duration.ofHours(1);

  /** So much longer than a part of that took, it rests before the next. */
  private static final int SWEEPING_REST = 10;

  private static final Duration LOOKING = Duration.ofSeconds(15);

  /** Whoever stores octets has committed long before. */
  private static final Duration OLD = Duration.ofHours(1);

  private static final int AT_A_TIME = 500;

  /** How many times as long as it took to look for new messages nobody looks again. */
  private static final int REST = 50;

  /** But no longer than that. */
  private static final Duration LONGEST_REST = Duration.ofSeconds(3);

  private final Queues queues;
  private final Cleaning cleaning;
  private final OutboxSettings settings;
  private final Redeliverer redeliverer;
  private final Courier courier;
  private final QueueWorker worker;
  private final Engine engine;
  private final InstantSource clock;
  private final Ownership ownership;
  private final Operations operations;
  private final Supplier<OutboxStatus> status = this::status;
  private volatile OutboxStatus seen =
      new OutboxStatus(Map.of(), Optional.empty(), Optional.empty());
  private @Nullable Future<?> waiting;
  private boolean closed;
  private volatile long restUntil = System.nanoTime();
  private final AtomicBoolean waking = new AtomicBoolean();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "redeliver-outbox");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * Makes it.
   *
   * @param ownership is given back at the end
   */
  Sending(
      Queues queues,
      Cleaning cleaning,
      OutboxSettings settings,
      Redeliverer redeliverer,
      Courier courier,
      QueueWorker worker,
      Engine engine,
      InstantSource clock,
      Ownership ownership,
      Operations operations) {
    this.operations = operations;
    this.queues = queues;
    this.cleaning = cleaning;
    this.settings = settings;
    this.redeliverer = redeliverer;
    this.courier = courier;
    this.worker = worker;
    this.engine = engine;
    this.clock = clock;
    this.ownership = ownership;
  }

  synchronized void start() {
    redeliverer.tell(listener -> listener.outboxOpened(status));
    every(LOOKING, this::look);
    if (ownership.take()) {
      begin();
    } else {
      LOGGER.info("another process sends what is in the file; this one waits for its end");
      waiting =
          timer.scheduleWithFixedDelay(
              () -> tryTo(this::takeOver), pollMillis(), pollMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private long pollMillis() {
    return settings.poll().toMillis();
  }

  private synchronized void takeOver() {
    if (!closed && ownership.take()) {
      begin();
      Future<?> wait = waiting;
      if (wait != null) {
        wait.cancel(false);
      }
    }
  }

  private void begin() {
    prepare();
    timer.execute(() -> tryTo(this::release));
    engine.start();
    every(settings.poll(), this::wake);
    every(CLEANING, this::clean);
    every(SWEEPING, () -> sweep(new byte[0]));
  }

  private OutboxStatus status() {
    return seen;
  }

  /** Whoever reads meters must not wait for the database. */
  void look() {
    seen = operations.status();
  }

  /** Whoever had a lease of what only one process sends is no more. */
  void prepare() {
    if (ownership.isExclusive()) {
      int unused = queues.releaseLeases(clock.instant());
    }
  }

  /** A new process may be the one whose set-up was mended. */
  void release() {
    int released = operations.release(Selection.ALL);
    LOGGER.debug("{} recipients that were held are tried again", released);
  }

  Engine engine() {
    return engine;
  }

  Redeliverer redeliverer() {
    return redeliverer;
  }

  private void every(Duration pause, Runnable work) {
    long millis = pause.toMillis();
    var unused = timer.scheduleWithFixedDelay(() -> tryTo(work), 0, millis, TimeUnit.MILLISECONDS);
  }

  /** What fails once is tried again next time. */
  private static void tryTo(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      // Not even for want of memory: the timer would never run it again, and mail be left for ever.
      LOGGER.warn("the outbox could not be looked after; it is tried again", e);
    }
  }

  /** Does not wait until the database is asked the next time. */
  void wakeSoon() {
    if (waking.compareAndSet(false, true)) {
      try {
        var unused =
            timer.schedule(
                () -> tryTo(this::wakeNow),
                Math.max(0, restUntil - System.nanoTime()),
                TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        LOGGER.debug("closed: another process sends it", e);
      }
    }
  }

  private void wake() {
    if (restUntil - System.nanoTime() <= 0) {
      wakeNow();
    }
  }

  /** With thousands of queues that takes a while, and must not be all that the database does. */
  private void wakeNow() {
    waking.set(false);
    long begun = System.nanoTime();
    int unused = engine.wake();
    long now = System.nanoTime();
    restUntil = now + Math.min(REST * (now - begun), LONGEST_REST.toNanos());
  }

  /** Throws away what nobody needs, and finds what was forgotten. */
  void clean() {
    int unused = engine.wakeForgotten();
    Instant now = clock.instant();
    while (cleaning.forget(now.minus(settings.retention()), AT_A_TIME) == AT_A_TIME) {
      LOGGER.debug("{} messages forgotten", AT_A_TIME);
    }
    int destinations = Destinations.forget(queues.database(), now.minus(OLD));
    LOGGER.trace("{} destinations forgotten", destinations);
  }

  /** Throws away octets that no message needs, a part at a time: others have to get their turn. */
  private void sweep(byte[] after) {
    long begun = System.nanoTime();
    Optional<byte[]> last = sweepPart(after);
    long rest = SWEEPING_REST * (System.nanoTime() - begun);
    if (last.isPresent() && !timer.isShutdown()) {
      var unused = timer.schedule(() -> tryTo(() -> sweep(last.get())), rest, TimeUnit.NANOSECONDS);
    }
  }

  /** {@return behind which name to go on; empty at the end} */
  Optional<byte[]> sweepPart(byte[] after) {
    Cleaning.Bodies some = cleaning.bodies(after, clock.instant().minus(OLD), AT_A_TIME);
    int removed = cleaning.removeBodies(some.orphans());
    LOGGER.trace("octets of {} messages removed", removed);
    return some.last();
  }

  /** Lets go of threads and connections without waiting for anything. */
  void closeNow() {
    timer.shutdownNow();
    courier.close();
  }

  synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    worker.stop();
    timer.shutdownNow();
    try {
      engine.stop();
      courier.close();
      redeliverer.tell(listener -> listener.outboxClosed(status));
    } finally {
      ownership.close();
    }
  }
}
