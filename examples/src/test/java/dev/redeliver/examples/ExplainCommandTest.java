package dev.redeliver.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExplainCommandTest {
  /** Five columns of tokens: nothing a server says gets into them. */
  private static final String ROW =
      "[a-z-]+\t(success|intermediate|transient|permanent)\t[a-z-]+\t(true|false)\t[!-~]+";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          250 2.0.0 OK                       | success
          354 Go ahead                       | intermediate
          100 Continue                       | intermediate
          450 4.2.0 Greylisted               | transient
          550 5.1.1 User unknown             | permanent
          450-4.2.0 wait\\n450 4.2.0 a bit   | transient
          no code at all                     | transient
          """)
  void tsv_argument_givesSeverity(String reply, String severity) {
    Cli cli = Cli.run("explain", "--format", "tsv", reply);

    assertThat(cli.out()).matches(ROW + "\n");
    assertThat(cli.out().split("\t", -1)[1]).isEqualTo(severity);
    assertThat(cli.exitCode()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\r",
        "\t",
        "rcpt\t",
        "\t450 x",
        "moon\t450 x",
        "450\tx",
        "a\rb\rc",
        "450 \u2028 \u0085 \u000b",
        "@file",
        "\\n\\n\\n",
        "450 \ud83d\ude00"
      })
  void tsv_oddLine_givesOneRow(String line) {
    Cli cli = Cli.fed("250 before\n" + line + "\n250 after\n", "explain", "--format", "tsv");

    assertThat(cli.out().split("\n")).hasSize(3).allSatisfy(row -> assertThat(row).matches(ROW));
    assertThat(cli.exitCode()).isZero();
  }

  @Test
  void tsv_anyOctets_givesOneRowPerLine() {
    StringBuilder octets = new StringBuilder();
    for (char c = 0; c < 256; c++) {
      octets.append(c);
    }

    Cli cli = Cli.fed(octets.toString().getBytes(ISO_8859_1), "explain", "--format", "tsv");

    assertThat(cli.out().split("\n")).hasSize(2).allSatisfy(row -> assertThat(row).matches(ROW));
  }

  @Test
  void tsv_hugeLine_givesOneRow() {
    String huge = "550 5.1.1 " + "x".repeat(3_000_000);

    Cli cli = Cli.fed(huge + "\n450 after", "explain", "--format", "tsv");

    List<String> rows = cli.out().lines().toList();
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0)).contains("\tpermanent\t");
    assertThat(rows.get(1)).contains("\ttransient\t");
  }

  @Test
  void tsv_manyLines_givesAsMany() {
    Cli cli = Cli.fed("rcpt\t550 5.1.1 User unknown\n".repeat(5000), "explain", "--format", "tsv");

    assertThat(cli.out().lines()).hasSize(5000);
  }

  @Test
  void json_octetsThatAreNotUtf8_areReadAsLatin1() throws IOException {
    Cli cli = Cli.fed("550 Empf\u00e4nger".getBytes(ISO_8859_1), "explain", "--format", "json");

    assertThat(stringField(cli.out(), "reply")).isEqualTo("550 Empfänger");
  }

  @Test
  void tsv_noInput_givesNothing() {
    assertThat(Cli.fed("", "explain", "--format", "tsv").out()).isEmpty();
  }

  @Test
  void line_withCrLf_isReadAsWithLf() {
    String lf = Cli.fed("450 4.2.0 x\n550 y\n", "explain", "--format", "json").out();
    String crLf = Cli.fed("450 4.2.0 x\r\n550 y\r\n", "explain", "--format", "json").out();

    assertThat(crLf).isEqualTo(lf).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "connect,greeting",
    "GREETING,greeting",
    "Rcpt,rcpt",
    "eod,end-of-data",
    "END_OF_DATA,end-of-data",
    "helo,ehlo",
    "starttls,starttls"
  })
  void json_stage_isRead(String given, String stage) throws IOException {
    Cli cli = Cli.fed(given + "\t450 x\n", "explain", "--format", "json");

    assertThat(stringField(cli.out(), "stage")).isEqualTo(stage);
  }

  @ParameterizedTest
  @ValueSource(strings = {"unknown\t450 x", "\t450 x", "450 x", "moon\t450 x"})
  void json_withoutStage_isNull(String line) throws IOException {
    Cli cli = Cli.fed(line + "\n", "explain", "--format", "json");

    assertThat(cli.out()).startsWith("{\"stage\":null,\"reply\":\"450 x\",");
  }

  @Test
  void json_isOneObjectPerLine() throws IOException {
    Cli cli = Cli.fed("450 \"quoted\" \\\\ text\n550 5.1.1 Grüße\n", "explain", "--format", "json");

    List<String> lines = cli.out().lines().toList();
    assertThat(lines).hasSize(2);
    assertThat(stringField(lines.get(0), "reply")).isEqualTo("450 \"quoted\" \\\\ text");
    assertThat(stringField(lines.get(1), "reply")).isEqualTo("550 5.1.1 Grüße");
    assertThat(stringField(lines.get(1), "decision")).isEqualTo("fail");
  }

  @Test
  void text_success_proceeds() {
    Cli cli = Cli.run("explain", "250", "OK");

    assertThat(cli.out())
        .startsWith("250 OK\n")
        .contains("  decision    proceed: nothing failed\n");
  }

  @Test
  void text_transient_showsWaits() {
    Cli cli = Cli.run("explain", "451 4.3.0 Local error in processing");

    assertThat(cli.out())
        .contains("  severity    transient: the same request may succeed later\n")
        .contains("  decision    retry after 1 min, lane transient\n")
        .contains(
            "  schedule    waits 1 min, 2 min, 4 min, 8 min, 16 min, and 6 more; each up to 20 %");
  }

  @Test
  void text_permanent_fails() {
    Cli cli = Cli.run("explain", "--stage", "rcpt", "550 5.1.1 User unknown");

    assertThat(cli.out())
        .contains("  stage       rcpt\n")
        .contains("  decision    fail: never sent to this recipient again unchanged\n")
        .doesNotContain("schedule");
  }

  @Test
  void text_interactiveProfile_saysWhatIsOnlyNamed() {
    Cli cli = Cli.run("explain", "--profile", "interactive", "450 4.2.0 Greylisted, try later");

    assertThat(cli.out())
        .containsPattern(
            "decision    defer: too long to wait for in process; a later try would be");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          100 Continue          | 1yz is not SMTP
          504 Gateway Timeout   | "504 Gateway Timeout" is HTTP.
          450 5.1.1 x           | The enhanced status 5.1.1 contradicts the basic code 450
          450 500.0 x           | Malformed: '500.0' is not an enhanced status.
          """)
  void text_strangeReply_isRemarked(String reply, String remark) {
    assertThat(Cli.run("explain", reply).out()).contains("  remark      " + remark);
  }

  @Test
  void text_strangeStage_isRemarked() {
    assertThat(Cli.fed("moon\t450 x\n", "explain").out())
        .contains("  remark      'moon' is no stage; read without one.");
  }

  @Test
  void text_severalLines_areSetApart() {
    assertThat(Cli.fed("250 a\n250 b\n", "explain").out()).contains("\n\n250 b\n");
  }

  private static String stringField(String json, String name) throws IOException {
    List<String> found = new ArrayList<>();
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      while (parser.nextToken() != null) {
        if (name.equals(parser.currentName())) {
          found.add(parser.nextTextValue());
        }
      }
    }
    assertThat(found).hasSize(1);
    return found.get(0);
  }
}
