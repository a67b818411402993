package dev.redeliver.classify;

import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads failures by a table of rules: the first rule that matches decides, in the order of the
 * evidence it needs (user's rules, provider, text, enhanced status, basic code), then of the table.
 * Immutable and thread-safe; pure, and linear in the length of the text. How many rules there are
 * does not matter: a rule is looked at only if its words stand in the text.
 *
 * <p>Whatever a rule says, the first digit of the basic code decides between transient and
 * permanent (RFC 5321 section 4.2.1), an enhanced status counts only if its class agrees, and a
 * permanent refusal before MAIL, or a problem of our own there, is about the relay or our set-up
 * and holds the message.
 */
public final class ReplyClassifier {
  private static final ReplyClassifier STANDARD = new ReplyClassifier("", List.of());

  private static final Optional<Handling> RESUME = Optional.of(Handling.RESUME);

  private final boolean hasUserRules;
  private final RuleIndex index;

  private ReplyClassifier(String userTable, List<String> userRows) {
    hasUserRules = !userTable.isEmpty();
    Vocabulary vocabulary = new Vocabulary();
    RuleTable.defineLists(vocabulary);
    Map<MailboxProvider, Phrase> marks = new HashMap<>();
    for (MailboxProvider provider : MailboxProvider.all()) {
      provider.marks().ifPresent(phrase -> marks.put(provider, Phrase.parse(phrase, vocabulary)));
    }
    List<Rule> builtIn = RuleTable.builtIn(vocabulary);
    List<Rule> rules = new ArrayList<>();
    if (hasUserRules) {
      rules.addAll(RuleTable.ofUser(userTable, userRows, vocabulary, builtIn));
    }
    builtIn.stream().sorted(Comparator.comparing(Rule::tier)).forEach(rules::add);
    index = new RuleIndex(rules, marks, vocabulary.trie());
  }

  /** {@return the classifier with the built-in rules} */
  public static ReplyClassifier standard() {
    return STANDARD;
  }

  /**
   * {@return a classifier with rules of the user's own, which win over the built-in ones}
   *
   * @param file tab-separated rows in UTF-8 under a header; the columns are those of the built-in
   *     table, of which {@code id} and {@code cause} must be there
   * @throws IllegalArgumentException if rows are bad; it names all of them, one per line, by file,
   *     line and column
   * @throws IllegalStateException if this classifier has user's rules already
   * @throws java.io.UncheckedIOException if the file cannot be read
   */
  public ReplyClassifier withRules(Path file) {
    try {
      return withRules(file.toString(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * {@return a classifier with rules of the user's own, which win over the built-in ones}
   *
   * @param name what error messages call the table; not empty
   * @param rows as in {@link #withRules(Path)}
   * @throws IllegalArgumentException if rows are bad; it names all of them by line and column
   * @throws IllegalStateException if this classifier has user's rules already
   */
  public ReplyClassifier withRules(String name, List<String> rows) {
    if (hasUserRules) {
      throw new IllegalStateException("user rules are already set");
    }
    if (name.isEmpty()) {
      throw new IllegalArgumentException("name must not be empty");
    }
    return new ReplyClassifier(name, rows);
  }

  /**
   * {@return a classifier with rules of the user's own, which win over the built-in ones}
   *
   * @param name what error messages call the table
   * @param table the octets of a file as {@link #withRules(Path)} reads it
   * @throws IllegalArgumentException if rows are bad; it names all of them by line and column
   * @throws IllegalStateException if this classifier has user's rules already
   */
  public ReplyClassifier withRules(String name, byte[] table) {
    return withRules(name, Table.lines(name, table));
  }

  /** {@return what a failure means} */
  public Classification classify(SmtpFailure failure) {
    return classify(failure, MailboxProvider.OTHER);
  }

  /**
   * {@return what a failure means}
   *
   * @param failure what happened
   * @param speaker who answers, as far as the host tells; replies also tell by themselves
   */
  public Classification classify(SmtpFailure failure, MailboxProvider speaker) {
    if (failure instanceof SmtpFailure.Refused refused) {
      return classify(refused.stage(), refused.reply(), speaker);
    }
    if (failure instanceof SmtpFailure.Disconnected lost) {
      return withoutReply(Stages.token(lost.fault()), failure, Severity.TRANSIENT);
    }
    SmtpFailure.Local local = (SmtpFailure.Local) failure;
    return withoutReply(Stages.token(local.problem()), failure, Severity.PERMANENT);
  }

  private Classification withoutReply(String token, SmtpFailure failure, Severity severity) {
    Rule rule =
        index.rules().stream()
            .filter(candidate -> candidate.stages().name(token))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no rule for " + token));
    // A rule that leaves open what to do leaves it to the next one, and so to a built-in one.
    Optional<Handling> wanted =
        index.rules().stream()
            .filter(candidate -> candidate.stages().name(token))
            .flatMap(candidate -> candidate.handling().stream())
            .findFirst();
    Handling handling = handling(wanted, failure.stage(), severity);
    return result(rule, severity, handling, Optional.empty(), Evidence.of(failure));
  }

  /**
   * {@return what a reply means}
   *
   * @param stage what it answered, or null if that is not known
   * @param reply the reply
   */
  public Classification classify(@Nullable SmtpStage stage, SmtpReply reply) {
    return classify(stage, reply, MailboxProvider.OTHER);
  }

  private Classification classify(
      @Nullable SmtpStage stage, SmtpReply reply, MailboxProvider speaker) {
    RuleIndex.Question question = question(stage, reply, speaker);
    RuleIndex.Match match = index.first(question);
    Rule rule = match.rule();
    Severity severity = severity(rule, stage, reply);
    Optional<Handling> wanted = index.handlingRule(question, rule).flatMap(Rule::handling);
    Optional<DelayHint> hint =
        severity == Severity.TRANSIENT ? DelayScanner.scan(reply.lines()) : Optional.empty();
    Evidence evidence = Evidence.of(stage, reply, match.words());
    return result(rule, severity, handling(wanted, stage, severity), hint, evidence);
  }

  private RuleIndex.Question question(
      @Nullable SmtpStage stage, SmtpReply reply, MailboxProvider speaker) {
    return new RuleIndex.Question(
        stage,
        reply.code(),
        reply.agreeingStatus().orElse(null),
        index.terms(Words.of(reply.lines())),
        speaker);
  }

  /**
   * {@return all rules that match a reply, the one that decides first} For people who write rules;
   * it tries all of them.
   *
   * @param stage what the reply answered, or null if that is not known
   * @param reply the reply
   */
  public List<RuleMatch> trace(@Nullable SmtpStage stage, SmtpReply reply) {
    RuleIndex.Question question = question(stage, reply, MailboxProvider.OTHER);
    List<RuleIndex.Match> matches = new ArrayList<>(index.all(question));
    RuleIndex.Match first = index.first(question);
    if (matches.isEmpty() || !matches.get(0).rule().equals(first.rule())) {
      throw new IllegalStateException(
          "the index finds "
              + first.rule().id()
              + " first, but all that match are "
              + matches.stream().map(match -> match.rule().id()).toList());
    }
    // Where several alternatives of its phrase match, the one that the classification names.
    matches.set(0, first);
    Optional<Rule> handles = index.handlingRule(question, first.rule());
    return matches.stream()
        .map(match -> RuleMatch.of(match, handles.filter(match.rule()::equals).isPresent()))
        .toList();
  }

  /**
   * {@return what is wrong with examples of the user's rules, a sentence for each that its rule
   * does not decide} Another rule before it may take them, or its conditions ask for something
   * else. None if there are no rules of the user.
   */
  public List<String> checkExamples() {
    List<String> wrong = new ArrayList<>();
    for (Rule rule : index.rules()) {
      if (rule.own()) {
        rule.examples().forEach(text -> checkExample(rule, text).ifPresent(wrong::add));
      }
    }
    return List.copyOf(wrong);
  }

  private Optional<String> checkExample(Rule rule, String text) {
    if (!rule.stages().areOfReplies()) {
      return Optional.of(
          rule.origin() + ": " + rule.id() + " has an example, but is about what has no reply");
    }
    Example example = Example.parse(text);
    String decides = classify(example.stage(), example.reply()).ruleId();
    return decides.equals(rule.id())
        ? Optional.empty()
        : Optional.of(
            rule.origin()
                + ": "
                + rule.id()
                + " does not decide its example '"
                + text
                + "', "
                + decides
                + " does");
  }

  /** {@return the rules in the order of precedence} */
  List<Rule> rules() {
    return index.rules();
  }

  /**
   * The first digit decides, with two exceptions: RFC 5321 section 4.5.3.1.10 reads 552 as 452
   * where it is about too many recipients, and a text from a log that lost its code means what its
   * words say. In a session, what has no code is no reply, and nobody is given up for it.
   */
  private static Severity severity(Rule rule, @Nullable SmtpStage stage, SmtpReply reply) {
    if (reply.code() == 0 && reply.enhancedStatus().isEmpty() && stage == null) {
      return rule.severityWithoutCode();
    }
    boolean tooManyRecipients = reply.code() == 552 && rule.handling().equals(RESUME);
    boolean transientByRule = rule.readAsTransient() && reply.severity() == Severity.PERMANENT;
    return tooManyRecipients || transientByRule ? Severity.TRANSIENT : reply.severity();
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
      Rule rule,
      Severity severity,
      Handling handling,
      Optional<DelayHint> hint,
      Evidence evidence) {
    boolean proceeds = handling == Handling.PROCEED;
    return new Classification(
        severity,
        rule.cause(),
        rule.scope(),
        proceeds ? Lane.IMMEDIATE : rule.lane(),
        handling,
        rule.alert() && !proceeds,
        hint,
        rule.id(),
        evidence,
        rule.meaning(),
        rule.advice(),
        rule.source());
  }
}
