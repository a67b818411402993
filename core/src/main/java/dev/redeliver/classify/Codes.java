package dev.redeliver.classify;

import dev.redeliver.smtp.EnhancedStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A rule's condition on the codes. Immutable and thread-safe. */
final class Codes {
  private static final Pattern BASIC = Pattern.compile("0|[1-5]\\d{0,2}");
  private static final Pattern ENHANCED =
      Pattern.compile("([245*])\\.(\\d{1,3}|\\*)\\.(\\d{1,3}|\\*$)(?:-(\\d{1,3}))?");

  private record Status(int classDigit, int subject, int from, int to) {
    boolean matches(EnhancedStatus status) {
      return (classDigit < 0 || classDigit == status.classDigit())
          && (subject < 0 || subject == status.subject())
          && status.detail() >= from
          && status.detail() <= to;
    }

    /** {@return whether it is one detail of one subject, of whatever class} */
    boolean isExact() {
      return subject >= 0 && from == to;
    }
  }

  private record Range(int low, int high) {
    /** A code, or the leading digits of codes: 45 stands for 450 to 459. */
    static Range of(String digits) {
      int width = digits.equals("0") ? 1 : (int) Math.pow(10, 3 - digits.length());
      int low = Integer.parseInt(digits) * width;
      return new Range(low, low + width - 1);
    }
  }

  private final Range[] basic;
  private final Status[] enhanced;
  private final boolean none;

  private Codes(List<Range> basic, List<Status> enhanced, boolean none) {
    this.basic = basic.toArray(Range[]::new);
    this.enhanced = enhanced.toArray(Status[]::new);
    this.none = none;
  }

  /**
   * Reads the two columns.
   *
   * @param basic {@code *}, or codes and leading digits of codes, separated by commas; 0 is no code
   * @param enhanced {@code *}, {@code -} for none, or a list of {@code 4.7.1}, {@code *.7.1},
   *     {@code 4.7.*}, {@code 4.7.500-699}
   */
  static Codes parse(String basic, String enhanced) {
    List<Range> codes = new ArrayList<>();
    if (!basic.equals(Table.DEFAULT)) {
      for (String code : basic.split(",", -1)) {
        if (!BASIC.matcher(code.strip()).matches()) {
          throw new Table.BadCell(
              "basic",
              "'"
                  + code.strip()
                  + "' is no code. Write 450, or 45 for 450 to 459, or 4 for every 4yz, or 0 for a"
                  + " reply without a code; with commas between several");
        }
        codes.add(Range.of(code.strip()));
      }
    }
    List<Status> statuses = new ArrayList<>();
    if (!enhanced.equals(Table.DEFAULT) && !enhanced.equals("-")) {
      for (String status : enhanced.split(",", -1)) {
        statuses.add(status(status.strip()));
      }
    }
    return new Codes(codes, statuses, enhanced.equals("-"));
  }

  private static Status status(String text) {
    Matcher matcher = ENHANCED.matcher(text);
    if (!matcher.matches()) {
      throw new Table.BadCell(
          "enhanced",
          "'"
              + text
              + "' is no enhanced status. Write 4.7.1, or 4.7.* for every 4.7.x, or 4.7.500-699, or"
              + " - for replies without one; with commas between several");
    }
    int from = number(matcher.group(3), 0);
    int to = matcher.group(4) == null ? number(matcher.group(3), 999) : number(matcher.group(4), 0);
    if (to < from) {
      throw new Table.BadCell(
          "enhanced",
          "'" + text + "' runs backwards. The lower number comes first: " + to + "-" + from);
    }
    return new Status(number(matcher.group(1), -1), number(matcher.group(2), -1), from, to);
  }

  private static int number(String text, int any) {
    return text.equals("*") ? any : Integer.parseInt(text);
  }

  /**
   * {@return whether a reply's codes are among these}
   *
   * @param code the basic code, 0 if there is none
   * @param status the enhanced status, if there is one that agrees with the basic code
   */
  boolean matches(int code, @Nullable EnhancedStatus status) {
    return matchesBasic(code) && matchesStatus(status);
  }

  /** {@return whether the basic code alone fits} */
  boolean matchesBasic(int code) {
    for (Range range : basic) {
      if (code >= range.low() && code <= range.high()) {
        return true;
      }
    }
    return basic.length == 0;
  }

  private boolean matchesStatus(@Nullable EnhancedStatus status) {
    if (status == null) {
      return enhanced.length == 0;
    }
    for (Status wanted : enhanced) {
      if (wanted.matches(status)) {
        return true;
      }
    }
    return enhanced.length == 0 && !none;
  }

  /**
   * {@return whether any reply could match} An enhanced status counts only if its class agrees with
   * the basic code, so 5yz and 4.7.1 never come together.
   */
  boolean canMatch() {
    return basic.length == 0
        || enhanced.length == 0
        || Arrays.stream(basic)
            .map(range -> range.low() / 100)
            .anyMatch(
                digit ->
                    digit == 0
                        || Arrays.stream(enhanced)
                            .anyMatch(e -> e.classDigit() < 0 || e.classDigit() == digit));
  }

  boolean namesEnhanced() {
    return enhanced.length > 0;
  }

  /**
   * {@return whether a reply of this class could match, as far as the codes tell}
   *
   * @param firstDigit of the basic code; 0 if there is no code
   */
  boolean canMatchClass(int firstDigit) {
    if (basic.length > 0) {
      return Arrays.stream(basic).anyMatch(range -> range.low() / 100 == firstDigit);
    }
    return enhanced.length == 0
        || firstDigit == 0
        || Arrays.stream(enhanced)
            .anyMatch(e -> e.classDigit() < 0 || e.classDigit() == firstDigit);
  }

  /** {@return whether every basic code of a class fits} */
  boolean coverClass(int firstDigit) {
    return IntStream.range(100 * firstDigit, 100 * (firstDigit + 1)).allMatch(this::matchesBasic);
  }

  /**
   * {@return subject and detail of each status that it names, as {@link #subjectAndDetail} numbers
   * them; none if it names no status, or a range}
   */
  int[] exactStatuses() {
    return Arrays.stream(enhanced).allMatch(Status::isExact)
        ? Arrays.stream(enhanced).mapToInt(e -> subjectAndDetail(e.subject(), e.from())).toArray()
        : new int[0];
  }

  /** {@return one number for both} */
  static int subjectAndDetail(int subject, int detail) {
    return 1000 * subject + detail;
  }
}
