package dev.redeliver.metrics;

import dev.redeliver.delivery.OutboxStatus;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How a mailer stood at one moment, as {@link StatusPage} shows it: for pages and programs of your
 * own. Immutable and thread-safe.
 *
 * <p>Addresses are shown as far as the policy allows, also where a server quotes them. All texts
 * are otherwise as they came, so whoever writes them into a page has to escape them.
 *
 * @param mailer the policy's name
 * @param at the moment
 * @param outboxes what waits in the outboxes that this process sends from
 * @param messages what was handed over to this process and has not ended, oldest first
 * @param destinations where mail is on its way to, or does not go as fast as it could: those that
 *     are shut first
 * @param alerts the reputation alerts that are raised and not resolved, latest first
 * @param failures what was answered to attempts and to tries to connect, latest first; their number
 *     is that of those remembered
 */
public record StatusSnapshot(
    String mailer,
    Instant at,
    List<OutboxStatus> outboxes,
    Listed<Message> messages,
    Listed<DestinationStatus> destinations,
    Listed<Alert> alerts,
    Listed<Failure> failures) {
  /** Refuses nulls. */
  public StatusSnapshot {
    Objects.requireNonNull(mailer, "mailer");
    Objects.requireNonNull(at, "at");
    outboxes = List.copyOf(outboxes);
    Objects.requireNonNull(messages, "messages");
    Objects.requireNonNull(destinations, "destinations");
    Objects.requireNonNull(alerts, "alerts");
    Objects.requireNonNull(failures, "failures");
  }

  /**
   * The first of many. Immutable and thread-safe if its elements are.
   *
   * @param <T> what there are many of
   * @param total how many there are
   * @param first the first of them, at most {@value StatusPage#MAX_SHOWN}
   */
  public record Listed<T>(int total, List<T> first) {
    /** Refuses nulls. */
    public Listed {
      first = List.copyOf(first);
    }
  }

  /**
   * A message that was handed over and has not ended. Immutable and thread-safe.
   *
   * @param id its Message-ID
   * @param handedOverAt when it was handed over; empty if it came when too many were pending
   * @param destinations where its pending recipients are, at most 10
   * @param recipients its pending recipients, at most 10 and as far as they may be shown
   * @param pending how many recipients have no outcome yet
   * @param attempts the most attempts that one of its recipients has had
   * @param trying whether an attempt is under way
   * @param nextTry when the next attempt may be made, as far as that is known; empty if one is
   *     under way, or its turn is all that it waits for
   * @param lastFailure why the last attempt did not deliver to all; empty if there was none
   */
  public record Message(
      String id,
      Optional<Instant> handedOverAt,
      List<Destination> destinations,
      List<String> recipients,
      int pending,
      int attempts,
      boolean trying,
      Optional<Instant> nextTry,
      Optional<Failure> lastFailure) {
    /** Refuses nulls. */
    public Message {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(handedOverAt, "handedOverAt");
      destinations = List.copyOf(destinations);
      recipients = List.copyOf(recipients);
      Objects.requireNonNull(nextTry, "nextTry");
      Objects.requireNonNull(lastFailure, "lastFailure");
    }
  }

  /**
   * A server blames the sender. Immutable and thread-safe.
   *
   * @param level how urgent it is: warning, critical
   * @param server the server that answered
   * @param destination whose word it is
   * @param cause what it blames
   * @param said its latest answer that says so
   * @param ruleId the rule that read it
   * @param count signals since the first
   * @param firstSeen when the first of them came
   * @param lastSeen when the latest of them came
   */
  public record Alert(
      String level,
      String server,
      Destination destination,
      String cause,
      String said,
      String ruleId,
      int count,
      Instant firstSeen,
      Instant lastSeen) {
    /** Refuses nulls. */
    public Alert {
      Objects.requireNonNull(level, "level");
      Objects.requireNonNull(server, "server");
      Objects.requireNonNull(destination, "destination");
      Objects.requireNonNull(cause, "cause");
      Objects.requireNonNull(said, "said");
      Objects.requireNonNull(ruleId, "ruleId");
      Objects.requireNonNull(firstSeen, "firstSeen");
      Objects.requireNonNull(lastSeen, "lastSeen");
    }
  }

  /**
   * A reply that refused, or what came instead of one, and what it means. Immutable and
   * thread-safe.
   *
   * @param at when it came
   * @param server the server that answered
   * @param stage what it answered, such as {@code rcpt}
   * @param recipients whom it is about, at most 10 and as far as they may be shown; none if a
   *     connection was not opened
   * @param about how many it is about
   * @param said the answer
   * @param cause what it is about
   * @param meaning what it means
   * @param decision what follows: {@code retry}, {@code refused}, {@code given up} or {@code held}
   * @param why the reason of the decision
   * @param advice what the operator can do
   * @param ruleId the rule that read it
   */
  public record Failure(
      Instant at,
      String server,
      String stage,
      List<String> recipients,
      int about,
      String said,
      String cause,
      String meaning,
      String decision,
      String why,
      String advice,
      String ruleId) {
    /** Refuses nulls. */
    public Failure {
      Objects.requireNonNull(at, "at");
      Objects.requireNonNull(server, "server");
      Objects.requireNonNull(stage, "stage");
      recipients = List.copyOf(recipients);
      Objects.requireNonNull(said, "said");
      Objects.requireNonNull(cause, "cause");
      Objects.requireNonNull(meaning, "meaning");
      Objects.requireNonNull(decision, "decision");
      Objects.requireNonNull(why, "why");
      Objects.requireNonNull(advice, "advice");
      Objects.requireNonNull(ruleId, "ruleId");
    }
  }
}
