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
import org.jspecify.annotations.Nullable;

/**
 * Finds the first rule that matches without trying them one by one: a rule with a phrase is looked
 * at only if its rarest term stands in the text, a rule about codes only if class and subject fit.
 * Immutable and thread-safe.
 */
final class RuleIndex {
  /** Subjects 0 to 8 have a list of their own, others share one, and so has no status at all. */
  private static final int SUBJECTS = 11;

  private final List<Rule> rules;
  private final LiteralTrie trie;
  private final Map<MailboxProvider, Phrase> marks;
  private final Entry[][] entriesOf;
  private final int[][] codesOnly = new int[6 * SUBJECTS][];
  private final Map<MailboxProvider, int[]> ofProvider = new HashMap<>();

  /** One way to match a rule; its rank is its place in the order of precedence. */
  private record Entry(int rank, Phrase.Alternative alternative, boolean isMark) {}

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
    this.entriesOf = byRarestTerm(entries(), trie.terms());
    for (int digit = 0; digit < 6; digit++) {
      for (int place = 0; place < SUBJECTS; place++) {
        codesOnly[digit * SUBJECTS + place] = codesOnly(digit, place);
      }
    }
    for (MailboxProvider provider : MailboxProvider.all()) {
      ofProvider.put(
          provider,
          ranks(
              rule ->
                  rule.phrase().isEmpty() && rule.provider().filter(provider::equals).isPresent()));
    }
  }

  LiteralTrie.Found terms(Words text) {
    return trie.find(text);
  }

  List<Rule> rules() {
    return rules;
  }

  private int[] codesOnly(int firstDigit, int place) {
    int subject = place == 0 ? -1 : place - 1;
    return ranks(
        rule ->
            rule.asksForCodesOnly()
                && rule.stages().areOfReplies()
                && rule.codes().canMatchClass(firstDigit)
                && (place == SUBJECTS - 1 || rule.codes().canMatchSubject(subject)));
  }

  private int[] ranks(Predicate<Rule> wanted) {
    int[] ranks = new int[rules.size()];
    int count = 0;
    for (int rank = 0; rank < rules.size(); rank++) {
      if (wanted.test(rules.get(rank))) {
        ranks[count++] = rank;
      }
    }
    return Arrays.copyOf(ranks, count);
  }

  private List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    for (int rank = 0; rank < rules.size(); rank++) {
      Rule rule = rules.get(rank);
      boolean isMark = rule.phrase().isEmpty();
      Optional<Phrase> phrase =
          rule.phrase().or(() -> rule.provider().flatMap(p -> Optional.ofNullable(marks.get(p))));
      if (phrase.isPresent()) {
        for (Phrase.Alternative alternative : phrase.get().alternatives()) {
          entries.add(new Entry(rank, alternative, isMark));
        }
      }
    }
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

  /** {@return the rule that decides} There is one for every reply: each class has its own. */
  Match first(Question question) {
    int best = firstOf(codesOnlyFor(question), question, Integer.MAX_VALUE);
    best = firstOf(ofProvider.getOrDefault(question.provider(), new int[0]), question, best);
    Phrase.@Nullable Alternative by = null;
    LiteralTrie.Found found = question.found();
    for (int i = 0; i < found.count(); i++) {
      for (Entry entry : entriesOf[found.get(i)]) {
        if (entry.rank() >= best) {
          break;
        }
        if (matches(entry, question)) {
          best = entry.rank();
          by = entry.isMark() ? null : entry.alternative();
          break;
        }
      }
    }
    if (best == Integer.MAX_VALUE) {
      throw new IllegalStateException("no rule for code " + question.code());
    }
    return new Match(rules.get(best), by == null ? Optional.empty() : Optional.of(by.words()));
  }

  private boolean matches(Entry entry, Question question) {
    Rule rule = rules.get(entry.rank());
    return rule.fits(question.stage(), question.code(), question.status())
        && entry.alternative().matches(question.found())
        && isFromProvider(rule, question);
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

  private int firstOf(int[] ranks, Question question, int before) {
    for (int rank : ranks) {
      if (rank >= before) {
        return before;
      }
      if (rules.get(rank).fits(question.stage(), question.code(), question.status())) {
        return rank;
      }
    }
    return before;
  }

  private int[] codesOnlyFor(Question question) {
    EnhancedStatus status = question.status();
    int place = status == null ? 0 : Math.min(status.subject() + 1, SUBJECTS - 1);
    return codesOnly[question.code() / 100 * SUBJECTS + place];
  }

  /** {@return what the codes alone say should be done, if they say anything} */
  Optional<Handling> handlingOfCodes(Question question) {
    for (int rank : codesOnlyFor(question)) {
      Rule rule = rules.get(rank);
      if (rule.handling().isPresent()
          && rule.fits(question.stage(), question.code(), question.status())) {
        return rule.handling();
      }
    }
    return Optional.empty();
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
