package dev.redeliver.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExplainCommandTest {
  /** Six columns of tokens: nothing a server says gets into them. */
  private static final String ROW =
      "[a-z-]+\t(success|intermediate|transient|permanent)\t[a-z-]+\t(true|false)\t[!-~]+"
          + "\t(true|false)";

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
        .contains("  decision    try again after 1 min (lane transient)\n")
        .contains(
            "  schedule    waits 1 min, 2 min, 4 min, 8 min, 16 min, and 6 more, each up to 20 %")
        .doesNotContain("  alert ");
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
        .contains(
            "  decision    defer: lane greylist is not waited for in process (interactive profile);"
                + " the report\n              says to try again after 5 min\n");
  }

  @Test
  void text_delayThatTheServerNames_isHonoured() {
    assertThat(Cli.run("explain", "450 4.2.0 Greylisted, try again in 300 seconds").out())
        .contains("  decision    try again after 5 min, as the server asks (lane greylist)\n")
        .contains("  schedule    waits 5 min, 11 times; then gives up after 12 attempts;");
  }

  @Test
  void text_delayBeyondADay_isNotHonouredInFull() {
    Cli cli =
        Cli.run("explain", "--profile", "rfc5321", "450 4.2.0 Greylisted, try again in 3 days");

    assertThat(cli.out())
        .contains(
            "  decision    try again after 1 d; the server asks for 3 d, and 1 s to 24 h are"
                + " honoured (lane\n              greylist)\n");
  }

  @Test
  void text_outOfStep_triesOnceMoreAtOnce() {
    Cli cli = Cli.run("explain", "--stage", "rcpt", "503 5.5.1 Bad sequence of commands");

    assertThat(cli.out())
        .contains("  decision    once more at once, on a fresh connection; then fail: never sent")
        .doesNotContain("  schedule ");
  }

  @Test
  void text_reputation_countsTowardsAnAlert() {
    assertThat(Cli.run("explain", "451 4.7.1").out())
        .contains(
            "  alert       counts: 3 such answers of a server within 10 min raise an alert\n");
  }

  @Test
  void mismatch_isReportedInAllFormats() throws IOException {
    String reply = "550 4.2.1 inactive";

    assertThat(Cli.run("explain", reply).out())
        .contains(
            "  mismatch    The code 550 says permanent, the status 4.2.1 says transient. The code"
                + " decides, and\n              the status does not count (RFC 2034 section 4).\n");
    assertThat(Cli.run("explain", "--format", "json", reply).out())
        .contains("\"mismatch\":true,")
        .contains("\"remarks\":[\"The code 550 says permanent, the status 4.2.1");
    assertThat(Cli.run("explain", "--format", "tsv", reply).out()).endsWith("\ttrue\n");
    assertThat(Cli.run("explain", "--format", "tsv", "550 5.2.1 inactive").out())
        .endsWith("\tfalse\n");
    assertThat(Cli.run("explain", "421 5.7.32 not aligned").out())
        .contains("  severity    transient: the same request may succeed later\n")
        .contains("  mismatch    The code 421 says transient, the status 5.7.32 says permanent.");
  }

  @Test
  void multiLine_lastLineDecides() {
    assertThat(Cli.run("explain", "450-4.2.1 first\\n550 5.1.1 last").out())
        .startsWith("550 5.1.1 first last\n")
        .contains("  severity    permanent")
        .contains("  remark      Malformed: line 2 says 550 after 450; the last line decides.\n");
  }

  @Test
  void rules_ofAFile_winAndAreTraced(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("own.tsv"),
            "id\tphrase\tcause\thandling\nown.moon\tblue moon & !red\tpolicy\ttransient\n");

    Cli text = Cli.run("explain", "--rules", file.toString(), "--trace", "550 Blue moon");
    Cli json =
        Cli.run(
            "explain", "--rules", file.toString(), "--trace", "--format", "json", "550 Blue moon");

    assertThat(text.out())
        .contains("  severity    transient, because your rule says so: the code 550 is permanent\n")
        .contains("  why         its words match 'blue moon' (your rule own.moon)\n")
        .contains(" rules match, the first wins; order: yours, provider, text, status, code\n")
        .containsPattern(
            "\n    own.moon +yours +words 'blue moon' and not 1 other +policy, transient +"
                + Pattern.quote(file.toString())
                + " line 2\n")
        .containsPattern("\n    basic.550 +code +code 550 +[a-z-]+ +built in\n");
    assertThat(json.out())
        .contains(
            "\"trace\":[{\"rule\":\"own.moon\",\"wins\":true,\"own\":true,\"evidence\":\"text\","
                + "\"provider\":null,\"words\":\"blue moon & !red\",\"basic\":null,"
                + "\"enhanced\":null,\"stage\":null,\"cause\":\"policy\",\"handling\":\"transient\",");
    assertThat(Cli.run("explain", "--format", "json", "550 x").out()).doesNotContain("\"trace\"");
  }

  @Test
  void rules_bad_areRefusedWithEveryMistake(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(folder.resolve("own.tsv"), "id\tphrase\tcause\nown.a\t...\tgreylist\n");

    Cli cli = Cli.run("explain", "--rules", file.toString(), "450");

    assertThat(cli.exitCode()).isEqualTo(64);
    assertThat(cli.err().lines())
        .containsExactly(
            "--rules: " + file + " is refused:",
            file + ": line 2, column cause: 'greylist' is unknown. Did you mean 'greylisted'?",
            file + ": line 2, column phrase: '...' has no letter or digit");
  }

  @Test
  void rules_missing_areNamed() {
    assertThat(Cli.run("explain", "--rules", "no-such-file", "450").firstErrorLine())
        .isEqualTo("--rules: cannot read no-such-file: there is no such file");
  }

  @Test
  void rules_thatAreADirectory_areNamed(@TempDir Path folder) {
    assertThat(Cli.run("explain", "--rules", folder.toString(), "450").err())
        .isEqualTo(
            "--rules: cannot read " + folder + ": it is a directory" + System.lineSeparator());
  }

  @Test
  void config_bad_isRefusedWithoutUsage(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("a.properties"), "redeliver.profil=background\n");

    Cli cli = Cli.run("explain", "--config", file.toString(), "450");

    assertThat(cli.exitCode()).isEqualTo(64);
    assertThat(cli.err().lines())
        .containsExactly(
            "--config: " + file + " is refused:",
            "redeliver.profil: unknown key. Did you mean redeliver.profile?");
  }

  @Test
  void rules_whoseExampleAnotherRuleDecides_areNamed(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("own.tsv"),
            """
            id\tphrase\tcause\texample
            own.moon\tmoon\tpolicy\t450 moon
            own.blue\tblue moon\tpolicy\t450 blue moon
            """);

    Cli cli = Cli.fed("", "explain", "--rules", file.toString());

    assertThat(cli.exitCode()).isZero();
    assertThat(cli.out()).isEmpty();
    assertThat(cli.err().lines())
        .containsExactly(
            file + " line 3: own.blue does not decide its example '450 blue moon', own.moon does");
  }

  @Test
  void escapes_neverReachTheTerminal(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("own.tsv"),
            "id\tphrase\tcause\tadvice\nown.\033[31m\tx\tpolicy\t\033[2J\n");

    assertThat(Cli.run("explain", "--rules", file.toString(), "450 x").err())
        .contains("line 2: has the control character U+001B; only tabs may stand in a line")
        .doesNotContain("\033");
    assertThat(Cli.run("explain", "--stage", "\033[31mx", "450").err())
        .contains("?[31mx")
        .doesNotContain("\033");
  }

  @Test
  void text_intermediateAfterTheDot_isNoFinalAnswer() {
    assertThat(Cli.run("explain", "--stage", "end-of-data", "354 go on").out())
        .contains("  decision    none yet: 354 is no final answer here\n")
        .contains("  remark      354 is no final answer after the final dot:")
        .doesNotContain("nothing failed");
    assertThat(Cli.run("explain", "--stage", "end-of-data", "250 ok").out())
        .contains("  decision    proceed: nothing failed\n");
    assertThat(Cli.run("explain", "--stage", "data", "354 go on").out())
        .contains("  decision    proceed: nothing failed\n");
  }

  @Test
  void trace_namesTheRuleThatSaysWhatToDo(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("own.tsv"),
            """
            id\tphrase\tcause
            own.many\tblue moon\ttoo-many-recipients
            own.other\tred moon\tpolicy
            """);

    assertThat(explainTraced(file, "452 4.5.3 Blue moon"))
        .contains("own.many leaves open what to do; ")
        .contains(" says it: resume");
    assertThat(explainTraced(file, "452 4.5.3 Red moon")).doesNotContain("leaves open");
  }

  private static String explainTraced(Path rules, String reply) {
    return Cli.run("explain", "--rules", rules.toString(), "--trace", reply).out();
  }

  @Test
  void trace_asTsv_isRefused() {
    assertThat(Cli.run("explain", "--trace", "--format", "tsv", "450").firstErrorLine())
        .isEqualTo("--trace needs --format text or json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          100 Continue          | 1yz is not SMTP
          504 Gateway Timeout   | "504 Gateway Timeout" is HTTP.
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
