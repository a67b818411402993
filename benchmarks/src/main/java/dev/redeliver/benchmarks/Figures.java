package dev.redeliver.benchmarks;

import java.io.PrintStream;
import java.util.Locale;

/** Prints what was measured as soon as it is known, a line each: {@code name=number}. */
record Figures(PrintStream out) {
  void print(String name, long value) {
    out.println(name + "=" + value);
    out.flush();
  }

  void print(String name, double value) {
    out.println(String.format(Locale.ROOT, "%s=%.0f", name, value));
    out.flush();
  }
}
