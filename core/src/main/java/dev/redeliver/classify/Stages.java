package dev.redeliver.classify;

import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a rule holds: stages of a session, or faults and local problems, which have tokens of their
 * own. Immutable and thread-safe.
 */
final class Stages {
  private static final Set<String> TOKENS =
      Stream.of(
              Arrays.stream(SmtpStage.values()).map(Stages::token),
              Arrays.stream(SmtpFailure.Fault.values()).map(Stages::token),
              Arrays.stream(SmtpFailure.Problem.values()).map(Stages::token))
          .flatMap(tokens -> tokens)
          .collect(Collectors.toCollection(TreeSet::new));

  private final Set<String> tokens;
  private final Set<SmtpStage> ofSession = EnumSet.noneOf(SmtpStage.class);

  private Stages(Set<String> tokens) {
    this.tokens = Set.copyOf(tokens);
    for (SmtpStage stage : SmtpStage.values()) {
      if (tokens.contains(token(stage))) {
        ofSession.add(stage);
      }
    }
  }

  static Stages parse(String cell) {
    Set<String> tokens = new HashSet<>();
    if (!cell.equals(Table.DEFAULT)) {
      for (String part : cell.split(",", -1)) {
        String token = part.strip();
        if (!TOKENS.contains(token)) {
          throw new Table.BadCell("stage", Cells.unknown(token, List.copyOf(TOKENS)));
        }
        tokens.add(token);
      }
    }
    return new Stages(tokens);
  }

  /**
   * {@return whether the rule holds at a stage} A rule for one stage does not hold where the stage
   * is not known, unless it has other evidence.
   */
  boolean include(@Nullable SmtpStage stage, boolean otherEvidence) {
    if (tokens.isEmpty()) {
      return true;
    }
    return stage == null ? otherEvidence && !ofSession.isEmpty() : ofSession.contains(stage);
  }

  /** {@return whether some of these are faults or local problems} */
  boolean haveFaults() {
    return tokens.size() > ofSession.size();
  }

  /** {@return whether some of these are faults of the connection} */
  boolean haveLostConnections() {
    return Arrays.stream(SmtpFailure.Fault.values()).map(Stages::token).anyMatch(tokens::contains);
  }

  /** {@return whether the rule is about a fault or a local problem} */
  boolean name(String token) {
    return tokens.contains(token);
  }

  /** {@return whether the rule is about replies} */
  boolean areOfReplies() {
    return tokens.isEmpty() || !ofSession.isEmpty();
  }

  static String token(SmtpStage stage) {
    return lower(stage);
  }

  static String token(SmtpFailure.Fault fault) {
    return "fault:" + lower(fault);
  }

  static String token(SmtpFailure.Problem problem) {
    return "local:" + lower(problem);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
