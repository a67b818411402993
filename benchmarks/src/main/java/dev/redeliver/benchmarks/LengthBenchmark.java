package dev.redeliver.benchmarks;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * How the time grows with the length of a text, an ordinary one and those that aim at weak spots.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class LengthBenchmark {
  /** What a text repeats. */
  public enum Unit {
    /** An ordinary sentence. */
    SENTENCE("Recipient address rejected: the mailbox of <ada@example.org> is full. "),
    /** Many words. */
    SHORT_WORDS("a "),
    /** No end of a word. */
    LONG_WORD("a"),
    /** Addresses that end before they begin. */
    AT("@"),
    /** Addresses, each in the next. */
    ADDRESSES("a@"),
    /** The beginning of an IPv6 address, or its middle. */
    COLONS(":"),
    /** Neither a time of day nor an address. */
    CLOCKS("1:1:1:"),
    /** Numbers that may be delays. */
    NUMBERS("again 1 "),
    /** Dates that are none. */
    DATES("try again at 2026-02-30 "),
    /** The beginning of many phrases. */
    PREFIXES("mailbox is over "),
    /** Words of one character, in four symbols. */
    IDEOGRAPHS("\u7070");

    private final String text;

    Unit(String text) {
      this.text = text;
    }
  }

  /** What the text repeats. */
  @Param public Unit unit = Unit.SENTENCE;

  /** How many characters the text has, in lines of 1000. */
  @Param({"1000", "8000", "64000"})
  public int length;

  private final ReplyClassifier classifier = ReplyClassifier.standard();
  private String raw = "";
  private SmtpReply reply = SmtpReply.parse("");

  /** Makes the text. */
  @Setup
  public void fill() {
    String line = "450-" + unit.text.repeat(1000).substring(0, 994) + "\r\n";
    raw = line.repeat(length / 1000);
    reply = SmtpReply.parse(raw);
  }

  /**
   * Reads the reply.
   *
   * @return the reply
   */
  @Benchmark
  public SmtpReply parse() {
    return SmtpReply.parse(raw);
  }

  /**
   * Says what it means.
   *
   * @return the meaning
   */
  @Benchmark
  public Classification classify() {
    return classifier.classify(SmtpStage.RCPT, reply);
  }
}
