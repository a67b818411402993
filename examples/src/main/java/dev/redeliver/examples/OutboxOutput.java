package dev.redeliver.examples;

import dev.redeliver.outbox.Entry;
import dev.redeliver.outbox.EntryState;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** How what is in an outbox is written. What servers said steers no terminal. */
final class OutboxOutput {
  private static final int REPLY = 60;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text, tsv or json; ${DEFAULT-VALUE} without it.")
  private Format format = Format.text;

  /** The names are what people type. */
  enum Format {
    text,
    tsv,
    json
  }

  boolean isForPeople() {
    return format == Format.text;
  }

  void list(PrintWriter out, List<Entry> entries) throws IOException {
    switch (format) {
      case text -> {
        Table table = new Table(6, "id", "age", "priority", "recipients", "next try", "last reply");
        Instant now = Instant.now();
        for (Entry entry : entries) {
          table.row(
              entry.id(),
              Words.of(atLeastZero(Duration.between(entry.submittedAt(), now))),
              priority(entry),
              byState(entry, " ", ", "),
              nextTry(entry).map(at -> fromNow(at, now)).orElse("-"),
              Words.cut(lastReply(entry), REPLY));
        }
        table.lines().forEach(out::println);
      }
      case tsv -> {
        for (Entry entry : entries) {
          tsv(
              out,
              entry.id(),
              entry.submittedAt().toString(),
              priority(entry),
              byState(entry, "=", ","),
              nextTry(entry).map(Instant::toString).orElse(""),
              lastReply(entry));
        }
      }
      case json -> new OutboxJson(out).entries(entries);
    }
  }

  void show(PrintWriter out, Entry entry) throws IOException {
    switch (format) {
      case text -> showText(out, entry);
      case tsv -> {
        for (Entry.Recipient recipient : entry.recipients()) {
          tsv(
              out,
              recipient.address(),
              recipient.state().token(),
              Integer.toString(recipient.attempts()),
              Integer.toString(recipient.unknownAttempts()),
              recipient.nextTry().map(Instant::toString).orElse(""),
              recipient.cause(),
              recipient.rule(),
              recipient.reply(),
              recipient.decision());
        }
      }
      case json -> new OutboxJson(out).entries(List.of(entry));
    }
  }

  private static void showText(PrintWriter out, Entry entry) {
    Instant now = Instant.now();
    out.println("id               " + entry.id());
    out.println("message-id       " + Words.printable(entry.messageId()));
    entry
        .idempotencyKey()
        .ifPresent(key -> out.println("idempotency key  " + Words.printable(key)));
    out.println("priority         " + priority(entry));
    out.println("size             " + Words.count((int) entry.size(), "octet"));
    out.println("submitted        " + entry.submittedAt());
    out.println("deadline         " + entry.deadline());
    out.println("finished         " + entry.finishedAt().map(Instant::toString).orElse("-"));
    for (Entry.Recipient recipient : entry.recipients()) {
      out.println();
      out.println(
          Words.printable(recipient.address())
              + ": "
              + recipient.state().token()
              + ", "
              + Words.count(recipient.attempts(), "attempt")
              + (recipient.unknownAttempts() == 0
                  ? ""
                  : ", " + recipient.unknownAttempts() + " of unknown outcome"));
      detail(out, "last reply", recipient.reply());
      detail(
          out,
          "taken for",
          recipient.cause().isEmpty()
              ? ""
              : recipient.cause() + " (rule " + recipient.rule() + ")");
      detail(out, "decision", recipient.decision());
      detail(
          out,
          "next try",
          recipient.nextTry().map(at -> at + " (" + fromNow(at, now) + ")").orElse(""));
    }
  }

  private static void detail(PrintWriter out, String name, String value) {
    if (!value.isEmpty()) {
      out.println("  %-10s  %s".formatted(name, Words.printable(value)));
    }
  }

  void status(PrintWriter out, Map<EntryState, Long> counts) throws IOException {
    Map<EntryState, Long> sorted = new EnumMap<>(EntryState.class);
    sorted.putAll(counts);
    switch (format) {
      case text -> {
        Table table = new Table(1, "state", "recipients");
        sorted.forEach((state, count) -> table.row(state.token(), count));
        table.row("all", sorted.values().stream().mapToLong(Long::longValue).sum());
        table.lines().forEach(out::println);
      }
      case tsv -> sorted.forEach((state, count) -> tsv(out, state.token(), count.toString()));
      case json -> new OutboxJson(out).counts(sorted);
    }
  }

  /** {@return how many recipients are in each state, such as {@code 2 accepted, 1 deferred}} */
  private static String byState(Entry entry, String between, String separator) {
    Map<EntryState, Integer> counts = new EnumMap<>(EntryState.class);
    entry.recipients().forEach(recipient -> counts.merge(recipient.state(), 1, Integer::sum));
    return counts.entrySet().stream()
        .map(
            count ->
                between.equals("=")
                    ? count.getKey().token() + between + count.getValue()
                    : count.getValue() + between + count.getKey().token())
        .collect(Collectors.joining(separator));
  }

  private static String priority(Entry entry) {
    return entry.priority().name().toLowerCase(Locale.ROOT);
  }

  private static Optional<Instant> nextTry(Entry entry) {
    return entry.recipients().stream()
        .flatMap(recipient -> recipient.nextTry().stream())
        .min(Comparator.naturalOrder());
  }

  private static String fromNow(Instant at, Instant now) {
    return at.isAfter(now) ? "in " + Words.of(Duration.between(now, at)) : "now";
  }

  private static Duration atLeastZero(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  private static String lastReply(Entry entry) {
    return Words.printable(
        entry.recipients().stream()
            .filter(recipient -> !recipient.reply().isEmpty())
            .max(
                Comparator.comparing(Entry.Recipient::changedAt)
                    .thenComparing(recipient -> recipient.state() != EntryState.ACCEPTED))
            .map(Entry.Recipient::reply)
            .orElse(""));
  }

  private static void tsv(PrintWriter out, String... cells) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      line.append(i == 0 ? "" : "\t").append(Words.printable(cells[i]));
    }
    out.print(line.append('\n'));
  }
}
