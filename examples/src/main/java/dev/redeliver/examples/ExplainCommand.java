package dev.redeliver.examples;

import dev.redeliver.classify.Classification;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpStage;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
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
          "text (default); json, one object per line; or tsv: cause, severity, lane, alert, rule.")
  private Format format = Format.text;

  @Option(
      names = "--stage",
      paramLabel = "STAGE",
      converter = StageName.class,
      description = "What the reply given as arguments answered, such as rcpt or end-of-data.")
  private @Nullable SmtpStage stage;

  @Parameters(paramLabel = "REPLY", description = "The reply; arguments are joined by a space.")
  private @Nullable List<String> words;

  /** How explanations are written; the names are what people type. */
  enum Format {
    text,
    json,
    tsv
  }

  /** Where explanations go. */
  @FunctionalInterface
  private interface Sink {
    void write(Explanation explanation) throws IOException;
  }

  ExplainCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    RetryPolicy policy = policyOptions.policy(spec.commandLine(), Profile.BACKGROUND);
    Sink sink = sink(policy);
    if (words != null && !words.isEmpty()) {
      Question question = Question.of(Optional.ofNullable(stage), String.join(" ", words));
      sink.write(Explanation.of(question, policy));
    } else if (stage != null) {
      throw new ParameterException(
          spec.commandLine(),
          "--stage needs a reply as argument; on standard input the stage stands before a TAB");
    } else {
      explainLines(policy, sink);
    }
    terminal.out().flush();
    return 0;
  }

  private void explainLines(RetryPolicy policy, Sink sink) throws IOException {
    LineSource lines = new LineSource(terminal.in());
    boolean first = true;
    for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
      if (!first && format == Format.text) {
        terminal.out().println();
      }
      first = false;
      sink.write(Explanation.of(Question.ofLine(line.get()), policy));
      // A person or a program that asks one by one gets each answer at once.
      if (!lines.isReady()) {
        terminal.out().flush();
      }
    }
  }

  private Sink sink(RetryPolicy policy) throws IOException {
    PrintWriter out = terminal.out();
    return switch (format) {
      case text -> new TextExplanation(policy, out)::write;
      case json -> new JsonExplanation(out)::write;
      case tsv -> explanation -> out.print(tsv(explanation.classification()));
    };
  }

  private static String tsv(Classification classification) {
    return String.join(
            "\t",
            classification.cause().token(),
            classification.severity().name().toLowerCase(Locale.ROOT),
            classification.lane().token(),
            Boolean.toString(classification.reputationSignal()),
            classification.ruleId())
        + "\n";
  }
}
