package dev.redeliver.classify;

import dev.redeliver.smtp.EnhancedStatus;
import dev.redeliver.smtp.SmtpStage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the first rule that matches without trying them one by one: a rule with a phrase is looked
 * at only if its rarest term stands in the text, a rule about codes only if the reply has them.
 * Immutable and thread-safe.
 */
final class RuleIndex {
  private final List<Rule> rules;
  private final LiteralTrie trie;
  private final Map<MailboxProvider, Phrase> marks;
  private final Entry[][] entriesOf;
  private final CodeIndex aboutCodes;
  private final CodeIndex aboutCodesWithHandling;
  private final Map<MailboxProvider, CodeIndex> aboutCodesOf = new HashMap<>();

  /**
   * What a match of words leads to: a rule, or, if the words tell who speaks, the rules about this
   * provider's codes.
   *
   * @param rank the lowest that it can lead to; a rule's rank is its place in the order of
   *     precedence
   */
  private record Entry(int rank, Phrase.Alternative alternative, @Nullable CodeIndex ofSpeaker) {}

  /**
   * What is asked about.
   *
   * @param stage what the reply answered, or null
   * @param code the basic code, 0 if there is none
   * @param status the enhanced status, if it agrees with the code
   * @param found the terms in the text
   * @param provider who speaks, if the host tells
   */
  record Question(
      @Nullable SmtpStage stage,
      int code,
      @Nullable EnhancedStatus status,
      LiteralTrie.Found found,
      MailboxProvider provider) {}

  /** A rule that matches, and the words by which it does. */
  record Match(Rule rule, Optional<String> words) {}

  RuleIndex(List<Rule> rules, Map<MailboxProvider, Phrase> marks, LiteralTrie trie) {
    this.rules = List.copyOf(rules);
    this.trie = trie;
    this.marks = Map.copyOf(marks);
    aboutCodes = indexOf(Rule::asksForCodesOnly);
    aboutCodesWithHandling =
        indexOf(rule -> rule.asksForCodesOnly() && rule.handling().isPresent());
    for (MailboxProvider provider : MailboxProvider.all()) {
      aboutCodesOf.put(
          provider,
          indexOf(
              rule ->
                  rule.phrase().isEmpty() && rule.provider().filter(provider::equals).isPresent()));
    }
    entriesOf = byRarestTerm(entries(), trie.terms());
  }

  private CodeIndex indexOf(Predicate<Rule> wanted) {
    List<Integer> ranks =
        IntStream.range(0, rules.size())
            .filter(rank -> rules.get(rank).stages().areOfReplies())
            .filter(rank -> wanted.test(rules.get(rank)))
            .boxed()
            .toList();
    return new CodeIndex(rules, ranks);
  }

  private List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < rules.size(); i++) {
      int rank = i;
      rules.get(rank).phrase().stream()
          .flatMap(phrase -> phrase.alternatives().stream())
          .forEach(alternative -> entries.add(new Entry(rank, alternative, null)));
    }
    marks.forEach(
        (provider, phrase) -> {
          CodeIndex ofSpeaker = codesOf(provider);
          for (Phrase.Alternative alternative : phrase.alternatives()) {
            entries.add(new Entry(ofSpeaker.lowest(), alternative, ofSpeaker));
          }
        });
    entries.sort(Comparator.comparingInt(Entry::rank));
    return entries;
  }

  private static Entry[][] byRarestTerm(List<Entry> entries, int terms) {
    int[] uses = new int[terms];
    for (Entry entry : entries) {
      for (int term : entry.alternative().wanted()) {
        uses[term]++;
      }
    }
    List<List<Entry>> lists = new ArrayList<>();
    for (int term = 0; term < terms; term++) {
      lists.add(new ArrayList<>());
    }
    for (Entry entry : entries) {
      int rarest =
          Arrays.stream(entry.alternative().wanted())
              .boxed()
              .min(Comparator.comparingInt(term -> uses[term]))
              .orElseThrow();
      lists.get(rarest).add(entry);
    }
    return lists.stream().map(list -> list.toArray(Entry[]::new)).toArray(Entry[][]::new);
  }

  private CodeIndex codesOf(MailboxProvider provider) {
    return aboutCodesOf.getOrDefault(provider, aboutCodes);
  }

  LiteralTrie.Found terms(Words text) {
    return trie.find(text);
  }

  List<Rule> rules() {
    return rules;
  }

  /** {@return the rule that decides} There is one for every reply: each class has its own. */
  Match first(Question question) {
    int best = aboutCodes.first(question, CodeIndex.NONE);
    best = codesOf(question.provider()).first(question, best);
    @Nullable Entry by = null;
    LiteralTrie.Found found = question.found();
    for (int term = found.next(0); term >= 0; term = found.next(term + 1)) {
      for (Entry entry : entriesOf[term]) {
        if (entry.rank() >= best) {
          break;
        }
        int rank = rank(entry, question, best);
        by = rank < best ? entry : by;
        best = rank;
      }
    }
    if (best == CodeIndex.NONE) {
      throw new IllegalStateException("no rule for code " + question.code());
    }
    Optional<String> words =
        Optional.ofNullable(by)
            .filter(entry -> entry.ofSpeaker() == null)
            .map(entry -> entry.alternative().words());
    return new Match(rules.get(best), words);
  }

  /** {@return the rank that an entry leads to, or {@code before}} */
  private int rank(Entry entry, Question question, int before) {
    if (!entry.alternative().matches(question.found())) {
      return before;
    }
    if (entry.ofSpeaker() != null) {
      return entry.ofSpeaker().first(question, before);
    }
    Rule rule = rules.get(entry.rank());
    boolean decides =
        rule.fits(question.stage(), question.code(), question.status())
            && isFromProvider(rule, question);
    return decides ? entry.rank() : before;
  }

  private boolean isFromProvider(Rule rule, Question question) {
    if (rule.provider().isEmpty()) {
      return true;
    }
    MailboxProvider wanted = rule.provider().get();
    Phrase phrase = marks.get(wanted);
    return wanted.equals(question.provider())
        || (phrase != null && phrase.matches(question.found()));
  }

  /**
   * {@return the rule that says what should be done, if any does: the one that decides, or the
   * first about codes alone that is about the same thing} Words refine what a failure is about;
   * what to do about it, the codes may know better.
   */
  Optional<Rule> handlingRule(Question question, Rule deciding) {
    if (deciding.handling().isPresent()) {
      return Optional.of(deciding);
    }
    int rank = aboutCodesWithHandling.first(question, CodeIndex.NONE);
    return rank == CodeIndex.NONE
        ? Optional.empty()
        : Optional.of(rules.get(rank)).filter(rule -> isAboutSame(rule, deciding));
  }

  private static boolean isAboutSame(Rule one, Rule other) {
    return one.cause() == other.cause()
        || (one.scope() == Scope.CONFIGURATION && other.scope() == Scope.CONFIGURATION);
  }

  /** {@return every rule that matches, in the order of precedence} Tries them one by one. */
  List<Match> all(Question question) {
    List<Match> matches = new ArrayList<>();
    for (Rule rule : rules) {
      if (rule.stages().areOfReplies()
          && rule.fits(question.stage(), question.code(), question.status())
          && isFromProvider(rule, question)) {
        match(rule, question).ifPresent(matches::add);
      }
    }
    return matches;
  }

  private static Optional<Match> match(Rule rule, Question question) {
    if (rule.phrase().isEmpty()) {
      return Optional.of(new Match(rule, Optional.empty()));
    }
    return rule.phrase().get().alternatives().stream()
        .filter(alternative -> alternative.matches(question.found()))
        .findFirst()
        .map(alternative -> new Match(rule, Optional.of(alternative.words())));
  }
}
