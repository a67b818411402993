package dev.redeliver.classify;

import dev.redeliver.smtp.SmtpFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is done where a server blames the sender: how many signals within which time make an alert,
 * and whether mail to there then pauses or goes slowly. Some providers are known to want another
 * one than the usual (the resource {@code reactions.tsv}). Immutable and thread-safe.
 *
 * @param threshold how many signals within the window make an alert; at least 1
 * @param window how long a signal counts; positive
 * @param pause how long nothing is sent, or only slowly; not negative
 * @param ratePerMinute messages a minute during that time, positive; 0 if nothing is sent
 */
public record Reaction(int threshold, Duration window, Duration pause, double ratePerMinute) {
  private static final String NAME = "reactions.tsv";
  private static final List<String> COLUMNS =
      List.of("rule", "words", "threshold", "window", "pause", "rate", "for", "source");
  private static final Pattern TIME = Pattern.compile("(\\d{1,3})([mh])");

  /** Checks the bounds. */
  public Reaction {
    Objects.requireNonNull(window, "window");
    Objects.requireNonNull(pause, "pause");
    if (threshold < 1) {
      throw new IllegalArgumentException("threshold must be at least 1, but is " + threshold);
    }
    if (window.isNegative() || window.isZero()) {
      throw new IllegalArgumentException("window must be positive, but is " + window);
    }
    if (pause.isNegative()) {
      throw new IllegalArgumentException("pause must not be negative, but is " + pause);
    }
    if (!(ratePerMinute >= 0)) {
      throw new IllegalArgumentException("rate must not be negative, but is " + ratePerMinute);
    }
  }

  /** {@return whether mail goes on, slowly, instead of pausing} */
  public boolean isSlowDown() {
    return ratePerMinute > 0;
  }

  /**
   * {@return what a provider is known to want; empty if the usual is right}
   *
   * @param failure its answer
   * @param ruleId the rule that read it
   */
  public static Optional<Reaction> known(SmtpFailure failure, String ruleId) {
    List<Row> rows = All.BY_RULE.get(ruleId);
    if (rows == null) {
      return Optional.empty();
    }
    String text = failure.describe().toLowerCase(Locale.ROOT);
    return rows.stream().filter(row -> row.fits(text)).map(Row::reaction).findFirst();
  }

  /** {@return the ids of the rules that have one} */
  static List<String> rules() {
    return List.copyOf(All.BY_RULE.keySet());
  }

  private record Row(String words, Reaction reaction) {
    boolean fits(String text) {
      return words.equals(Table.DEFAULT) || text.contains(words);
    }
  }

  /** Loaded when first asked for. */
  private static final class All {
    static final Map<String, List<Row>> BY_RULE = new HashMap<>();

    static {
      Table.read(NAME, Table.resource(NAME), COLUMNS, COLUMNS, All::add);
    }

    private static void add(Table.Row row) {
      boolean slow = row.isDefault("pause");
      Reaction reaction =
          new Reaction(
              Integer.parseInt(row.get("threshold")),
              time(row, "window"),
              time(row, slow ? "for" : "pause"),
              slow ? Double.parseDouble(row.get("rate")) : 0);
      BY_RULE
          .computeIfAbsent(row.get("rule"), unused -> new ArrayList<>())
          .add(new Row(row.get("words"), reaction));
    }

    private static Duration time(Table.Row row, String column) {
      Matcher form = TIME.matcher(row.get(column));
      if (!form.matches()) {
        throw new Table.BadCell(column, "'" + row.get(column) + "' is not a time such as 30m");
      }
      long count = Long.parseLong(form.group(1));
      return form.group(2).equals("h") ? Duration.ofHours(count) : Duration.ofMinutes(count);
    }
  }
}
