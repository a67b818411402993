package dev.redeliver.examples;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpStage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what replies mean. */
@Command(
    name = "explain",
    description = {
      "Says what a server's reply means, and what Redeliver does about it.",
      "Replies come as arguments, or one per line on standard input, each with its stage and a"
          + " TAB before it if that is known. Write \\n between the lines of a multi-line reply."
    },
    footer = {
      "",
      "Without --profile or --config: the background profile, because it shows the waits that"
          + " the interactive one only names.",
      "",
      "Examples:",
      "  redeliver explain \"450 4.7.1 Client host rejected\"",
      "  redeliver explain --stage rcpt --format json 550 5.1.1 User unknown",
      "  redeliver explain --rules rules.tsv --trace \"451 4.7.1 Try later\"",
      "  printf 'rcpt\\t452 4.2.2 Mailbox full\\n' | redeliver explain --format tsv"
    })
final class ExplainCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private final PolicyOptions policyOptions = new PolicyOptions();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description =
          "text (default); json, one object per line; or tsv: cause, severity, lane, alert, rule,"
              + " mismatch (whether code and enhanced status contradict each other).")
  private Format format = Format.text;

  @Option(
      names = "--stage",
      paramLabel = "STAGE",
      converter = StageName.class,
      description = "What the reply given as arguments answered, such as rcpt or end-of-data.")
  private @Nullable SmtpStage stage;

  @Option(
      names = "--rules",
      paramLabel = "FILE",
      description =
          "Rules of your own, as redeliver.rules takes them; they replace those of --config."
              + " Examples in the file that their rule does not decide are named on standard"
              + " error.")
  private @Nullable Path rules;

  @Option(
      names = "--trace",
      description = "Show all rules that match, and why the first of them wins.")
  private boolean trace;

  @Parameters(paramLabel = "REPLY", description = "The reply; arguments are joined by a space.")
  private @Nullable List<String> words;

  /** How explanations are written; the names are what people type. */
  enum Format {
    text,
    json,
    tsv
  }

  /** Where answers go. */
  @FunctionalInterface
  private interface Sink {
    void write(Question question) throws IOException;
  }

  ExplainCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (trace && format == Format.tsv) {
      throw new ParameterException(spec.commandLine(), "--trace needs --format text or json");
    }
    Sink sink = sink(withRules(policyOptions.policy(spec.commandLine(), Profile.BACKGROUND)));
    if (words != null && !words.isEmpty()) {
      sink.write(Question.of(Optional.ofNullable(stage), String.join(" ", words)));
    } else if (stage != null) {
      throw new ParameterException(
          spec.commandLine(),
          "--stage needs a reply as argument; on standard input the stage stands before a TAB");
    } else {
      explainLines(sink);
    }
    terminal.out().flush();
    return 0;
  }

  private RetryPolicy withRules(RetryPolicy policy) {
    if (rules == null) {
      return policy;
    }
    ReplyClassifier classifier = read(rules);
    for (String wrong : classifier.checkExamples()) {
      terminal.err().println(wrong);
    }
    terminal.err().flush();
    return policy.toBuilder().classifier(classifier).build();
  }

  private ReplyClassifier read(Path file) {
    try {
      return ReplyClassifier.standard().withRules(file);
    } catch (UncheckedIOException e) {
      IOException cause = Objects.requireNonNull(e.getCause());
      throw RefusedFile.unreadable(spec.commandLine(), "--rules", file, cause);
    } catch (IllegalArgumentException e) {
      String errors = String.valueOf(e.getMessage());
      throw RefusedFile.because(spec.commandLine(), "--rules", file, errors, e);
    }
  }

  private void explainLines(Sink sink) throws IOException {
    LineSource lines = new LineSource(terminal.in());
    boolean first = true;
    for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
      if (!first && format == Format.text) {
        terminal.out().println();
      }
      first = false;
      sink.write(Question.ofLine(line.get()));
      // A person or a program that asks one by one gets each answer at once.
      if (!lines.isReady()) {
        terminal.out().flush();
      }
    }
  }

  private Sink sink(RetryPolicy policy) throws IOException {
    PrintWriter out = terminal.out();
    switch (format) {
      case text -> {
        TextExplanation text = new TextExplanation(policy, out, trace);
        return question -> text.write(Explanation.of(question, policy));
      }
      case json -> {
        JsonExplanation json = new JsonExplanation(out, trace);
        return question -> json.write(Explanation.of(question, policy));
      }
      default -> {
        ReplyClassifier classifier = policy.classifier();
        return question ->
            out.print(tsv(classifier.classify(question.stage().orElse(null), question.reply())));
      }
    }
  }

  private static String tsv(Classification classification) {
    return String.join(
            "\t",
            classification.cause().token(),
            classification.severity().name().toLowerCase(Locale.ROOT),
            classification.lane().token(),
            Boolean.toString(classification.reputationSignal()),
            classification.ruleId(),
            Boolean.toString(classification.evidence().isMismatch()))
        + "\n";
  }
}
