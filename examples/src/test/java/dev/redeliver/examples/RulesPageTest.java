package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.classify.Lane;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.classify.Scope;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/rules.md shows is run as it stands there. */
class RulesPageTest {
  private static final Path PAGE = Path.of("..", "docs", "rules.md");
  private static final Pattern TABLE =
      Pattern.compile("<!-- rules: (\\S+) -->\n```tsv\n(.*?)```", Pattern.DOTALL);
  private static final Pattern RUN =
      Pattern.compile("<!-- run -->\n```console\n\\$ redeliver (.*?)\n(.*?)```", Pattern.DOTALL);
  private static final Pattern ARGUMENT = Pattern.compile("\"([^\"]*)\"|(\\S+)");
  private static final Pattern PHRASE_ROW =
      Pattern.compile("(?m)^\\| `(.+?)` \\| .* \\| `(.+?)` \\| `(.+?)` \\|$");

  private final String page = read();

  private static String read() {
    try {
      return Files.readString(PAGE);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Map<String, String> tables() {
    Map<String, String> tables = new LinkedHashMap<>();
    TABLE.matcher(page).results().forEach(match -> tables.put(match.group(1), match.group(2)));
    return tables;
  }

  @Test
  void commands_printWhatIsShown(@TempDir Path folder) throws IOException {
    for (Map.Entry<String, String> table : tables().entrySet()) {
      Files.writeString(folder.resolve(table.getKey()), table.getValue());
    }
    Matcher runs = RUN.matcher(page);
    String wanted =
        runs.replaceAll(
            run -> {
              String output = run(run.group(1), folder);
              String start = run.group().substring(0, run.start(2) - run.start());
              return Matcher.quoteReplacement(start + output + "```");
            });
    if (System.getProperty("redeliver.docs", "").equals("write")) {
      Files.writeString(PAGE, wanted);
    }

    assertThat(Files.readString(PAGE))
        .as("docs/rules.md is stale; CONTRIBUTING.md says how to write it anew")
        .isEqualTo(wanted);
    assertThat(RUN.matcher(page).results()).hasSize(4);
  }

  private String run(String command, Path folder) {
    List<String> arguments = new ArrayList<>();
    for (MatchResult match :
        ARGUMENT.matcher(command.replace(" < /dev/null", "")).results().toList()) {
      String argument = Optional.ofNullable(match.group(1)).orElseGet(() -> match.group(2));
      arguments.add(
          tables().containsKey(argument) ? folder.resolve(argument).toString() : argument);
    }
    Cli cli = Cli.run(arguments.toArray(String[]::new));
    String errors = cli.err().split("\n\n", -1)[0];
    return (cli.out() + errors).replace(folder + "/", "").stripTrailing()
        + (cli.out().isEmpty() && errors.isEmpty() ? "" : "\n");
  }

  @Test
  void rules_decideTheirExamples() {
    int examples = 0;
    for (String name : List.of("first.tsv", "rules.tsv")) {
      List<String> lines = tables().getOrDefault(name, "").lines().toList();
      List<String> columns = List.of(lines.get(0).split("\t", -1));
      ReplyClassifier classifier = ReplyClassifier.standard().withRules(name, lines);
      for (String line : lines.subList(1, lines.size())) {
        String[] cells = line.split("\t", -1);
        String example = cells[columns.indexOf("example")];
        if (!example.equals("*")) {
          Optional<SmtpStage> stage = StageName.parse(example.split(": ", 2)[0]);
          String reply = stage.isPresent() ? example.split(": ", 2)[1] : example;
          assertThat(classifier.classify(stage.orElse(null), SmtpReply.parse(reply)).ruleId())
              .isEqualTo(cells[columns.indexOf("id")]);
          examples++;
        }
      }
    }
    assertThat(examples).isGreaterThan(5);
  }

  @Test
  void phrases_areFoundAsShown() {
    List<MatchResult> rows = PHRASE_ROW.matcher(page).results().toList();
    assertThat(rows).hasSizeGreaterThan(8);
    for (MatchResult row : rows) {
      ReplyClassifier classifier =
          ReplyClassifier.standard()
              .withRules(
                  "phrases",
                  List.of(
                      "id\tphrase\tcause",
                      "own.phrase\t" + row.group(1).replace("\\|", "|") + "\tother"));
      assertThat(classifier.classify(null, SmtpReply.parse("450 " + row.group(2))).ruleId())
          .as(row.group())
          .isEqualTo("own.phrase");
      assertThat(classifier.classify(null, SmtpReply.parse("450 " + row.group(3))).ruleId())
          .as(row.group())
          .isNotEqualTo("own.phrase");
    }
  }

  /** The page says what each column may be; what is missing there, nobody would find. */
  @Test
  void columns_nameEverythingThatMayStandInThem() {
    assertThat(page)
        .contains(
            Arrays.stream(Lane.values())
                .filter(lane -> lane != Lane.IMMEDIATE)
                .map(lane -> "`" + lane.token() + "`")
                .toList());
    assertThat(page)
        .contains(
            Arrays.stream(Scope.values())
                .map(scope -> "`" + scope.name().toLowerCase(Locale.ROOT) + "`")
                .toList());
  }
}
