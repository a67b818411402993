package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables that people write: what they may say, and what they are told when they got it wrong. */
class UserRulesTest {
  private static final String CAUSES =
      Arrays.stream(Cause.values()).map(Cause::token).collect(Collectors.joining(", "));

  private static ReplyClassifier with(String... rows) {
    return ReplyClassifier.standard().withRules("rules.tsv", tabs(rows));
  }

  private static List<String> tabs(String... rows) {
    return Arrays.stream(rows).map(row -> row.replaceAll(" *; *", "\t")).toList();
  }

  private static Classification read(ReplyClassifier classifier, String reply) {
    return classifier.classify(SmtpStage.RCPT, SmtpReply.parse(reply));
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> refusal(String... rows) {
    return assertThatThrownBy(() -> with(rows)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void ownRule_winsOverEveryBuiltInOne() {
    String reply = "450 4.2.0 Greylisted by the house rule, see support.google.com - gsmtp";
    ReplyClassifier own = with("id ; phrase ; cause", "own.house ; house rule ; policy");

    assertThat(read(ReplyClassifier.standard(), reply).ruleId()).isNotEqualTo("own.house");
    assertThat(read(own, reply).ruleId()).isEqualTo("own.house");
  }

  @Test
  void ownRules_theFirstThatMatchesDecides() {
    ReplyClassifier own =
        with(
            "id ; basic ; phrase ; provider ; cause",
            "own.first ; 450 ; * ; * ; policy",
            "own.second ; * ; greylisted ; * ; greylisted",
            "own.third ; * ; * ; google ; reputation");

    assertThat(read(own, "450 greylisted - gsmtp").ruleId()).isEqualTo("own.first");
    assertThat(read(own, "451 greylisted - gsmtp").ruleId()).isEqualTo("own.second");
    assertThat(read(own, "451 busy - gsmtp").ruleId()).isEqualTo("own.third");
  }

  @Test
  void everyColumn_isTakenOver() {
    ReplyClassifier own =
        with(
            "id ; stage ; basic ; enhanced ; phrase ; provider ; cause ; scope ; lane ; handling ;"
                + " alert ; meaning ; advice ; source ; example",
            "own.all ; rcpt,mail ; 45 ; 4.3.* ; blue moon ; yahoo ; other ; host ; slow ; hold ; yes"
                + " ; The moon is blue. ; Wait for the next. ; The house ; 451 4.3.1 blue moon");

    Classification read = read(own, "451 4.3.1 Blue moon at yahoo.com");

    assertThat(read.ruleId()).isEqualTo("own.all");
    assertThat(read.cause()).isEqualTo(Cause.OTHER);
    assertThat(read.scope()).isEqualTo(Scope.HOST);
    assertThat(read.lane()).isEqualTo(Lane.SLOW);
    assertThat(read.handling()).isEqualTo(Handling.HOLD);
    assertThat(read.reputationSignal()).isTrue();
    assertThat(read.meaning()).isEqualTo("The moon is blue.");
    assertThat(read.advice()).isEqualTo("Wait for the next.");
    assertThat(read.source()).isEqualTo("The house");
    assertThat(read(own, "461 4.3.1 Blue moon at yahoo.com").ruleId()).isNotEqualTo("own.all");
    assertThat(read(own, "451 4.4.1 Blue moon at yahoo.com").ruleId()).isNotEqualTo("own.all");
    assertThat(read(own, "451 4.3.1 Blue moon elsewhere").ruleId()).isNotEqualTo("own.all");
  }

  @Test
  void columnsThatAreNotThere_comeFromTheCause() {
    Classification read =
        read(with("id ; phrase ; cause", "own.x ; xyzzy ; mailbox-full"), "450 4.2.0 xyzzy");
    CauseDefaults defaults = CauseDefaults.of(Cause.MAILBOX_FULL);

    assertThat(read.scope()).isEqualTo(defaults.scope());
    assertThat(read.lane()).isEqualTo(defaults.lane());
    assertThat(read.meaning()).isEqualTo(defaults.meaning());
    assertThat(read.advice()).isEqualTo(defaults.advice());
    assertThat(read.source()).isEqualTo("rules.tsv");
  }

  @Test
  void alert_canBeSwitchedOff() {
    String reply = "421 4.7.0 Messages from 192.0.2.1 temporarily deferred [TSS04] yahoo.com";
    ReplyClassifier own = with("id ; phrase ; cause ; alert", "own.tss ; tss04 ; reputation ; no");

    assertThat(read(ReplyClassifier.standard(), reply).reputationSignal()).isTrue();
    assertThat(read(own, reply).reputationSignal()).isFalse();
  }

  @Test
  void ruleWithoutCodes_isAboutRefusalsOnly() {
    ReplyClassifier own = with("id ; phrase ; cause", "own.x ; xyzzy ; policy");

    assertThat(read(own, "250 2.0.0 xyzzy").ruleId()).isNotEqualTo("own.x");
    assertThat(read(own, "354 xyzzy").ruleId()).isNotEqualTo("own.x");
    assertThat(read(own, "450 xyzzy").ruleId()).isEqualTo("own.x");
    assertThat(read(own, "550 xyzzy").ruleId()).isEqualTo("own.x");
    assertThat(read(own, "xyzzy").ruleId()).isEqualTo("own.x");
  }

  /** Only the words in this column say what happens, and none makes a 4yz final. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          450 | *         | TRANSIENT | RETRY
          450 | retry     | TRANSIENT | RETRY
          450 | resume    | TRANSIENT | RESUME
          450 | reconnect | TRANSIENT | RECONNECT
          450 | hold      | TRANSIENT | HOLD
          450 | transient | TRANSIENT | RETRY
          550 | *         | PERMANENT | FAIL
          550 | retry     | PERMANENT | RETRY
          550 | resume    | PERMANENT | RESUME
          550 | reconnect | PERMANENT | RECONNECT
          550 | hold      | PERMANENT | HOLD
          550 | transient | TRANSIENT | RETRY
          """)
  void handling_says(String code, String word, Severity severity, Handling handling) {
    ReplyClassifier own =
        with("id ; phrase ; cause ; handling", "own.x ; xyzzy ; policy ; " + word);

    Classification read = read(own, code + " xyzzy");

    assertThat(read.severity()).isEqualTo(severity);
    assertThat(read.handling()).isEqualTo(handling);
  }

  @Test
  void lane_ofAPermanentRefusal_doesNotMakeItTransient() {
    ReplyClassifier own = with("id ; basic ; cause ; lane", "own.x ; 550 ; mailbox-full ; slow");

    Classification read = read(own, "550 no");

    assertThat(read.severity()).isEqualTo(Severity.PERMANENT);
    assertThat(read.handling()).isEqualTo(Handling.FAIL);
  }

  @Test
  void faults_canHaveRules() {
    ReplyClassifier own =
        with("id ; stage ; cause ; lane", "own.x ; fault:timeout ; server-temporary ; slow");

    Classification read =
        own.classify(new SmtpFailure.Disconnected(SmtpStage.MAIL, SmtpFailure.Fault.TIMEOUT, "x"));

    assertThat(read.ruleId()).isEqualTo("own.x");
    assertThat(read.lane()).isEqualTo(Lane.SLOW);
    assertThat(read.handling()).isEqualTo(Handling.RETRY);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          id ; cause ; basic               | own.x ; greylist ; 450        | line 2, column cause: 'greylist' is unknown. Did you mean 'greylisted'?
          id ; cause ; basic               | own.x ; Mailbox_Full ; 450    | line 2, column cause: 'Mailbox_Full' is unknown. Did you mean 'mailbox-full'?
          id ; cause ; basic               | own.x ; * ; 450               | line 2, column cause: is missing: every rule has one
          id ; cause ; basic               | * ; policy ; 450              | line 2, column id: is missing: every rule has one of its own
          id ; cause ; basic               | Own.X ; policy ; 450          | line 2, column id: 'Own.X' is not of a-z, 0-9, '.' and '-'
          id ; cause ; basic               | own.x ; policy ; 450, 4yz     | line 2, column basic: '4yz' is no code. Write 450, or 45 for 450 to 459, or 4 for every 4yz, or 0 for a reply without a code; with commas between several
          id ; cause ; enhanced            | own.x ; policy ; 4.7          | line 2, column enhanced: '4.7' is no enhanced status. Write 4.7.1, or 4.7.* for every 4.7.x, or 4.7.500-699, or - for replies without one; with commas between several
          id ; cause ; basic ; enhanced    | own.x ; policy ; 550 ; 4.7.1  | line 2, column enhanced: no reply can match: a status counts only if its class agrees with the basic code
          id ; cause ; provider            | own.x ; policy ; gogle        | line 2, column provider: 'gogle' is unknown. Did you mean 'google'?
          id ; cause ; stage               | own.x ; policy ; END_OF_DATA  | line 2, column stage: 'END_OF_DATA' is unknown. Did you mean 'end-of-data'?
          id ; cause ; stage ; phrase      | own.x ; policy ; fault:lost ; x | line 2, column stage: a fault or a local problem has no reply: no phrase, code, status or provider
          id ; cause ; phrase ; lane       | own.x ; policy ; x ; ratelimit | line 2, column lane: 'ratelimit' is unknown. Did you mean 'rate-limit'?
          id ; cause ; phrase ; scope      | own.x ; policy ; x ; user     | line 2, column scope: 'user' is not one of: recipient, message, sender, connection, host, configuration
          id ; cause ; phrase ; alert      | own.x ; policy ; x ; true     | line 2, column alert: 'true' is not one of: yes, no
          id ; cause ; phrase ; handling   | own.x ; policy ; x ; later    | line 2, column handling: 'later' is not one of: retry, resume, reconnect, fail, hold, transient
          id ; cause ; phrase ; handling   | own.x ; policy ; x ; fail     | line 2, column handling: 'fail' on a rule that can match a 4yz reply, which asks to try again (RFC 5321 section 4.2.1). Write 5 in column basic
          id ; cause ; basic ; handling    | own.x ; policy ; 4 ; transient | line 2, column handling: 'transient' on a rule that can match no 5yz reply
          id ; cause ; phrase              | own.x ; policy ; *            | line 2, column phrase: the rule would decide every reply. Give it a phrase, a code, a provider or a stage
          id ; cause ; phrase              | own.x ; policy ; gre*list     | line 2, column phrase: 'gre*list' has a * that is not at a word's end, as in greylist*
          id ; cause ; phrase              | own.x ; policy ; too * mails  | line 2, column phrase: 'too * mails' has a * that stands alone; it belongs to the end of a word
          id ; cause ; phrase              | own.x ; policy ; ...          | line 2, column phrase: '...' has no letter or digit
          id ; cause ; phrase              | own.x ; policy ; !spam        | line 2, column phrase: '!spam' asks for nothing
          id ; cause ; phrase              | own.x ; policy ; @spamm       | line 2, column phrase: list '@spamm' is unknown. Did you mean '@spam'?
          id ; cause ; phrase              | own.x ; policy                | line 2: has 2 cells, the header names 3 columns
          id ; cause ; phrase              | own.x  policy  spam           | line 2: has 1 cell, the header names 3 columns. Cells are separated by a tab; spaces do not count as one
          id ; cause ; phrase              | own.x ; policy ;; spam        | line 2: has 4 cells, the header names 3 columns. Two tabs in a row make an empty cell; write one between two cells
          id ; cause ; phrase              | own.x ; policy  spam          | line 2: has 2 cells, the header names 3 columns. Cells are separated by a tab; spaces do not count as one
          id ; cause ; phrase              | own.x ;; spam                 | line 2, column cause: is empty; write * for the default
          id ; cause ; phrases             | own.x ; policy ; spam         | line 1: column 'phrases' is unknown. Did you mean 'phrase'?
          ID ; cause                       | own.x ; policy                | line 1: column 'ID' is unknown. Did you mean 'id'?
          id,phrase,cause                  | own.x,spam,policy             | line 1: the header has no tab. Names of columns, and cells, are separated by a tab; commas do not count as one
          id ; cause ; phrase              | own.x ; policy ; \u001b[31m  | line 2: has the control character U+001B; only tabs may stand in a line
          id ; cause ; basic               | x ; policy ; 450              | line 2, column id: 'x' does not begin with 'own.', as every rule of your own must. Write 'own.x'
          id ; cause ; stage ; handling    | own.x ; policy ; fault:lost ; fail | line 2, column handling: 'fail' on a fault, which is always transient: nobody refused anything
          id ; cause ; stage ; handling    | own.x ; policy ; local:other ; transient | line 2, column handling: 'transient' is for 5yz replies: a fault is transient anyway, and a local problem lasts until somebody puts it right
          id ; cause ; stage ; handling    | own.x ; policy ; fault:dns ; proceed | line 2, column handling: 'proceed' is not one of: retry, resume, reconnect, fail, hold, transient
          id ; cause ; enhanced            | own.x ; policy ; 4.7.700-600  | line 2, column enhanced: '4.7.700-600' runs backwards. The lower number comes first: 600-700
          id ; cause ; phrase              | own.x ; success ; x           | line 2, column cause: 'success' on a rule that can match a 4yz or 5yz reply, which refuses. Write 2 or 3 in column basic
          id ; cause ; phrase ; lane       | own.x ; policy ; x ; immediate | line 2, column lane: 'immediate' is no schedule of a later try. For a try at once write reconnect or resume in column handling
          id ; cause ; basic               | own.x ; policy ; 4,5,0        | line 2, column basic: the rule would decide every reply that refuses. Give it a phrase, a status, a provider or a stage, or fewer codes
          id ; cause ; provider            | own.x ; policy ; other        | line 2, column provider: 'other' is nobody in particular. Write * for everybody
          id ; cause ; provider            | own.x ; policy ; gmail        | line 2, column provider: 'gmail' is unknown. Did you mean 'google'?
          id ; cause ; provider            | own.x ; policy ; Outlook      | line 2, column provider: 'Outlook' is unknown. Did you mean 'microsoft'?
          id ; cause ; provider            | own.x ; policy ; wanadoo      | line 2, column provider: 'wanadoo' is unknown. Did you mean 'orange'?
          id ; cause ; phrase              | own.x ; policy ; 'a b'        | line 2, column phrase: ''' is not needed: words side by side are found side by side. Leave quotes out
          id ; cause ; phrase              | own.x ; policy ; foo & !Foo   | line 2, column phrase: 'foo & !Foo' never matches: it wants a term that must not be there
          id ; cause ; phrase              | own.x ; policy ; foo..bar     | line 2, column phrase: 'foo..bar' has no spaces around .., which stands between words as in one .. two
          id ; cause ; phrase              | own.x ; policy ; foo &&       | line 2, column phrase: 'foo &&' has nothing beside &
          id ; cause ; phrase              | own.x ; policy ; foo & !      | line 2, column phrase: 'foo & !' has nothing behind !
          id ; cause ; phrase              | own.x ; policy ; @rcpt @none @blocklist @client @spam @refuse | line 2, column phrase: '@rcpt @none @blocklist @client @spam @refuse' has more than 5000 spellings, as each of its lists stands for many. Name fewer lists, or put & between them
          id ; cause ; colour              | own.x ; policy ; spam         | line 1: column 'colour' is not one of: id, stage, basic, enhanced, phrase, provider, cause, scope, lane, handling, alert, meaning, advice, source, example
          id ; cause ; cause               | own.x ; policy ; policy       | line 1: column 'cause' stands twice
          id ; phrase                      | own.x ; spam                  | line 1: column 'cause' is missing
          id cause phrase                  | own.x policy spam             | line 1: the header has no tab. Names of columns, and cells, are separated by a tab; spaces do not count as one
          """)
  void mistake_isNamedWithItsPlaceAndRemedy(String header, String row, String error) {
    refusal(header, row).hasMessage("rules.tsv: " + error);
  }

  @Test
  void emptyAlternative_isNamed() {
    refusal("id ; cause ; phrase", "own.x ; policy ; a | | b")
        .hasMessage("rules.tsv: line 2, column phrase: 'a | | b' has nothing beside |");
  }

  @Test
  void signsOfAnotherLanguage_areNamed() {
    refusal("id ; cause ; phrase", "own.x ; policy ; a & (b | c)")
        .hasMessage(
            "rules.tsv: line 2, column phrase: '(' groups nothing. Write every alternative out, with"
                + " | between them");
    refusal("id ; cause ; phrase", "own.x ; policy ; \"mailbox full\"")
        .hasMessage(
            "rules.tsv: line 2, column phrase: '\"' is not needed: words side by side are found"
                + " side by side. Leave quotes out");
  }

  /** A rule could make a lost connection final: then mail would be refused that nobody refused. */
  @Test
  void ruleForAFault_isNeverFinal() {
    refusal("id ; stage ; basic ; cause ; handling", "own.x ; fault:lost ; 5 ; policy ; fail")
        .hasMessage(
            "rules.tsv: line 2, column stage: a fault or a local problem has no reply: no phrase,"
                + " code, status or provider"
                + System.lineSeparator()
                + "rules.tsv: line 2, column handling: 'fail' on a fault, which is always transient:"
                + " nobody refused anything");
  }

  @ParameterizedTest
  @CsvSource({
    "fail, FAIL",
    "hold, HOLD",
    "retry, RETRY",
    "*, FAIL",
  })
  void ruleForALocalProblem_saysOrLeavesItToTheBuiltInRule(String word, Handling handling) {
    ReplyClassifier own =
        with("id ; stage ; cause ; handling", "own.x ; local:content ; policy ; " + word);

    Classification read =
        own.classify(
            new SmtpFailure.Local(SmtpStage.DATA, SmtpFailure.Problem.CONTENT, "no such file"));

    assertThat(read.ruleId()).isEqualTo("own.x");
    assertThat(read.handling()).isEqualTo(handling);
  }

  @Test
  void tableOfManySpellings_isRefused() {
    List<String> rows = new ArrayList<>(List.of("id ; phrase ; cause"));
    for (int i = 0; i < 40; i++) {
      rows.add("own." + i + " ; n" + i + " @rcpt @blocklist ; policy");
    }

    refusal(rows.toArray(String[]::new))
        .hasMessageEndingWith(
            "column phrase: 'n39 @rcpt @blocklist' is too much: the phrases of a table may have"
                + " 50000 spellings in all. Name fewer lists, or put & between them");
  }

  @Test
  void unknownCauseThatIsNearNone_namesAll() {
    refusal("id ; phrase ; cause", "own.x ; x ; qqqqq")
        .hasMessage("rules.tsv: line 2, column cause: 'qqqqq' is not one of: " + CAUSES);
  }

  @Test
  void mistakes_areAllNamedAtOnce() {
    refusal(
            "id ; basic ; phrase ; cause ; lane",
            "# a comment counts as a line",
            "own.a ; 650 ; @nobody ; polcy ; slowly",
            "",
            "own.b ; 450 ; * ; policy ; slow",
            "own.b ; 451 ; * ; policy ; slow",
            "short ; row")
        .message()
        .satisfies(
            message ->
                assertThat(message.lines())
                    .extracting(line -> line.replaceAll("(no code|not one of).*", "$1"))
                    .containsExactly(
                        "rules.tsv: line 3, column cause: 'polcy' is unknown. Did you mean"
                            + " 'policy'?",
                        "rules.tsv: line 3, column basic: '650' is no code",
                        "rules.tsv: line 3, column phrase: list '@nobody' is not one of",
                        "rules.tsv: line 3, column lane: 'slowly' is unknown. Did you mean"
                            + " 'slow'?",
                        "rules.tsv: line 6, column id: 'own.b' stands twice, first on line 5",
                        "rules.tsv: line 7: has 2 cells, the header names 5 columns"));
  }

  @Test
  void idOfABuiltInRule_isRefused() {
    Rule builtIn = ReplyClassifier.standard().rules().get(0);

    refusal("id ; phrase ; cause", builtIn.id() + " ; x ; policy")
        .hasMessage(
            "rules.tsv: line 2, column id: '"
                + builtIn.id()
                + "' is a built-in rule. Choose another, such as 'own."
                + builtIn.id()
                + "'");
  }

  /** So that a later version of Redeliver never takes an id that a user has. */
  @Test
  void idsOfBuiltInRules_neverBeginWithOwn() {
    assertThat(ReplyClassifier.standard().rules())
        .extracting(Rule::id)
        .noneMatch(id -> id.startsWith(RuleTable.OWN));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n\n", "# only a comment\n", "\uFEFF", "\r\n"})
  void emptyFile_isRefused(String text, @TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("rules.tsv"), text);

    assertThatThrownBy(() -> ReplyClassifier.standard().withRules(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            file
                + ": is empty. Its first line names the columns, with a tab between them; needed"
                + " are id and cause");
  }

  @Test
  void tableWithoutRows_changesNothing() {
    assertThat(read(with("id ; cause"), "450 4.2.2 full"))
        .isEqualTo(read(ReplyClassifier.standard(), "450 4.2.2 full"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "id\tphrase\tcause\nown.x\txyzzy\tpolicy",
        "id\tphrase\tcause\r\nown.x\txyzzy\tpolicy\r\n",
        "\uFEFFid\tphrase\tcause\r\nown.x\txyzzy\tpolicy\r\n",
        "id\tphrase\tcause\t\t\nown.x\txyzzy\tpolicy\t\t\t\n",
        "id\tphrase\tcause\t\r\nown.x\txyzzy\tpolicy\t\r\n",
        "# mine\n\n id \t phrase\tcause \n\n own.x\t xyzzy \tpolicy \n   \n\t\n",
      })
  void fileOfAnyEditor_isRead(String text, @TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("rules.tsv"), text);

    ReplyClassifier own = ReplyClassifier.standard().withRules(file);

    assertThat(read(own, "450 xyzzy").ruleId()).isEqualTo("own.x");
    assertThat(own.rules().get(0).origin()).startsWith(file + " line ");
  }

  @Test
  void fileInLatin1_isRefused(@TempDir Path folder) throws Exception {
    String text = "id\tphrase\tcause\nown.x\tréessayer\tgreylisted\n";
    Path file = folder.resolve("rules.tsv");
    Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));

    assertThatThrownBy(() -> ReplyClassifier.standard().withRules(file))
        .hasMessage(file + ": line 2: octet 0xE9 is not UTF-8. Save the file as UTF-8");
  }

  @Test
  void fileInUtf16_isRefused(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("rules.tsv");
    Files.write(file, "id\tcause".getBytes(StandardCharsets.UTF_16));

    assertThatThrownBy(() -> ReplyClassifier.standard().withRules(file))
        .hasMessage(file + ": line 1: octet 0xFE is not UTF-8. Save the file as UTF-8");
  }

  @Test
  void missingFile_isNamed(@TempDir Path folder) {
    Path file = folder.resolve("no.tsv");

    assertThatThrownBy(() -> ReplyClassifier.standard().withRules(file))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageEndingWith("NoSuchFileException: " + file);
  }

  @Test
  void secondTable_isRefused() {
    ReplyClassifier own = with("id ; phrase ; cause", "own.x ; x ; policy");

    assertThatThrownBy(() -> own.withRules("more.tsv", List.of("id\tcause")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("user rules are already set");
  }

  @Test
  void trace_showsWhatMatchedInTheOrderOfPrecedence() {
    ReplyClassifier own =
        with("id ; basic ; phrase ; cause", "own.x ; 45 ; blue moon & !red | xyzzy ; policy");

    List<RuleMatch> matches =
        own.trace(SmtpStage.RCPT, SmtpReply.parse("450 4.2.0 Blue moon, greylisted"));

    RuleMatch first = matches.get(0);
    assertThat(first.ruleId()).isEqualTo("own.x");
    assertThat(first.own()).isTrue();
    assertThat(first.origin()).isEqualTo("rules.tsv line 2");
    assertThat(first.evidence()).isEqualTo("text");
    assertThat(first.words()).contains("blue moon & !red");
    assertThat(first.basic()).contains("45");
    assertThat(first.enhanced()).isEmpty();
    assertThat(matches.subList(1, matches.size())).extracting(RuleMatch::own).containsOnly(false);
    assertThat(matches)
        .extracting(RuleMatch::evidence)
        .contains("text", "enhanced-status", "basic-code");
  }

  /** A rule with words may leave open what to do; then the trace tells which rule says it. */
  @Test
  void trace_showsWhichRuleSaysWhatToDo() {
    ReplyClassifier own = with("id ; phrase ; cause", "own.x ; blue moon ; too-many-recipients");

    List<RuleMatch> matches =
        own.trace(SmtpStage.RCPT, SmtpReply.parse("452 4.5.3 Too many, blue moon"));

    assertThat(matches.get(0).ruleId()).isEqualTo("own.x");
    assertThat(matches)
        .filteredOn(RuleMatch::handles)
        .extracting(RuleMatch::handling)
        .containsExactly(Optional.of("resume"));
    assertThat(matches.get(0).handles()).isFalse();
  }

  /** Rules about another cause do not say it, although they match. */
  @Test
  void trace_ofARuleAboutAnotherCause_namesNoneThatSaysWhatToDo() {
    ReplyClassifier own = with("id ; phrase ; cause", "own.x ; blue moon ; policy");

    assertThat(own.trace(SmtpStage.RCPT, SmtpReply.parse("452 4.5.3 Too many, blue moon")))
        .noneMatch(RuleMatch::handles);
  }

  @Test
  void examples_thatTheirRuleDoesNotDecide_areNamed() {
    ReplyClassifier own =
        with(
            "id ; stage ; basic ; phrase ; cause ; example",
            "own.a ; * ; * ; moon ; policy ; 450 moon || rcpt: 550 Full moon",
            "own.b ; * ; * ; blue moon ; policy ; 450 Blue moon",
            "own.c ; mail ; 550 ; red ; policy ; mail: 550 red || rcpt: 550 xyzzy red",
            "own.d ; fault:lost ; * ; * ; connection ; 450 lost");

    assertThat(own.checkExamples())
        .hasSize(3)
        .startsWith(
            "rules.tsv line 3: own.b does not decide its example '450 Blue moon', own.a does")
        .endsWith("rules.tsv line 5: own.d has an example, but is about what has no reply");
    assertThat(own.checkExamples().get(1))
        .startsWith("rules.tsv line 4: own.c does not decide its example 'rcpt: 550 xyzzy red', ");
    assertThat(ReplyClassifier.standard().checkExamples()).isEmpty();
  }
}
