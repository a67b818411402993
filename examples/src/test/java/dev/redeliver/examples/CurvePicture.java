package dev.redeliver.examples;

import dev.redeliver.examples.Simulation.Minute;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** A simulation as a picture: messages a minute over the minutes. */
final class CurvePicture {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 260;
  private static final int LEFT = 48;
  private static final int TOP = 34;
  private static final int BOTTOM = 40;
  private static final int RIGHT = 12;

  private final List<Minute> curve;
  private final double most;

  private CurvePicture(List<Minute> curve) {
    this.curve = curve;
    most =
        Math.max(
            10,
            Math.ceil(
                    curve.stream()
                            .mapToDouble(minute -> Math.max(minute.accepted(), minute.refused()))
                            .max()
                            .orElse(0)
                        / 10)
                * 10);
  }

  static String of(String title, List<Minute> curve) {
    return new CurvePicture(curve).draw(title);
  }

  private String draw(String title) {
    StringBuilder svg = new StringBuilder();
    svg.append(
        line(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
                + " font-family=\"sans-serif\" font-size=\"12\">",
            WIDTH, HEIGHT));
    svg.append(line("<title>redeliver simulate --scenario %s</title>", title));
    svg.append(line("<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", WIDTH, HEIGHT));
    axes(svg);
    pauses(svg);
    plot(svg, "#1f77b4", 2, "", Minute::accepted);
    plot(svg, "#d62728", 1, "", Minute::refused);
    plot(svg, "#555555", 1, " stroke-dasharray=\"4 3\"", minute -> Math.min(most, minute.rate()));
    legend(svg);
    return svg.append("</svg>\n").toString();
  }

  private void axes(StringBuilder svg) {
    for (int step = 0; step <= 4; step++) {
      double value = most * step / 4;
      svg.append(
          line("<path d=\"M%d %.1fH%d\" stroke=\"#dddddd\"/>", LEFT, y(value), WIDTH - RIGHT));
      svg.append(
          line(
              "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>",
              LEFT - 6, y(value) + 4, value));
    }
    int every = curve.size() > 120 ? 30 : 10;
    for (int minute = 0; minute <= curve.size(); minute += every) {
      svg.append(
          line(
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>",
              x(minute), HEIGHT - BOTTOM + 16, minute));
    }
    svg.append(
        line(
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">minutes</text>",
            (LEFT + WIDTH) / 2, HEIGHT - 6));
  }

  private void pauses(StringBuilder svg) {
    for (Minute minute : curve) {
      if (minute.paused()) {
        svg.append(
            line(
                "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#f3e6c4\"/>",
                x(minute.number() - 1), TOP, x(1) - x(0) + 0.3, HEIGHT - BOTTOM - TOP));
      }
    }
  }

  private void plot(
      StringBuilder svg, String colour, int width, String more, ToDoubleFunction<Minute> value) {
    String points =
        curve.stream()
            .map(
                minute ->
                    String.format(
                        Locale.ROOT,
                        "%.1f,%.1f",
                        x(minute.number() - 0.5),
                        y(value.applyAsDouble(minute))))
            .collect(Collectors.joining(" "));
    svg.append(
        line(
            "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%d\"%s points=\"%s\"/>",
            colour, width, more, points));
  }

  private static void legend(StringBuilder svg) {
    svg.append(line("<text x=\"%d\" y=\"20\" fill=\"#1f77b4\">accepted a minute</text>", LEFT));
    svg.append(line("<text x=\"%d\" y=\"20\" fill=\"#d62728\">refused attempts</text>", 190));
    svg.append(line("<text x=\"%d\" y=\"20\" fill=\"#555555\">rate kept to (dashed)</text>", 310));
    svg.append(line("<rect x=\"470\" y=\"9\" width=\"14\" height=\"14\" fill=\"#f3e6c4\"/>"));
    svg.append(line("<text x=\"490\" y=\"20\" fill=\"#555555\">mail pauses</text>"));
  }

  private double x(double minute) {
    return LEFT + minute * (WIDTH - LEFT - RIGHT) / curve.size();
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - value * (HEIGHT - BOTTOM - TOP) / most;
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values) + "\n";
  }
}
