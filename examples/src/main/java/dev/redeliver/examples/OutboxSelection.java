package dev.redeliver.examples;

import dev.redeliver.classify.Cause;
import dev.redeliver.outbox.EntryState;
import dev.redeliver.outbox.Selection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which recipients a command is about: those that have all that is asked for. */
final class OutboxSelection {
  @Option(names = "--id", paramLabel = "ID", description = "Those of one message.")
  private @Nullable String id;

  @Option(names = "--domain", paramLabel = "DOMAIN", description = "Those at one domain.")
  private @Nullable String domain;

  @Option(
      names = "--cause",
      paramLabel = "CAUSE",
      converter = CauseName.class,
      description = "Those whose last failure has one cause, such as mailbox-full.")
  private @Nullable Cause cause;

  @Option(
      names = "--state",
      paramLabel = "STATE",
      converter = StateName.class,
      description =
          "Those in a state: new, deferred, held, transmitting, accepted, refused, unknown, expired"
              + " or cancelled; may be repeated.")
  private List<EntryState> states = new ArrayList<>();

  /** {@return the only message it is about; empty if it may be about any} */
  Optional<String> id() {
    return Optional.ofNullable(id);
  }

  boolean isEverything() {
    return id == null && domain == null && cause == null && states.isEmpty();
  }

  Selection selection() {
    return new Selection(
        id(), Optional.ofNullable(domain), Optional.ofNullable(cause).map(Cause::token), states);
  }

  /** States by the name they have in the outbox's output. */
  static final class StateName implements ITypeConverter<EntryState> {
    @Override
    public EntryState convert(String value) {
      return find(EntryState.values(), EntryState::token, value);
    }
  }

  /** Causes by the name they have in the outbox's output. */
  static final class CauseName implements ITypeConverter<Cause> {
    @Override
    public Cause convert(String value) {
      return find(Cause.values(), Cause::token, value);
    }
  }

  private static <T> T find(T[] all, Function<T, String> name, String value) {
    String wanted = value.strip().toLowerCase(Locale.ROOT).replace('_', '-');
    return Arrays.stream(all)
        .filter(each -> name.apply(each).equals(wanted))
        .findFirst()
        .orElseThrow(
            () -> {
              List<String> names = Arrays.stream(all).map(name).toList();
              String nearest =
                  Words.nearest(wanted, names)
                      .map(near -> "; did you mean '" + near + "'?")
                      .orElse("");
              return new TypeConversionException(
                  "must be one of "
                      + names.stream().collect(Collectors.joining(", "))
                      + ", but is '"
                      + value
                      + "'"
                      + nearest);
            });
  }
}
