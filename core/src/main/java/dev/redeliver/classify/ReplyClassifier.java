package dev.redeliver.classify;

import dev.redeliver.smtp.EnhancedStatus;
import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads failures by a table of rules: the first rule that matches decides, in the order of the
 * evidence it needs (user's rules, provider, text, enhanced status, basic code), then of the table.
 * Immutable and thread-safe; pure, and linear in the length of the text.
 *
 * <p>Whatever a rule says, the first digit of the basic code decides between transient and
 * permanent (RFC 5321 section 4.2.1), an enhanced status counts only if its class agrees, and a
 * permanent refusal before MAIL is about the relay or our set-up and holds the message.
 */
public final class ReplyClassifier {
  /** Besides the stages of a session, faults and local problems have tokens of their own. */
  static final Set<String> STAGE_TOKENS =
      Stream.of(
              Arrays.stream(SmtpStage.values()).map(ReplyClassifier::token),
              Arrays.stream(SmtpFailure.Fault.values()).map(fault -> "fault:" + token(fault)),
              Arrays.stream(SmtpFailure.Problem.values()).map(local -> "local:" + token(local)))
          .flatMap(tokens -> tokens)
          .collect(Collectors.toUnmodifiableSet());

  private static final ReplyClassifier STANDARD = new ReplyClassifier(List.of());

  private final MatchedText literals = new MatchedText();
  private final Map<MailboxProvider, Phrase> marks = new EnumMap<>(MailboxProvider.class);
  private final List<String> userRows;
  private final List<Rule> rules;
  private final List<List<Rule>> rulesByClass;

  private ReplyClassifier(List<String> userRows) {
    this.userRows = userRows;
    for (MailboxProvider provider : MailboxProvider.values()) {
      if (!provider.marks().isEmpty()) {
        marks.put(provider, Phrase.parse(provider.marks(), literals));
      }
    }
    List<Rule> builtIn = new ArrayList<>(RuleTable.builtIn(literals));
    builtIn.sort(Comparator.comparingInt(Rule::tier));
    List<Rule> all = new ArrayList<>(RuleTable.read(userRows, literals, "rules"));
    all.addAll(builtIn);
    rules = List.copyOf(all);
    rulesByClass = IntStream.range(0, 6).mapToObj(digit -> canMatch(rules, digit)).toList();
  }

  private static List<Rule> canMatch(List<Rule> rules, int firstDigit) {
    return rules.stream().filter(rule -> rule.codes().canMatchClass(firstDigit)).toList();
  }

  /** {@return the classifier with the built-in rules} */
  public static ReplyClassifier standard() {
    return STANDARD;
  }

  /**
   * {@return a classifier with rules of the user's own, which win over the built-in ones}
   *
   * @param file tab-separated rows under a header, with the columns of the built-in table
   * @throws IllegalArgumentException if rows are bad; it names all of them
   * @throws java.io.UncheckedIOException if the file cannot be read
   */
  public ReplyClassifier withRules(Path file) {
    List<String> rows = new ArrayList<>(RuleTable.lines(file));
    if (!userRows.isEmpty()) {
      throw new IllegalStateException("user rules are already set");
    }
    return new ReplyClassifier(List.copyOf(rows));
  }

  /** {@return what a failure means} */
  public Classification classify(SmtpFailure failure) {
    if (failure instanceof SmtpFailure.Refused refused) {
      return classify(refused.stage(), refused.reply());
    }
    if (failure instanceof SmtpFailure.Disconnected lost) {
      return classifySpecial("fault:" + token(lost.fault()), failure, Severity.TRANSIENT);
    }
    SmtpFailure.Local local = (SmtpFailure.Local) failure;
    return classifySpecial("local:" + token(local.problem()), failure, Severity.PERMANENT);
  }

  private Classification classifySpecial(String token, SmtpFailure failure, Severity severity) {
    Rule rule =
        rules.stream()
            .filter(candidate -> candidate.stages().contains(token))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no rule for " + token));
    return result(
        rule,
        severity,
        rule.handling().orElse(Handling.RETRY),
        Optional.empty(),
        failure.describe());
  }

  /**
   * {@return what a reply means}
   *
   * @param stage what it answered, or null if that is not known
   * @param reply the reply
   */
  public Classification classify(@Nullable SmtpStage stage, SmtpReply reply) {
    String text = reply.text();
    BitSet found = literals.find(text);
    Optional<EnhancedStatus> status = reply.agreeingStatus();
    String stageToken = stage == null ? "" : token(stage);
    for (Rule rule : rulesByClass.get(reply.code() / 100)) {
      if (matchesStage(rule, stageToken) && rule.codes().matches(reply.code(), status)) {
        Optional<String> words = rule.phrase().flatMap(phrase -> phrase.matchIn(found));
        if (words.isPresent() == rule.phrase().isPresent() && isFromProvider(rule, found)) {
          Optional<Handling> wanted =
              rule.handling().or(() -> handlingOfCodes(stageToken, reply.code(), status));
          return result(rule, wanted, stage, reply, text, words);
        }
      }
    }
    throw new IllegalStateException("no rule matches: " + reply);
  }

  /** Words refine what a failure is about; what to do about it, the codes may still know better. */
  private Optional<Handling> handlingOfCodes(
      String stage, int code, Optional<EnhancedStatus> status) {
    for (Rule rule : rulesByClass.get(code / 100)) {
      if (rule.tier() >= Rule.CODES_ONLY
          && rule.handling().isPresent()
          && matchesStage(rule, stage)
          && rule.codes().matches(code, status)) {
        return rule.handling();
      }
    }
    return Optional.empty();
  }

  /**
   * A rule for one stage does not hold where the stage is not known, unless it has other evidence.
   */
  private static boolean matchesStage(Rule rule, String stage) {
    if (rule.stages().isEmpty()) {
      return true;
    }
    return stage.isEmpty()
        ? rule.phrase().isPresent() && rule.stages().stream().noneMatch(s -> s.indexOf(':') >= 0)
        : rule.stages().contains(stage);
  }

  private boolean isFromProvider(Rule rule, BitSet found) {
    return rule.provider().isEmpty()
        || Optional.ofNullable(marks.get(rule.provider().get()))
            .flatMap(phrase -> phrase.matchIn(found))
            .isPresent();
  }

  private static Classification result(
      Rule rule,
      Optional<Handling> wanted,
      @Nullable SmtpStage stage,
      SmtpReply reply,
      String text,
      Optional<String> words) {
    Severity severity = severity(rule, reply);
    StringBuilder evidence = new StringBuilder();
    evidence.append(reply.code() == 0 ? "no code" : "code " + reply.code());
    reply.agreeingStatus().ifPresent(status -> evidence.append(", status ").append(status));
    reply
        .enhancedStatus()
        .filter(status -> reply.agreeingStatus().isEmpty())
        .ifPresent(status -> evidence.append(", status ").append(status).append(" disagrees"));
    words.ifPresent(phrase -> evidence.append(", text '").append(phrase).append('\''));
    if (stage != null) {
      evidence.append(", stage ").append(stage);
    }
    Optional<Duration> hint =
        severity == Severity.TRANSIENT ? DelayHint.in(text) : Optional.empty();
    return result(rule, severity, handling(wanted, stage, severity), hint, evidence.toString());
  }

  /** Only where the code is lost may words say that a failure is permanent. */
  private static Severity severity(Rule rule, SmtpReply reply) {
    boolean fails = rule.handling().filter(Handling.FAIL::equals).isPresent();
    return reply.code() == 0 && reply.enhancedStatus().isEmpty() && fails
        ? Severity.PERMANENT
        : reply.severity();
  }

  private static Handling handling(
      Optional<Handling> wanted, @Nullable SmtpStage stage, Severity severity) {
    return switch (severity) {
      case SUCCESS, INTERMEDIATE -> Handling.PROCEED;
      case TRANSIENT ->
          wanted.filter(h -> h != Handling.FAIL && h != Handling.PROCEED).orElse(Handling.RETRY);
      case PERMANENT ->
          stage != null && stage.isBeforeMail()
              ? Handling.HOLD
              : wanted.filter(h -> h != Handling.PROCEED).orElse(Handling.FAIL);
    };
  }

  private static Classification result(
      Rule rule, Severity severity, Handling handling, Optional<Duration> hint, String evidence) {
    return new Classification(
        severity,
        rule.cause(),
        rule.scope(),
        handling == Handling.PROCEED ? Lane.IMMEDIATE : rule.lane(),
        handling,
        isSignal(rule.cause()) && handling != Handling.PROCEED,
        hint,
        rule.id(),
        evidence,
        rule.meaning(),
        rule.advice(),
        rule.source());
  }

  private static boolean isSignal(Cause cause) {
    return cause == Cause.REPUTATION
        || cause == Cause.AUTHENTICATION
        || cause == Cause.SENDER_SUSPENDED;
  }

  private static String token(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
