package dev.redeliver.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** What monitor and guard cost per reply. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@State(Scope.Benchmark)
public class GuardBenchmark {
  /** How many destinations take turns. */
  @Param({"10", "10000", "100000"})
  public int destinations;

  private GuardedTraffic traffic = new GuardedTraffic(1);

  /** Makes the traffic. */
  @Setup
  public void make() {
    traffic = new GuardedTraffic(destinations);
  }

  /**
   * Asks, observes and settles.
   *
   * @return whether the attempt was allowed
   */
  @Benchmark
  public boolean reply() {
    return traffic.reply();
  }

  /**
   * The same by two threads at once.
   *
   * @return whether the attempt was allowed
   */
  @Benchmark
  @Threads(2)
  public boolean replyOfTwoThreads() {
    return traffic.reply();
  }
}
