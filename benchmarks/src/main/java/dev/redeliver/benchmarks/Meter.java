package dev.redeliver.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;

/** What a round takes, in this process: time, CPU time, and memory that its threads ask for. */
final class Meter {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private static final ThreadMXBean THREADS =
      ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

  private Meter() {}

  /**
   * One round.
   *
   * @param perSecond messages per second
   * @param cpuMicros CPU time of this process for each message, the collector's included
   * @param allocated octets allocated for each message
   */
  record Round(double perSecond, double cpuMicros, double allocated) {}

  static Round measure(Sender sender, long nanos) throws Exception {
    // Nobody pays for the garbage of the sender before.
    System.gc();
    Map<Long, Long> allocatedBefore = allocated();
    long cpu = SYSTEM.getProcessCpuTime();
    long start = System.nanoTime();
    double sent = sender.send(nanos);
    long took = System.nanoTime() - start;
    long cpuTook = SYSTEM.getProcessCpuTime() - cpu;
    long allocated =
        allocated().entrySet().stream()
            .mapToLong(now -> now.getValue() - allocatedBefore.getOrDefault(now.getKey(), 0L))
            .sum();
    return new Round(sent * 1e9 / took, cpuTook / 1e3 / sent, allocated / sent);
  }

  /** By thread; what has ended is left out. */
  private static Map<Long, Long> allocated() {
    long[] ids = THREADS.getAllThreadIds();
    long[] octets = THREADS.getThreadAllocatedBytes(ids);
    Map<Long, Long> byThread = new HashMap<>();
    for (int i = 0; i < ids.length; i++) {
      byThread.put(ids[i], Math.max(0, octets[i]));
    }
    return byThread;
  }
}
