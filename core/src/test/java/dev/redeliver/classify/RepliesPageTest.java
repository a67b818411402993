package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/replies.md says what the tables say, and its links lead somewhere. */
class RepliesPageTest {
  private static final Path PAGE = Path.of("..", "docs", "replies.md");
  private static final Path RULES_PAGE = Path.of("..", "docs", "rules.md");
  private static final int WORDS_SHOWN = 8;
  private static final Pattern LINK = Pattern.compile("\\]\\(#([^)]*)\\)");
  private static final Pattern ANCHOR = Pattern.compile("<a id=\"([^\"]*)\">");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");

  @Test
  void page_isThatOfTheTables() throws IOException {
    String wanted = RepliesPage.text();
    if (System.getProperty("redeliver.docs", "").equals("write")) {
      Files.writeString(PAGE, wanted);
    }

    assertThat(Files.readString(PAGE))
        .as("docs/replies.md is stale; CONTRIBUTING.md says how to write it anew")
        .isEqualTo(wanted);
  }

  /** Lists and providers that phrases may name stand in docs/rules.md. */
  @Test
  void listsAndProviders_ofRulesPage_areThoseOfTheTables() throws IOException {
    String page = Files.readString(RULES_PAGE);
    String wanted = region(region(page, "lists", lists()), "providers", providers());
    if (System.getProperty("redeliver.docs", "").equals("write")) {
      Files.writeString(RULES_PAGE, wanted);
    }

    assertThat(Files.readString(RULES_PAGE))
        .as("docs/rules.md is stale; CONTRIBUTING.md says how to write it anew")
        .isEqualTo(wanted);
  }

  private static String region(String page, String name, String text) {
    String start = "<!-- " + name + ":start -->\n";
    int from = page.indexOf(start) + start.length();
    return page.substring(0, from)
        + text
        + page.substring(page.indexOf("<!-- " + name + ":end -->"));
  }

  private static String lists() {
    StringBuilder table = new StringBuilder("| list | stands for one of |\n|---|---|\n");
    List<String> columns = List.of("name", "words");
    Table.read(
        "words.tsv",
        Table.resource("words.tsv"),
        columns,
        columns,
        row -> {
          List<String> words = List.of(row.get("words").split(" *\\| *", -1));
          String shown =
              words.stream()
                  .limit(WORDS_SHOWN)
                  .map(word -> "`" + word + "`")
                  .collect(Collectors.joining(", "));
          int more = words.size() - WORDS_SHOWN;
          String rest = more > 0 ? " and " + more + " more" : "";
          table.append("| `@" + row.get("name") + "` | " + shown + rest + " |\n");
        });
    return table.toString();
  }

  private static String providers() {
    return MailboxProvider.all().stream()
        .filter(provider -> !provider.equals(MailboxProvider.OTHER))
        .map(provider -> "| `" + provider.token() + "` | " + provider + " |\n")
        .collect(Collectors.joining("", "| provider | who |\n|---|---|\n", ""));
  }

  @Test
  void links_leadSomewhere() {
    String page = RepliesPage.text();
    Set<String> anchors = new LinkedHashSet<>();
    ANCHOR.matcher(page).results().forEach(match -> anchors.add(match.group(1)));
    HEADING.matcher(page).results().forEach(match -> anchors.add(slug(match.group(1))));

    Set<String> dead =
        LINK.matcher(page)
            .results()
            .map(match -> match.group(1))
            .filter(target -> !anchors.contains(target))
            .collect(Collectors.toCollection(LinkedHashSet::new));

    assertThat(dead).isEmpty();
    assertThat(anchors).contains("421", "550", "4-7-1", "5-1-1", "greylisted");
  }

  @Test
  void anchors_areUnique() {
    assertThat(ANCHOR.matcher(RepliesPage.text()).results().map(match -> match.group(1)))
        .doesNotHaveDuplicates();
  }

  /** As GitHub makes the anchor of a heading. */
  private static String slug(String heading) {
    return heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-');
  }
}
