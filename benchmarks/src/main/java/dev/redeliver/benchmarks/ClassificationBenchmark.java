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
 * How long it takes to read a typical one-line reply and to say what it means, with and without
 * rules of the user's own.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class ClassificationBenchmark {
  /** A classifier, perhaps with rules of the user's own. */
  @State(Scope.Benchmark)
  public static class Rules {
    /** How many rules the user adds. */
    @Param({"0", "1000"})
    public int userRules;

    private ReplyClassifier classifier = ReplyClassifier.standard();

    /** Adds the rules. */
    @Setup
    public void add() {
      if (userRules > 0) {
        classifier = ReplyClassifier.standard().withRules("user", UserRules.rows(userRules));
      }
    }
  }

  /**
   * Reads a reply.
   *
   * @param replies the replies
   * @return the reply
   */
  @Benchmark
  public SmtpReply parse(Replies replies) {
    return SmtpReply.parse(replies.nextRaw());
  }

  /**
   * Says what a reply means that has been read.
   *
   * @param rules the rules
   * @param replies the replies
   * @return the meaning
   */
  @Benchmark
  public Classification classify(Rules rules, Replies replies) {
    return rules.classifier.classify(SmtpStage.RCPT, replies.next());
  }

  /**
   * Reads a reply and says what it means.
   *
   * @param rules the rules
   * @param replies the replies
   * @return the meaning
   */
  @Benchmark
  public Classification parseAndClassify(Rules rules, Replies replies) {
    return rules.classifier.classify(SmtpStage.RCPT, SmtpReply.parse(replies.nextRaw()));
  }
}
