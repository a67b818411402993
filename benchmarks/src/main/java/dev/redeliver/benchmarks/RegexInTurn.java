package dev.redeliver.benchmarks;

import dev.redeliver.smtp.EnhancedStatus;
import dev.redeliver.smtp.SmtpReply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The rules' phrases as regular expressions, tried one after the other, as most programs that read
 * replies do it. Codes are looked at first, so only phrases of rules that could match are tried.
 */
final class RegexInTurn {
  private static final String LETTER = "[\\p{L}\\p{N}]";
  private static final String BETWEEN = "[^\\p{L}\\p{N}]+";

  private record Alternative(List<Pattern> wanted, List<Pattern> unwanted) {
    boolean matches(String text) {
      return wanted.stream().allMatch(pattern -> pattern.matcher(text).find())
          && unwanted.stream().noneMatch(pattern -> pattern.matcher(text).find());
    }
  }

  private record Codes(List<String> starts) {
    /** Digits and dots; what is left open at the end, or is a range, is cut off. */
    static Codes of(String cell) {
      return new Codes(
          Arrays.stream(cell.split(",", -1))
              .map(code -> code.strip().replaceFirst("\\d+-\\d+$|\\*$", ""))
              .toList());
    }

    boolean match(String code) {
      for (String start : starts) {
        if (start.startsWith("*") ? code.endsWith(start.substring(1)) : code.startsWith(start)) {
          return true;
        }
      }
      return false;
    }
  }

  private record Rule(
      String id,
      Codes basic,
      Codes enhanced,
      List<Alternative> marks,
      List<Alternative> alternatives) {
    boolean matches(String basicCode, String status, String text) {
      return basic.match(basicCode)
          && enhanced.match(status)
          && alternatives.stream().anyMatch(alternative -> alternative.matches(text))
          && (marks.isEmpty() || marks.stream().anyMatch(mark -> mark.matches(text)));
    }
  }

  private final Phrases phrases;
  private final List<Rule> rules = new ArrayList<>();

  RegexInTurn(Phrases phrases) {
    this.phrases = phrases;
    for (Phrases.Row row : phrases.rows()) {
      rules.add(
          new Rule(
              row.id(),
              Codes.of(row.basic()),
              Codes.of(row.enhanced()),
              compiled(phrases.marks(row.provider())),
              compiled(row.alternatives())));
    }
  }

  private List<Alternative> compiled(List<Phrases.Alternative> alternatives) {
    return alternatives.stream()
        .map(
            alternative ->
                new Alternative(
                    alternative.wanted().stream().map(this::pattern).toList(),
                    alternative.unwanted().stream().map(this::pattern).toList()))
        .toList();
  }

  private Pattern pattern(String term) {
    StringBuilder expression = new StringBuilder("(?<!" + LETTER + ")");
    String before = "";
    for (String word : term.split("\\s+", -1)) {
      if (word.equals("..")) {
        before = BETWEEN + "(?:" + LETTER + "+" + BETWEEN + "){0,5}";
        continue;
      }
      List<String> choices = phrases.choices(word).stream().map(RegexInTurn::expression).toList();
      expression.append(before).append("(?:").append(String.join("|", choices)).append(")");
      before = BETWEEN;
    }
    return Pattern.compile(expression.append("(?!" + LETTER + ")").toString());
  }

  /** What is left of a literal has no character that means something to an expression. */
  private static String expression(String literal) {
    List<String> words = new ArrayList<>();
    for (String word : literal.replace("'", "").split("[^\\p{L}\\p{N}*]+", -1)) {
      boolean open = word.endsWith("*");
      String start = open ? word.substring(0, word.length() - 1) : word;
      words.add(start.toLowerCase(Locale.ROOT) + (open ? LETTER + "*" : ""));
    }
    return String.join(BETWEEN, words);
  }

  /** {@return the first rule with a phrase that matches} */
  Optional<String> first(SmtpReply reply) {
    String code = Integer.toString(reply.code());
    String status = reply.agreeingStatus().map(EnhancedStatus::toString).orElse("");
    String text = reply.text().toLowerCase(Locale.ROOT);
    for (Rule rule : rules) {
      if (rule.matches(code, status, text)) {
        return Optional.of(rule.id());
      }
    }
    return Optional.empty();
  }
}
