package dev.redeliver.benchmarks;

import com.sun.management.GarbageCollectionNotificationInfo;
import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.outbox.Outbox;
import java.io.PrintStream;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/**
 * A process that sends what is in an outbox, and tells what it does in lines of a word and a
 * number. It ends with its input.
 */
final class OutboxNode {
  private static final int MEBI = 1 << 20;

  private final PrintStream out;
  private final AtomicLong finished = new AtomicLong();
  private final AtomicLong heap = new AtomicLong();
  private final AtomicBoolean begun = new AtomicBoolean();

  private OutboxNode(PrintStream out) {
    this.out = out;
  }

  /**
   * Sends until the end of the input.
   *
   * @param options location, port, connections, and queues for a destination
   */
  static void run(PrintStream out, String... options) throws Exception {
    if (options.length != 4) {
      throw new IllegalArgumentException("usage: outbox-node LOCATION PORT CONNECTIONS QUEUES");
    }
    new OutboxNode(out)
        .run(
            OutboxMail.outbox(
                options[0],
                Integer.parseInt(options[1]),
                Integer.parseInt(options[2]),
                Integer.parseInt(options[3])));
  }

  private void run(Outbox.Builder builder) throws Exception {
    watchHeap();
    long start = System.nanoTime();
    DeliveryListener listener =
        new DeliveryListener() {
          @Override
          public void attemptFinished(Attempt attempt) {
            if (begun.compareAndSet(false, true)) {
              say("first", (System.nanoTime() - start) / 1_000_000);
            }
          }

          @Override
          public void deliveryFinished(DeliveryReport report) {
            finished.incrementAndGet();
          }
        };
    Outbox outbox = builder.listener(listener).open();
    try {
      say("open", (System.nanoTime() - start) / 1_000_000);
      while (System.in.read() == '\n') {
        say("finished", finished.get());
      }
    } finally {
      outbox.close();
    }
    say("heap", heap.get() / MEBI);
  }

  private void say(String what, long number) {
    synchronized (out) {
      out.println(what + " " + number);
      out.flush();
    }
  }

  /** What is used when the collector has done its work. */
  private void watchHeap() {
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (collector instanceof NotificationEmitter emitter) {
        emitter.addNotificationListener((notification, nothing) -> note(notification), null, null);
      }
    }
  }

  private void note(Notification notification) {
    if (notification.getUserData() instanceof CompositeData data
        && notification
            .getType()
            .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
      long used =
          GarbageCollectionNotificationInfo.from(data)
              .getGcInfo()
              .getMemoryUsageAfterGc()
              .entrySet()
              .stream()
              .filter(pool -> pool.getKey().startsWith("G1") || pool.getKey().contains("Gen"))
              .map(java.util.Map.Entry::getValue)
              .mapToLong(MemoryUsage::getUsed)
              .sum();
      heap.accumulateAndGet(used, Math::max);
    }
  }
}
