package dev.redeliver.outbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which recipients an operator means: those that have all that is asked for. Immutable and
 * thread-safe.
 *
 * @param id of their message; empty for any
 * @param domain of their address, in any case; empty for any
 * @param cause of their last failure, as a token such as {@code mailbox-full}; empty for any
 * @param states where they stand; empty for anywhere
 */
public record Selection(
    Optional<String> id, Optional<String> domain, Optional<String> cause, List<EntryState> states) {
  /** All recipients. */
  public static final Selection ALL =
      new Selection(Optional.empty(), Optional.empty(), Optional.empty(), List.of());

  /** Refuses nulls. */
  public Selection {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(domain, "domain");
    Objects.requireNonNull(cause, "cause");
    states = List.copyOf(states);
  }

  /**
   * {@return the recipients of one message}
   *
   * @param id its id
   */
  public static Selection id(String id) {
    return new Selection(Optional.of(id), Optional.empty(), Optional.empty(), List.of());
  }

  /**
   * {@return the recipients at one domain}
   *
   * @param domain the domain, in any case
   */
  public static Selection domain(String domain) {
    return new Selection(Optional.empty(), Optional.of(domain), Optional.empty(), List.of());
  }

  /**
   * {@return the recipients whose last failure has one cause}
   *
   * @param cause its token, as in metrics
   */
  public static Selection cause(String cause) {
    return new Selection(Optional.empty(), Optional.empty(), Optional.of(cause), List.of());
  }

  /**
   * {@return those of them that stand somewhere}
   *
   * @param wanted in which states
   */
  public Selection in(EntryState... wanted) {
    return new Selection(id, domain, cause, List.of(wanted));
  }

  /** {@return the condition, on table {@code r}; its parameters are {@link #parameters()}} */
  String condition() {
    List<String> conditions = new ArrayList<>();
    conditions.add("1 = 1");
    id.ifPresent(unused -> conditions.add("r.message_id = ?"));
    domain.ifPresent(unused -> conditions.add("lower(r.address) like ? escape '\\'"));
    cause.ifPresent(unused -> conditions.add("r.cause = ?"));
    if (!states.isEmpty()) {
      conditions.add(
          "r.state in ("
              + states.stream().map(state -> "'" + state + "'").collect(Collectors.joining(", "))
              + ")");
    }
    return String.join(" and ", conditions);
  }

  List<String> parameters() {
    List<String> parameters = new ArrayList<>();
    id.ifPresent(parameters::add);
    domain.ifPresent(
        name ->
            parameters.add(
                "%@" + name.toLowerCase(Locale.ROOT).replaceAll("([%_\\\\])", "\\\\$1")));
    cause.ifPresent(name -> parameters.add(name.toLowerCase(Locale.ROOT)));
    return parameters;
  }
}
