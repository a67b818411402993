package dev.redeliver.jakartamail;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads of a sender. None of them ever waits for the time of a retry. */
final class Workers {
  /** The first release in which a virtual thread in synchronized code lets go of its carrier. */
  private static final int UNPINNED = 24;

  private static final long KEEP_ALIVE_SECONDS = 10;

  private Workers() {}

  /**
   * {@return threads for attempts: virtual ones where they are of use, else platform threads that
   * end when there is nothing to do} The dispatcher bounds their number: a connection each.
   */
  static ExecutorService attempts(String name) {
    return virtual()
        .orElseGet(
            () ->
                new ThreadPoolExecutor(
                    0,
                    Integer.MAX_VALUE,
                    KEEP_ALIVE_SECONDS,
                    TimeUnit.SECONDS,
                    new SynchronousQueue<>(),
                    named("redeliver-" + name + "-")));
  }

  /** Found by a method handle, because this is compiled for Java 17. */
  private static Optional<ExecutorService> virtual() {
    if (Runtime.version().feature() < UNPINNED) {
      return Optional.empty();
    }
    try {
      MethodHandle maker =
          MethodHandles.publicLookup()
              .findStatic(
                  Executors.class,
                  "newVirtualThreadPerTaskExecutor",
                  MethodType.methodType(ExecutorService.class));
      return Optional.of((ExecutorService) maker.invokeExact());
    } catch (Throwable e) {
      if (e instanceof Error fatal) {
        throw fatal;
      }
      return Optional.empty();
    }
  }

  /** {@return one thread that only hands over what is due, and ends when nothing waits} */
  static ScheduledExecutorService timer(String name) {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(1, named("redeliver-" + name + "-timer-"));
    timer.setRemoveOnCancelPolicy(true);
    timer.setKeepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    return timer;
  }

  private static ThreadFactory named(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return work -> new Thread(work, prefix + number.incrementAndGet());
  }
}
