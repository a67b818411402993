package dev.redeliver.benchmarks;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Drains side by side: in rounds, in which each has its turn, so that what else the machine does
 * hits all of them.
 */
final class DrainRounds {
  private final List<Drain> drains;

  /** By drain, and in each of them by round. */
  private final List<List<Double>> rates = new ArrayList<>();

  private DrainRounds(List<Drain> drains) {
    this.drains = drains;
    drains.forEach(drain -> rates.add(new ArrayList<>()));
  }

  /**
   * Measures, after a short round that does not count.
   *
   * @param entries how many each drain gets in each round
   */
  static DrainRounds run(List<Drain> drains, int entries, int rounds) throws Exception {
    DrainRounds result = new DrainRounds(List.copyOf(drains));
    for (Drain drain : drains) {
      drain.perSecond(Math.max(1, entries / 4));
    }
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < drains.size(); i++) {
      order.add(i);
    }
    for (int round = 0; round < rounds; round++) {
      for (int i : order) {
        result.rates.get(i).add(result.drains.get(i).perSecond(entries));
      }
      Collections.rotate(order, 1);
    }
    return result;
  }

  /** Prints how many were done in a second: median, lowest and highest. */
  void print(PrintStream out) {
    for (int i = 0; i < drains.size(); i++) {
      String name = drains.get(i).name();
      out.println(line(name, Median.of(rates.get(i))));
      out.println(line(name + ".lowest", Collections.min(rates.get(i))));
      out.println(line(name + ".highest", Collections.max(rates.get(i))));
    }
  }

  /**
   * {@return the median of the ratios within each round}
   *
   * @param drain the name of what is compared
   * @param baseline the name of what it is compared to
   * @throws IllegalArgumentException if one of them did not take part
   */
  double ratio(String drain, String baseline) {
    List<Double> some = ratesOf(drain);
    List<Double> others = ratesOf(baseline);
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < some.size(); round++) {
      ratios.add(some.get(round) / others.get(round));
    }
    return Median.of(ratios);
  }

  private List<Double> ratesOf(String name) {
    for (int i = 0; i < drains.size(); i++) {
      if (drains.get(i).name().equals(name)) {
        return rates.get(i);
      }
    }
    throw new IllegalArgumentException("nothing measured is called " + name);
  }

  private static String line(String name, double perSecond) {
    return String.format(Locale.ROOT, "%s=%.0f", name, perSecond);
  }
}
