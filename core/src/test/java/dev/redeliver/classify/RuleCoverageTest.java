package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.smtp.EnhancedStatus;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * No rule of the table is dead: each decides a reply of its own, and no part of its phrase is
 * shadowed by a rule before it. The replies come from the table, so a new row is tested as it is
 * written.
 */
class RuleCoverageTest {
  private static final ReplyClassifier CLASSIFIER = ReplyClassifier.standard();
  private static final Map<String, BuiltInTable.Row> ROWS = BuiltInTable.rows();

  @Test
  void everyRuleWithWordsOrAProvider_decidesItsExamples() {
    List<String> offenders = new ArrayList<>();
    for (Rule rule : BuiltInTable.rules()) {
      if (!rule.asksForCodesOnly() && rule.examples().isEmpty()) {
        offenders.add(rule.id() + ": has no example");
      }
      for (Example example : BuiltInTable.examples(rule)) {
        String winner = CLASSIFIER.classify(example.stage(), example.reply()).ruleId();
        if (!winner.equals(rule.id())) {
          offenders.add(rule.id() + ": " + winner + " decides its example " + example.text());
        }
      }
    }
    assertThat(offenders).as("rules that do not decide their examples").isEmpty();
  }

  @Test
  void everyRuleAboutCodes_decidesAReplyWithSuchCodes() {
    List<String> offenders = new ArrayList<>();
    for (Rule rule : BuiltInTable.rules()) {
      if (rule.asksForCodesOnly()
          && rule.stages().areOfReplies()
          && BuiltInTable.replyOfCodes(rule).isEmpty()) {
        offenders.add(rule.id() + " (" + rule.origin() + ")");
      }
    }
    assertThat(offenders).as("rules that decide no reply").isEmpty();
  }

  @Test
  void everyFaultAndProblem_isDecidedByTheRuleThatNamesIt() {
    List<String> offenders = new ArrayList<>();
    Set<String> deciding = new TreeSet<>();
    for (SmtpFailure failure : BuiltInTable.faults()) {
      deciding.add(CLASSIFIER.classify(failure).ruleId());
    }
    for (Rule rule : BuiltInTable.rules()) {
      if (rule.stages().haveFaults() && !deciding.contains(rule.id())) {
        offenders.add(rule.id() + " (" + rule.origin() + ")");
      }
    }
    assertThat(offenders).as("rules that decide no fault").isEmpty();
  }

  @Test
  void noTwoRules_askForTheSame() {
    Map<List<String>, String> seen = new HashMap<>();
    List<String> offenders = new ArrayList<>();
    ROWS.forEach(
        (id, row) -> {
          List<String> conditions =
              List.of(
                  row.get("stage"),
                  row.get("basic"),
                  row.get("enhanced"),
                  row.get("phrase"),
                  row.get("provider"));
          String first = seen.putIfAbsent(conditions, id);
          if (first != null) {
            offenders.add(id + " asks for the same as " + first);
          }
        });
    assertThat(offenders).as("duplicate rules").isEmpty();
  }

  /**
   * An alternative is dead if every text that has it also has an alternative of a rule before,
   * whose other conditions are no narrower. What is found so is certainly dead; not all dead ones
   * are found, because only one alternative at a time is looked at.
   */
  @Test
  void noAlternative_isShadowedByARuleBefore() {
    Literals literals = new Literals();
    List<Rule> rules = BuiltInTable.rules();
    Reach reach = new Reach(rules);
    List<String> offenders = new ArrayList<>();
    for (int later = 0; later < rules.size(); later++) {
      Rule rule = rules.get(later);
      for (int earlier = 0; earlier < later && rule.phrase().isPresent(); earlier++) {
        if (reach.isWider(earlier, later)) {
          Rule before = rules.get(earlier);
          for (Way way : literals.ways(rule)) {
            literals.ways(before).stream()
                .filter(wide -> literals.covers(wide, way))
                .findFirst()
                .ifPresent(wide -> offenders.add(message(rule, way, before, wide)));
          }
        }
      }
    }
    assertThat(offenders).as("alternatives that can never match").isEmpty();
  }

  private static String message(Rule rule, Way way, Rule before, Way wide) {
    return "%s: '%s' is shadowed by %s: '%s'"
        .formatted(rule.id(), way.words(), before.id(), wide.words());
  }

  /** An alternative says nothing if every text that has it has another one of the same phrase. */
  @Test
  void noAlternative_isCoveredByAnotherOfItsPhrase() {
    Literals literals = new Literals();
    List<String> offenders = new ArrayList<>();
    for (Rule rule : BuiltInTable.rules()) {
      List<Way> ways = literals.ways(rule);
      for (int narrow = 0; narrow < ways.size(); narrow++) {
        for (int wide = 0; wide < ways.size(); wide++) {
          if (isCovered(literals, ways, narrow, wide)) {
            String words = ways.get(narrow).words();
            offenders.add(rule.id() + ": '" + words + "' by '" + ways.get(wide).words() + "'");
            break;
          }
        }
      }
    }
    assertThat(offenders).as("alternatives that another one covers").isEmpty();
  }

  /** Of two that say the same, the later one is too much. */
  private static boolean isCovered(Literals literals, List<Way> ways, int narrow, int wide) {
    return wide != narrow
        && literals.covers(ways.get(wide), ways.get(narrow))
        && (wide < narrow || !literals.covers(ways.get(narrow), ways.get(wide)));
  }

  /** One alternative, its terms as the table writes them. */
  private record Way(String words, Set<String> wanted, Set<String> unwanted) {
    static Way parse(String words) {
      Set<String> wanted = new LinkedHashSet<>();
      Set<String> unwanted = new LinkedHashSet<>();
      for (String part : words.split("&", -1)) {
        String term = part.strip();
        if (term.startsWith("!")) {
          unwanted.add(term.substring(1).strip());
        } else {
          wanted.add(term);
        }
      }
      return new Way(words, wanted, unwanted);
    }
  }

  /** Tells which terms stand in a text whenever another one does. */
  private static final class Literals {
    /** What an open word goes on with; no literal of the table does. */
    private static final String REST = "qxzqxz";

    private final Vocabulary vocabulary = new Vocabulary();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final Map<String, Set<Integer>> implied = new HashMap<>();
    private final Map<Set<String>, Set<Integer>> givenBy = new HashMap<>();
    private final Map<String, List<Way>> waysOf = new HashMap<>();
    private final LiteralTrie trie;

    Literals() {
      RuleTable.defineLists(vocabulary);
      for (Rule rule : RuleTable.builtIn(vocabulary)) {
        ways(rule)
            .forEach(
                way -> {
                  way.wanted().forEach(term -> numbers.put(term, vocabulary.term(term)));
                  way.unwanted().forEach(term -> numbers.put(term, vocabulary.term(term)));
                });
      }
      trie = vocabulary.trie();
    }

    List<Way> ways(Rule rule) {
      return waysOf.computeIfAbsent(
          rule.id(),
          id ->
              rule.phrase().map(Phrase::alternatives).orElse(List.of()).stream()
                  .map(alternative -> Way.parse(alternative.words()))
                  .toList());
    }

    boolean covers(Way wide, Way narrow) {
      Set<Integer> given = givenBy.computeIfAbsent(narrow.wanted(), this::given);
      for (String term : wide.wanted()) {
        if (!given.contains(numbers.getOrDefault(term, -1))) {
          return false;
        }
      }
      return wide.unwanted().stream()
          .allMatch(term -> narrow.unwanted().stream().anyMatch(other -> implies(term, other)));
    }

    /** {@return the terms that stand in every text that has all of these} */
    private Set<Integer> given(Set<String> terms) {
      Set<Integer> given = new HashSet<>();
      for (String term : terms) {
        given.add(numbers.getOrDefault(term, -1));
        given.addAll(implied.computeIfAbsent(term, this::foundWith));
      }
      return given;
    }

    private boolean implies(String term, String other) {
      Integer number = numbers.get(other);
      return term.equals(other)
          || (number != null && implied.computeIfAbsent(term, this::foundWith).contains(number));
    }

    /** {@return the terms that stand in each spelling of a term} */
    private Set<Integer> foundWith(String term) {
      Set<Integer> common = new TreeSet<>();
      boolean first = true;
      for (String spelling : vocabulary.spellings(term)) {
        for (String gap : List.of(" ", " " + REST + " ")) {
          LiteralTrie.Found found =
              trie.find(Words.of(spelling.replace("*", REST).replace(" .. ", gap)));
          Set<Integer> here = new TreeSet<>();
          for (int number = found.next(0); number >= 0; number = found.next(number + 1)) {
            here.add(number);
          }
          if (first) {
            common.addAll(here);
          } else {
            common.retainAll(here);
          }
          first = false;
        }
      }
      return common;
    }
  }

  /** Tells which rules hold wherever others do, as far as stage, codes and provider go. */
  private static final class Reach {
    private static final Pattern STATUS =
        Pattern.compile("([245*])[.](\\d+|[*])[.](\\d+|[*])(?:-(\\d+))?");

    private final List<Rule> rules;
    private final List<BitSet> stages = new ArrayList<>();
    private final List<BitSet> codes = new ArrayList<>();

    Reach(List<Rule> rules) {
      this.rules = rules;
      List<@Nullable SmtpStage> allStages = BuiltInTable.stages();
      Map<Integer, List<@Nullable EnhancedStatus>> points = points();
      for (Rule rule : rules) {
        BitSet at = new BitSet();
        for (int i = 0; i < allStages.size(); i++) {
          at.set(i, rule.stages().include(allStages.get(i), true));
        }
        stages.add(at);
        codes.add(codes(rule, points));
      }
    }

    private static BitSet codes(Rule rule, Map<Integer, List<@Nullable EnhancedStatus>> points) {
      BitSet bits = new BitSet();
      int point = 0;
      for (Map.Entry<Integer, List<@Nullable EnhancedStatus>> entry : points.entrySet()) {
        for (EnhancedStatus status : entry.getValue()) {
          bits.set(point++, rule.codes().matches(entry.getKey(), status));
        }
      }
      return bits;
    }

    /** {@return each code that the table tells from others, with each status that it does} */
    private static Map<Integer, List<@Nullable EnhancedStatus>> points() {
      Set<Integer> basic = new TreeSet<>(List.of(0, 199, 299, 399, 499, 599));
      Set<List<Integer>> parts = new LinkedHashSet<>();
      for (BuiltInTable.Row row : ROWS.values()) {
        for (String prefix : row.get("basic").split(",", -1)) {
          basic.add(codeOf(prefix.strip()));
        }
        Matcher status = STATUS.matcher(row.get("enhanced"));
        while (status.find()) {
          int subject = part(status.group(2));
          parts.add(List.of(subject, part(status.group(3))));
          parts.add(List.of(subject, BuiltInTable.UNUSED));
          if (status.group(4) != null) {
            parts.add(List.of(subject, part(status.group(4))));
          }
        }
      }
      Map<Integer, List<@Nullable EnhancedStatus>> points = new LinkedHashMap<>();
      for (int code : basic) {
        List<@Nullable EnhancedStatus> statuses = new ArrayList<>();
        statuses.add(null);
        for (int digit : List.of(2, 4, 5)) {
          if (code == 0 || code / 100 == digit) {
            parts.forEach(p -> statuses.add(new EnhancedStatus(digit, p.get(0), p.get(1))));
          }
        }
        points.put(code, statuses);
      }
      return points;
    }

    private static int codeOf(String prefix) {
      boolean none = prefix.equals("0") || prefix.equals(Table.DEFAULT);
      return none ? 0 : Integer.parseInt((prefix + "99").substring(0, 3));
    }

    private static int part(String digits) {
      return digits.equals("*") ? BuiltInTable.UNUSED : Integer.parseInt(digits);
    }

    boolean isWider(int wide, int narrow) {
      Rule first = rules.get(wide);
      return (first.provider().isEmpty() || first.provider().equals(rules.get(narrow).provider()))
          && contains(stages.get(wide), stages.get(narrow))
          && contains(codes.get(wide), codes.get(narrow));
    }

    private static boolean contains(BitSet wide, BitSet narrow) {
      BitSet rest = (BitSet) narrow.clone();
      rest.andNot(wide);
      return rest.isEmpty();
    }
  }

  @Test
  void trace_beginsWithTheRuleThatDecides() {
    List<String> offenders = new ArrayList<>();
    for (Rule rule : BuiltInTable.rules()) {
      for (Example example : BuiltInTable.examples(rule)) {
        List<RuleMatch> trace = CLASSIFIER.trace(example.stage(), example.reply());
        Classification read = CLASSIFIER.classify(example.stage(), example.reply());
        if (!trace.get(0).ruleId().equals(read.ruleId())
            || !trace.get(0).words().equals(read.evidence().words())) {
          offenders.add(example.text() + ": " + read.ruleId() + ", traced " + trace.get(0));
        }
      }
    }
    assertThat(offenders).isEmpty();
  }
}
