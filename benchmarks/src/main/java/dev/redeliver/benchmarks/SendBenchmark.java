package dev.redeliver.benchmarks;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Ways to send mail, side by side: short rounds in turn, so that what else the machine does hits
 * all of them, and medians. A ratio is the median of the ratios within each round.
 */
final class SendBenchmark {
  private static final int[] SIZES = {1 << 10, 20 << 10, 100 << 10};
  private static final int MANY = 50;
  private static final Duration DELAY = Duration.ofMillis(20);

  private final int rounds;
  private final int warmUps;
  private final long nanos;

  private SendBenchmark(int rounds, int warmUps, long nanos) {
    this.rounds = rounds;
    this.warmUps = warmUps;
    this.nanos = nanos;
  }

  /**
   * Reads {@code --rounds N}, {@code --warm-ups N} and {@code --millis N}, the length of a round.
   *
   * @throws IllegalArgumentException if there is anything else
   */
  static SendBenchmark of(String... options) {
    int rounds = 11;
    int warmUps = 5;
    long millis = 500;
    for (int i = 0; i < options.length; i += 2) {
      int value = i + 1 < options.length ? number(options[i + 1]) : 0;
      switch (value == 0 ? "" : options[i]) {
        case "--rounds" -> rounds = value;
        case "--warm-ups" -> warmUps = value;
        case "--millis" -> millis = value;
        default ->
            throw new IllegalArgumentException(
                "usage: send [--rounds NUMBER] [--warm-ups NUMBER] [--millis NUMBER]");
      }
    }
    return new SendBenchmark(rounds, warmUps, millis * 1_000_000);
  }

  /** {@return the number; 0 if it is none} */
  private static int number(String text) {
    return text.matches("[1-9][0-9]{0,5}") ? Integer.parseInt(text) : 0;
  }

  void run(PrintStream out) throws Exception {
    out.println(
        "sender\tsize\tconnections\tmessages/s\tcpu us\tbytes allocated\tratio\tlowest\thighest");
    try (SmtpSink sink = SmtpSink.start()) {
      for (int size : SIZES) {
        Senders senders = new Senders(sink.port(), new Letters(size, 1), size);
        compare(senders.all(), nanos, size, out);
      }
    }
    runFarAway(out);
  }

  /** One message to many recipients, over a link on which every round trip takes its time. */
  private void runFarAway(PrintStream out) throws Exception {
    try (SmtpSink sink = SmtpSink.start();
        SlowLink link = SlowLink.to(sink.port(), DELAY)) {
      int size = SIZES[0];
      Senders senders = new Senders(link.port(), new Letters(size, MANY), size);
      out.println();
      out.println("# " + MANY + " recipients, " + DELAY.toMillis() + " ms for each round trip");
      compare(List.of(senders.plain(1), senders.configured()), 1, size, out);
    }
  }

  private void compare(List<Sender> senders, long roundNanos, int size, PrintStream out)
      throws Exception {
    List<Series> all = senders.stream().map(Series::new).toList();
    List<Series> order = new ArrayList<>(all);
    for (int round = -warmUps; round < rounds; round++) {
      for (Series series : order) {
        Meter.Round result = Meter.measure(series.sender(), roundNanos);
        if (round >= 0) {
          series.rounds().add(result);
        }
      }
      Collections.rotate(order, 1);
    }
    for (Series series : all) {
      out.println(row(series, size, all.get(0).rounds()));
      out.flush();
      series.sender().close();
    }
  }

  /** What one sender did in all rounds. */
  private record Series(Sender sender, List<Meter.Round> rounds) {
    Series(Sender sender) {
      this(sender, new ArrayList<>());
    }
  }

  private static String row(Series series, int size, List<Meter.Round> plain) {
    Sender sender = series.sender();
    List<Meter.Round> results = series.rounds();
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      ratios.add(results.get(i).perSecond() / plain.get(i).perSecond());
    }
    List<Double> rates = sorted(results, Meter.Round::perSecond);
    return String.join(
        "\t",
        sender.name(),
        Integer.toString(size),
        Integer.toString(sender.connections()),
        number(Median.of(rates)),
        sender.isInProcess() ? number(Median.of(sorted(results, Meter.Round::cpuMicros))) : "-",
        sender.isInProcess() ? number(Median.of(sorted(results, Meter.Round::allocated))) : "-",
        String.format(Locale.ROOT, "%.2f", Median.of(ratios)),
        number(rates.get(0)),
        number(rates.get(rates.size() - 1)));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
  }

  private static List<Double> sorted(
      List<Meter.Round> results, ToDoubleFunction<Meter.Round> value) {
    return results.stream().mapToDouble(value).sorted().boxed().toList();
  }
}
