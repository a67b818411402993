package dev.redeliver.classify;

import dev.redeliver.smtp.EnhancedStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the first of some rules by stage and codes, whatever their number: rules that name statuses
 * one by one are kept by status, all others by basic code. Immutable and thread-safe.
 */
final class CodeIndex {
  /** Greater than any rank: no rule. */
  static final int NONE = Integer.MAX_VALUE;

  private static final int CODES = 600;
  private static final int[] EMPTY = {};

  private final List<Rule> rules;
  private final Map<Integer, int[]> byStatus = new HashMap<>();
  private final int[][] byCode = new int[CODES][];
  private final int lowest;

  /**
   * Indexes rules.
   *
   * @param rules all rules in the order of precedence; a rank is a place in it
   * @param ranks of those to find, in ascending order
   */
  CodeIndex(List<Rule> rules, List<Integer> ranks) {
    this.rules = rules;
    lowest = ranks.isEmpty() ? NONE : ranks.get(0);
    Map<Integer, List<Integer>> named = new HashMap<>();
    List<Integer> others = new ArrayList<>();
    for (int rank : ranks) {
      int[] statuses = rules.get(rank).codes().exactStatuses();
      for (int status : statuses) {
        named.computeIfAbsent(status, any -> new ArrayList<>()).add(rank);
      }
      if (statuses.length == 0) {
        others.add(rank);
      }
    }
    named.forEach((status, list) -> byStatus.put(status, array(list)));
    Arrays.setAll(byCode, code -> others.isEmpty() ? EMPTY : array(withCode(code, others)));
  }

  private List<Integer> withCode(int code, List<Integer> ranks) {
    return ranks.stream().filter(rank -> rules.get(rank).codes().matchesBasic(code)).toList();
  }

  private static int[] array(List<Integer> ranks) {
    return ranks.isEmpty() ? EMPTY : ranks.stream().mapToInt(Integer::intValue).toArray();
  }

  /** {@return the lowest rank that there is} */
  int lowest() {
    return lowest;
  }

  /**
   * {@return the rank of the first rule that fits, or {@code before}}
   *
   * @param before what comes at this rank or behind it does not count
   */
  int first(RuleIndex.Question question, int before) {
    int best = before;
    EnhancedStatus status = question.status();
    if (status != null) { // first, as these rules mostly stand before the others
      int key = Codes.subjectAndDetail(status.subject(), status.detail());
      best = first(byStatus.getOrDefault(key, EMPTY), question, best);
    }
    return first(byCode[question.code()], question, best);
  }

  private int first(int[] ranks, RuleIndex.Question question, int before) {
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
}
