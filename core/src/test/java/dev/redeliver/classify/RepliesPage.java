package dev.redeliver.classify;

import dev.redeliver.policy.Backoff;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.EnhancedStatus;
import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Writes docs/replies.md from the tables: what replies mean is said in one place only. */
final class RepliesPage {
  private static final int EXAMPLES_OF_A_CAUSE = 3;
  private static final int WORDINGS = 6;
  private static final String HEADER_OF_READINGS =
      """
      | reply | meaning | cause | Redeliver | what you can do |
      |---|---|---|---|---|
      """;

  private static final Map<Integer, String> SUBJECTS =
      new TreeMap<>(
          Map.of(
              0, "nothing in particular",
              1, "addresses",
              2, "the mailbox",
              3, "the mail system",
              4, "network and routing",
              5, "the protocol",
              6, "the content",
              7, "security and policy"));

  private final StringBuilder page = new StringBuilder();
  private final List<Reading> readings = new ArrayList<>();
  private final Set<String> anchored = new LinkedHashSet<>();

  /** A reply of the table and what it means. */
  private record Reading(Rule rule, Example example, Classification read) {
    static Reading of(Rule rule, Example example) {
      return new Reading(
          rule, example, ReplyClassifier.standard().classify(example.stage(), example.reply()));
    }

    boolean isOf(Severity severity) {
      return read.severity() == severity;
    }

    boolean isDecidedByItsRule() {
      return read.ruleId().equals(rule.id());
    }
  }

  private RepliesPage() {
    for (Rule rule : BuiltInTable.rules()) {
      if (rule.asksForCodesOnly() && rule.stages().areOfReplies()) {
        BuiltInTable.replyOfCodes(rule).ifPresent(reply -> readings.add(Reading.of(rule, reply)));
      }
      for (Example example : BuiltInTable.examples(rule)) {
        readings.add(Reading.of(rule, example));
      }
    }
  }

  static String text() {
    RepliesPage page = new RepliesPage();
    page.introduction();
    page.lanes();
    page.causes();
    page.basicCodes();
    page.enhancedCodes();
    page.providers();
    page.mismatches();
    page.allowList();
    page.seldomHealing();
    page.faults();
    return page.page.toString();
  }

  private void introduction() {
    page.append(
        """
        # What SMTP replies mean

        <!-- Written by RepliesPageTest from the rule tables. Do not edit; CONTRIBUTING.md says how to write it anew. -->

        What a mail server's answer means, what Redeliver does about it, and what you can do. Any code has a link of its own:
        [`#421`](#421), [`#4-7-1`](#4-7-1), [`#greylisted`](#greylisted). For one whole reply, with the rule that says so:

        ```sh
        java -jar examples/target/redeliver.jar explain "450 4.7.1 Client host rejected"
        ```

        [How a reply is read](#how-a-reply-is-read) · [Lanes](#lanes) · [Causes](#causes) · [Basic codes](#basic-codes) ·
        [Enhanced status codes](#enhanced-status-codes) · [Providers](#providers) · [Mismatches](#mismatches) ·
        [5yz that are tried again](#5yz-that-are-tried-again) · [4yz that seldom heal](#4yz-that-seldom-heal) ·
        [No reply at all](#no-reply-at-all)

        ## How a reply is read

        ```
        450 4.7.1 Client host rejected: cannot find your reverse hostname
        ^   ^     ^
        |   |     text: what it is about, if it says so
        |   enhanced status: class.subject.detail
        basic code: the first digit decides whether to try again
        ```

         * **The first digit of the basic code decides**: 2 is done, 3 go on, 4 try again later, 5 do not send the same again.
           No text and no status turns a 4yz into a failure. A 5yz is tried again only if it is on a
           [short list](#5yz-that-are-tried-again).
         * **What it is about** is taken from the strongest evidence there is: a wording or code of a *provider* that is known for it,
           then the *text*, then the *enhanced status*, then the *basic code*. So `450 4.7.1` is greylisting if the text says so,
           a missing PTR record if the text says that, and a matter of reputation if it says nothing.
         * **The provider** is told from the reply itself (a token, an address of the web, a name) or from the name of the server.
         * **The stage counts.** A refusal for good before MAIL is about the relay or your own set-up, not about a message: Redeliver
           *holds*. `421` may come anywhere; `554` as a greeting means that the server does not serve you.
         * **Of several lines, the last one's code decides.** The text of all lines is read.
         * **A delay that the text names** ("try again in 300 seconds", "until 14:05 UTC") is honoured, from 1 second to 24 hours; a longer one
           is cut to 24 hours, and above seven days it counts as none. The deadline stays: where the delay ends past it, Redeliver gives up
           at once, and the report names the time of the next try.

        What Redeliver can do about it:

        | word | what happens |
        |---|---|
        | *tries again* | later, in the [lane](#lanes) named, until attempts or deadline are spent |
        | *sends the rest* | the recipients that were not taken go at once in a transaction of their own, as long as each brings progress; otherwise it tries again |
        | *once more* | at once, on a fresh connection; refused again, it fails |
        | *fails* | final for this recipient; never sent again unchanged |
        | *holds* | the message is kept, no recipient is blamed: something has to be put right on the sending side first |
        | *alert* | the reply counts towards a reputation alert |

        """);
  }

  private void lanes() {
    page.append(
        "## Lanes\n\nA lane is a schedule of waits. All of it can be [configured](../README.md#all-properties).\n\n");
    page.append("| lane | interactive | background | rfc5321 |\n|---|---|---|---|\n");
    for (Lane lane : Lane.values()) {
      if (lane != Lane.IMMEDIATE) {
        row(
            anchor("lane-" + lane.token()) + lane.token(),
            schedule(Profile.INTERACTIVE, lane),
            schedule(Profile.BACKGROUND, lane),
            schedule(Profile.RFC5321, lane));
      }
    }
    page.append('\n');
  }

  private static String schedule(Profile profile, Lane lane) {
    Backoff backoff = RetryPolicy.of(profile).backoff(lane);
    String waits =
        words(backoff.initial())
            + " ×"
            + Double.toString(backoff.multiplier()).replaceFirst("[.]0$", "")
            + " ≤ "
            + words(backoff.cap());
    return backoff.deferred() ? "named, not waited for: " + words(backoff.initial()) : waits;
  }

  private static String words(Duration duration) {
    if (duration.toHours() > 0) {
      return duration.toHours() + " h";
    }
    if (duration.toMinutes() > 0) {
      return duration.toMinutes() + " min";
    }
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + " s"
        : duration.toMillis() + " ms";
  }

  private void causes() {
    page.append(
        "## Causes\n\nWhat *you* can do is said for a refusal that is final, mostly a 5yz. After a 4yz"
            + " Redeliver tries again first, whatever\nthe advice says; it is worth looking at if that"
            + " goes on.\n\n| cause | meaning | is about | lane | alert |\n|---|---|---|---|---|\n");
    for (Cause cause : Cause.values()) {
      CauseDefaults defaults = CauseDefaults.of(cause);
      row(
          "[" + cause.token() + "](#" + cause.token() + ")",
          defaults.meaning(),
          "the " + Cells.token(defaults.scope()),
          cause == Cause.SUCCESS ? "" : defaults.lane().token(),
          defaults.alert() ? "yes" : "");
    }
    page.append('\n');
    for (Cause cause : Cause.values()) {
      cause(cause);
    }
  }

  private void cause(Cause cause) {
    CauseDefaults defaults = CauseDefaults.of(cause);
    page.append("### ").append(cause.token()).append("\n\n").append(defaults.meaning());
    page.append("\n\n");
    actions(cause, Severity.TRANSIENT, "4yz");
    actions(cause, Severity.PERMANENT, "5yz");
    page.append(" * **You:** ").append(defaults.advice()).append("\n\n");
    List<Reading> examples = examplesOf(cause);
    if (!examples.isEmpty()) {
      page.append("| for example | meaning | Redeliver |\n|---|---|---|\n");
      examples.forEach(
          each -> row(code(each.example()), each.read().meaning(), action(each.read())));
      page.append('\n');
    }
  }

  /** What most rules of a cause do comes first. */
  private void actions(Cause cause, Severity severity, String name) {
    Map<String, Long> counts =
        readings.stream()
            .filter(each -> each.read().cause() == cause && each.isOf(severity))
            .collect(
                Collectors.groupingBy(
                    each -> action(each.read()), LinkedHashMap::new, Collectors.counting()));
    if (counts.isEmpty()) {
      return;
    }
    List<String> actions =
        counts.entrySet().stream()
            .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
            .map(Map.Entry::getKey)
            .toList();
    page.append(" * **").append(name).append(":** Redeliver ").append(actions.get(0));
    if (actions.size() > 1) {
      page.append("; by some replies it ");
      page.append(String.join(", or ", actions.subList(1, actions.size())));
    }
    page.append(".\n");
  }

  /** Short wordings that everybody uses, both classes if there are both. */
  private List<Reading> examplesOf(Cause cause) {
    List<Reading> all =
        readings.stream()
            .filter(each -> each.read().cause() == cause && each.isDecidedByItsRule())
            .filter(each -> each.rule().phrase().isPresent())
            .sorted(Comparator.comparing(each -> isOfAProvider(each.rule())))
            .toList();
    Set<Reading> chosen = new LinkedHashSet<>();
    for (Severity severity : List.of(Severity.TRANSIENT, Severity.PERMANENT)) {
      all.stream().filter(each -> each.isOf(severity)).findFirst().ifPresent(chosen::add);
    }
    all.stream()
        .filter(each -> chosen.stream().noneMatch(other -> other.rule().equals(each.rule())))
        .limit(Math.max(0, EXAMPLES_OF_A_CAUSE - chosen.size()))
        .forEach(chosen::add);
    if (chosen.isEmpty()) {
      readings.stream().filter(each -> each.read().cause() == cause).limit(2).forEach(chosen::add);
    }
    return List.copyOf(chosen);
  }

  private void basicCodes() {
    page.append(
        """
        ## Basic codes

        What the code alone says. Text and status, if there are any, usually say more.

        """);
    List<Reading> exact =
        readings.stream()
            .filter(each -> each.rule().asksForCodesOnly() && !each.rule().codes().namesEnhanced())
            .filter(each -> each.example().reply().code() != 0)
            .filter(each -> each.rule().conditions().basic().orElse("").matches("\\d{3}"))
            .sorted(Comparator.comparing(each -> each.example().reply().code()))
            .toList();
    for (int digit : List.of(2, 3, 4, 5, 1)) {
      page.append("### ").append(digit).append("yz\n\n").append(classWords(digit)).append("\n\n");
      codeTable(
          exact.stream().filter(each -> each.example().reply().code() / 100 == digit).toList(),
          each -> Integer.toString(each.example().reply().code()));
    }
  }

  private static String classWords(int digit) {
    return switch (digit) {
      case 1 -> "RFC 5321 has no such replies; HTTP has. A server that says this is out of step.";
      case 2 -> "Done.";
      case 3 -> "Go on.";
      case 4 -> "Not now: the same request may succeed later.";
      default -> "No: the same request will be refused again.";
    };
  }

  private void enhancedCodes() {
    page.append(
        """
        ## Enhanced status codes

        `class.subject.detail` (RFC 3463 and the IANA registry), and a few that only one vendor has. The class repeats the first digit of
        the basic code; [where it does not](#mismatches), the status does not count. What a status means under 4 and under 5 may differ.
        A `*` stands for every detail that has no row of its own. Where nothing is said about what you can do, it is what the
        [cause](#causes) says.

        """);
    List<Reading> statuses =
        readings.stream()
            .filter(each -> each.rule().asksForCodesOnly() && each.rule().codes().namesEnhanced())
            .filter(each -> each.example().reply().enhancedStatus().isPresent())
            .filter(each -> each.rule().conditions().enhanced().orElse("").matches("\\d[.]\\d.*"))
            .sorted(Comparator.comparing(each -> rank(status(each))))
            .toList();
    SUBJECTS.forEach(
        (subject, words) -> {
          page.append("### X.").append(subject).append(": ").append(words).append("\n\n");
          codeTable(
              statuses.stream().filter(each -> status(each).subject() == subject).toList(),
              each -> each.rule().conditions().enhanced().orElse(""));
        });
  }

  private static EnhancedStatus status(Reading reading) {
    return reading.example().reply().enhancedStatus().orElseThrow();
  }

  private static int rank(EnhancedStatus status) {
    return status.subject() * 10_000 + status.detail() * 10 + status.classDigit();
  }

  /** A row of a table of codes; 4yz and 5yz of one status share it if they mean the same. */
  private record CodeRow(
      String codes,
      String stage,
      String meaning,
      Cause cause,
      String action,
      String advice,
      String source) {
    String withoutClass() {
      return codes.replaceAll("\\b[245](?=[.])", "X");
    }

    boolean isTwinOf(CodeRow other) {
      return withoutClass().equals(other.withoutClass())
          && codes.contains(".")
          && stage.equals(other.stage)
          && meaning.equals(other.meaning)
          && cause == other.cause
          && advice.equals(other.advice);
    }

    CodeRow and(CodeRow twin) {
      String actions =
          action.equals(twin.action)
              ? action
              : classOf() + "yz: " + action + "; " + twin.classOf() + "yz: " + twin.action;
      String sources = source.equals(twin.source) ? source : source + "; " + twin.source;
      return new CodeRow(codes + "," + twin.codes, stage, meaning, cause, actions, advice, sources);
    }

    private char classOf() {
      return codes.charAt(0);
    }
  }

  private void codeTable(List<Reading> codes, Function<Reading, String> name) {
    page.append("| code | meaning | cause | Redeliver | what you can do | source |\n");
    page.append("|---|---|---|---|---|---|\n");
    Set<CodeRow> rows = new LinkedHashSet<>();
    for (Reading each : codes) {
      boolean usual = each.read().advice().equals(CauseDefaults.of(each.read().cause()).advice());
      rows.add(
          new CodeRow(
              name.apply(each),
              each.rule().conditions().stage().map(s -> " at " + stages(s)).orElse(""),
              each.read().meaning(),
              each.read().cause(),
              action(each.read()),
              usual ? "" : each.read().advice(),
              each.read().source()));
    }
    List<CodeRow> left = new ArrayList<>(rows);
    while (!left.isEmpty()) {
      CodeRow row = left.remove(0);
      Optional<CodeRow> twin = left.stream().filter(row::isTwinOf).findFirst();
      twin.ifPresent(left::remove);
      CodeRow all = twin.map(row::and).orElse(row);
      row(
          anchors(all.codes())
              + "**"
              + all.codes().replace(",", ", ").replace("*", "\\*")
              + "**"
              + all.stage(),
          all.meaning(),
          link(all.cause()),
          all.action(),
          all.advice(),
          all.source());
    }
    page.append('\n');
  }

  /** The first row of a code has its anchor. */
  private String anchors(String codes) {
    StringBuilder anchors = new StringBuilder();
    for (String code : codes.split(",", -1)) {
      String id = code.strip().replace('.', '-');
      anchors.append(id.endsWith("*") || !anchored.add(id) ? "" : anchor(id));
    }
    return anchors.toString();
  }

  private static String stages(String cell) {
    return Arrays.stream(cell.split(",", -1))
        .map(stage -> stage.strip().toUpperCase(Locale.ROOT))
        .collect(Collectors.joining(", "));
  }

  private void providers() {
    page.append(
        """
        ## Providers

        Wordings, tokens and codes that mean something of their own with one provider. They win over the general reading.

        """);
    for (MailboxProvider provider : MailboxProvider.all()) {
      List<Reading> own =
          readings.stream()
              .filter(Reading::isDecidedByItsRule)
              .filter(each -> isAbout(each.rule(), provider))
              .toList();
      if (!own.isEmpty()) {
        page.append(anchor("provider-" + provider.token())).append("\n\n### ").append(provider);
        page.append("\n\n");
        page.append(
            "| for example | its words | meaning | cause | Redeliver | what you can do |\n");
        page.append("|---|---|---|---|---|---|\n");
        own.forEach(
            each ->
                row(
                    code(each.example()),
                    wordings(each.rule()),
                    each.read().meaning(),
                    link(each.read().cause()),
                    action(each.read()),
                    each.read().advice()));
        page.append("\nSource: ");
        page.append(
            own.stream()
                .map(each -> each.rule().source())
                .distinct()
                .collect(Collectors.joining("; ")));
        page.append(".\n\n");
      }
    }
  }

  /** Tokens that only one provider has need no provider in the table; the id names it. */
  private static boolean isAbout(Rule rule, MailboxProvider provider) {
    return rule.provider().filter(provider::equals).isPresent()
        || (rule.provider().isEmpty() && rule.id().startsWith(provider.token() + "."));
  }

  private static boolean isOfAProvider(Rule rule) {
    return MailboxProvider.all().stream().anyMatch(provider -> isAbout(rule, provider));
  }

  private static String wordings(Rule rule) {
    if (rule.phrase().isEmpty()) {
      return rule.conditions()
          .enhanced()
          .map(status -> "status " + status.replace(",", ", "))
          .orElse("");
    }
    List<String> words =
        rule.phrase().get().alternatives().stream()
            .map(alternative -> alternative.words().replaceAll("\\s*&\\s*!.*", ""))
            .distinct()
            .map(text -> "`" + text + "`")
            .toList();
    String shown = String.join(", ", words.subList(0, Math.min(WORDINGS, words.size())));
    int more = words.size() - WORDINGS;
    return more > 0 ? shown + " and " + more + " more" : shown;
  }

  private void mismatches() {
    page.append(
        """
        ## Mismatches

        Some servers send a status whose class contradicts the basic code. RFC 2034 section 4 forbids that. The basic code decides whether to
        try again, and the status does not count at all: what its other numbers say is as unreliable. Text and stage are read as ever.
        `explain` reports the mismatch, and so does `Evidence.isMismatch()`.

        """);
    page.append(HEADER_OF_READINGS);
    for (String reply :
        List.of(
            "550 4.2.1 The account is inactive",
            "550 4.7.1 Rejected",
            "421 5.7.32 Not now",
            "451 5.1.1 User unknown",
            "450 5.7.1 Access denied")) {
      reading(
          Example.parse(reply), ReplyClassifier.standard().classify(null, SmtpReply.parse(reply)));
    }
    page.append('\n');
  }

  private void reading(Example example, Classification read) {
    row(code(example), read.meaning(), link(read.cause()), action(read), read.advice());
  }

  private void allowList() {
    page.append(
        """
        ## 5yz that are tried again

        A 5yz is final, but for this short list: limits that pass although the server says 5yz. `redeliver.retry.allow-list=false` makes
        every one of them final. *Too many recipients* is no exception in the proper sense: RFC 5321 section 4.5.3.1.10 asks clients to treat
        552 there as if it were 452. [Rules of your own](rules.md) can add to the list.

        """);
    page.append(HEADER_OF_READINGS);
    readings.stream()
        .filter(each -> each.isOf(Severity.PERMANENT) && each.isDecidedByItsRule())
        .filter(
            each ->
                each.read().handling() == Handling.RETRY
                    || each.read().handling() == Handling.RESUME)
        .forEach(each -> reading(each.example(), each.read()));
    page.append('\n');
  }

  private void seldomHealing() {
    page.append(
        """
        ## 4yz that seldom heal

        These are transient by their code, and stay so until somebody does something: empties a mailbox, publishes a record, lifts a
        limit. Redeliver never makes a failure of them. It waits long (lane *slow*), or holds where the set-up is at fault; where *alert*
        stands, you hear of it early.

        """);
    page.append(HEADER_OF_READINGS);
    List<Reading> stuck =
        readings.stream()
            .filter(each -> each.isOf(Severity.TRANSIENT) && each.isDecidedByItsRule())
            .filter(
                each -> each.read().lane() == Lane.SLOW || each.read().handling() == Handling.HOLD)
            .toList();
    stuck.stream()
        .filter(each -> !each.rule().asksForCodesOnly())
        .forEach(each -> reading(each.example(), each.read()));
    page.append("\nBy their codes alone: ");
    page.append(
        stuck.stream()
            .filter(each -> each.rule().asksForCodesOnly())
            .map(
                each ->
                    each.rule().conditions().enhanced().or(() -> each.rule().conditions().basic()))
            .flatMap(Optional::stream)
            .flatMap(codes -> Arrays.stream(codes.split(",", -1)))
            .filter(code -> !code.contains("*"))
            .distinct()
            .map(code -> "[" + code + "](#" + code.replace('.', '-') + ")")
            .collect(Collectors.joining(", ")));
    page.append(".\n\n");
  }

  private void faults() {
    page.append(
        """
        ## No reply at all

        What comes instead of a reply, and what goes wrong on our own side before there is one. If the connection is lost after the content was
        complete, nobody knows whether the server has the message: see [duplicates](../README.md#duplicates-and-partial-recipients).

        | what happened | meaning | cause | Redeliver | what you can do |
        |---|---|---|---|---|
        """);
    for (SmtpFailure failure : BuiltInTable.faults()) {
      Classification read = ReplyClassifier.standard().classify(failure);
      row(what(failure), read.meaning(), link(read.cause()), action(read), read.advice());
    }
  }

  private static String what(SmtpFailure failure) {
    return failure instanceof SmtpFailure.Disconnected lost
        ? lost.fault().words()
        : failure.describe();
  }

  private static String action(Classification read) {
    String alert = read.reputationSignal() ? ", *alert*" : "";
    String lane = " in lane [" + read.lane().token() + "](#lane-" + read.lane().token() + ")";
    return switch (read.handling()) {
      case PROCEED -> "goes on";
      case RETRY ->
          "tries again"
              + (read.lane() == Lane.IMMEDIATE ? "" : lane)
              + (read.severity() == Severity.PERMANENT ? " (allow-list)" : "")
              + alert;
      case RESUME -> "sends the rest" + alert;
      case RECONNECT -> "tries once more" + alert;
      case FAIL -> "fails" + alert;
      case HOLD -> "holds" + alert;
    };
  }

  private static String link(Cause cause) {
    return "[" + cause.token() + "](#" + cause.token() + ")";
  }

  private static String anchor(String id) {
    return "<a id=\"" + id + "\"></a>";
  }

  /** A reply as code, each line of it on a line of its own. */
  private static String code(Example example) {
    return Arrays.stream(example.text().split("\\\\n", -1))
        .map(line -> "`" + line.strip() + "`")
        .collect(Collectors.joining("<br>"));
  }

  private void row(String... cells) {
    page.append('|');
    for (String cell : cells) {
      page.append(' ').append(cell.replace("|", "\\|")).append(cell.isEmpty() ? "|" : " |");
    }
    page.append('\n');
  }
}
