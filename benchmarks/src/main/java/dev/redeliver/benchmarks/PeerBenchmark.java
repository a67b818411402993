package dev.redeliver.benchmarks;

import com.google.re2j.Pattern;
import com.hankcs.algorithm.AhoCorasickDoubleArrayTrie;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.LiteralFinder;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.smtp.SmtpStage;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.ahocorasick.trie.Trie;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Our way to read a typical reply beside others. The switch on the code and the regular expressions
 * give an answer of the same kind; the libraries only find the literals that stand in the text, to
 * be compared with the part of ours that does.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class PeerBenchmark {
  private final ReplyClassifier classifier = ReplyClassifier.standard();
  private final LiteralFinder finder = new LiteralFinder();
  private final Phrases phrases = new Phrases();
  private final RegexInTurn regex = new RegexInTurn(phrases);
  private final Set<String> literals = Literals.of(phrases);
  private final Trie ahoCorasick = Trie.builder().addKeywords(literals).build();
  private final AhoCorasickDoubleArrayTrie<String> doubleArray = new AhoCorasickDoubleArrayTrie<>();
  private final Pattern re2 =
      Pattern.compile(literals.stream().map(Pattern::quote).collect(Collectors.joining("|")));

  /** Builds what has no builder. */
  public PeerBenchmark() {
    doubleArray.build(new TreeMap<>(literals.stream().collect(Collectors.toMap(s -> s, s -> s))));
  }

  /**
   * Redeliver.
   *
   * @param replies the replies
   * @return the meaning
   */
  @Benchmark
  public Classification redeliver(Replies replies) {
    return classifier.classify(SmtpStage.RCPT, replies.next());
  }

  /**
   * The part of Redeliver that finds literals.
   *
   * @param replies the replies
   * @return how many terms it found
   */
  @Benchmark
  public int findLiterals(Replies replies) {
    return finder.count(replies.next());
  }

  /**
   * What programs do that look at the code only.
   *
   * @param replies the replies
   * @return the meaning
   */
  @Benchmark
  public String switchOnCode(Replies replies) {
    return switch (replies.next().code()) {
      case 421 -> "service-unavailable";
      case 450 -> "mailbox-busy";
      case 451 -> "local-error";
      case 452 -> "no-storage";
      case 550 -> "mailbox-unknown";
      case 551 -> "not-local";
      case 552 -> "over-quota";
      case 553 -> "bad-address";
      case 554 -> "failed";
      default -> "other";
    };
  }

  /**
   * The phrases as regular expressions, tried in turn.
   *
   * @param replies the replies
   * @return the first rule
   */
  @Benchmark
  public Optional<String> regexInTurn(Replies replies) {
    return regex.first(replies.next());
  }

  /**
   * The library org.ahocorasick, finding literals.
   *
   * @param replies the replies
   * @return what it found
   */
  @Benchmark
  public Object findLiteralsAhoCorasick(Replies replies) {
    return ahoCorasick.parseText(Literals.plain(replies.next().text()));
  }

  /**
   * The library AhoCorasickDoubleArrayTrie, finding literals.
   *
   * @param replies the replies
   * @param sink takes what it found
   */
  @Benchmark
  public void findLiteralsDoubleArray(Replies replies, Blackhole sink) {
    AhoCorasickDoubleArrayTrie.IHit<String> hit = (begin, end, literal) -> sink.consume(literal);
    doubleArray.parseText(Literals.plain(replies.next().text()), hit);
  }

  /**
   * The library RE2/J, finding literals that do not overlap by one expression.
   *
   * @param replies the replies
   * @param sink takes what it found
   */
  @Benchmark
  public void findLiteralsRe2(Replies replies, Blackhole sink) {
    com.google.re2j.Matcher matcher = re2.matcher(Literals.plain(replies.next().text()));
    while (matcher.find()) {
      sink.consume(matcher.start());
    }
  }
}
