package dev.redeliver.benchmarks;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * How long it takes to read a reply and to say what it means, on average over a mix of replies. The
 * state is immutable, so any number of threads may share it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ClassificationBenchmark {
  private static final int REPLIES = 20;

  private final ReplyClassifier classifier = ReplyClassifier.standard();
  private final List<String> raw =
      List.of(
          "250 2.0.0 Ok: queued as 4F1B23C04D",
          "421 4.7.0 Try again later, closing connection.",
          "421 4.4.2 mail.example.org Error: timeout exceeded",
          "421 Too many concurrent SMTP connections; please try again later.",
          "450 4.2.0 <ada@example.org>: Recipient address rejected: Greylisted, see help page",
          "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]",
          "451 4.3.0 Temporary lookup failure",
          "451 4.7.1 Service unavailable - try again in 300 seconds",
          "452 4.2.2 The recipient's inbox is out of storage space and inactive",
          "452 4.5.3 Too many recipients",
          "454 4.7.0 TLS not available due to local problem",
          "535 5.7.8 Error: authentication failed: bad password",
          "550 5.1.1 <ben@example.org>: Recipient address rejected: User unknown",
          """
          550-5.7.26 This message does not pass authentication checks (SPF and DKIM both
          550-5.7.26 do not pass). To protect its users it was blocked.
          550 5.7.26 See the sender guidelines. - gsmtp""",
          "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using a blocklist",
          "552 5.3.4 Message size exceeds fixed limit",
          "553 5.1.3 Malformed address",
          "554 5.7.1 <cleo@example.org>: Relay access denied",
          "554 5.7.1 Message rejected: it looks like spam, and the rest of this text is long: "
              + "x".repeat(700),
          "no code at all");
  private final List<SmtpReply> parsed = raw.stream().map(SmtpReply::parse).toList();

  /**
   * Reads the replies.
   *
   * @param sink keeps the results alive
   */
  @Benchmark
  @OperationsPerInvocation(REPLIES)
  public void parse(Blackhole sink) {
    raw.forEach(reply -> sink.consume(SmtpReply.parse(reply)));
  }

  /**
   * Says what replies mean that have been read.
   *
   * @param sink keeps the results alive
   */
  @Benchmark
  @OperationsPerInvocation(REPLIES)
  public void classify(Blackhole sink) {
    parsed.forEach(reply -> sink.consume(classified(reply)));
  }

  /**
   * Reads the replies and says what they mean.
   *
   * @param sink keeps the results alive
   */
  @Benchmark
  @OperationsPerInvocation(REPLIES)
  public void parseAndClassify(Blackhole sink) {
    raw.forEach(reply -> sink.consume(classified(SmtpReply.parse(reply))));
  }

  private Classification classified(SmtpReply reply) {
    return classifier.classify(SmtpStage.RCPT, reply);
  }
}
