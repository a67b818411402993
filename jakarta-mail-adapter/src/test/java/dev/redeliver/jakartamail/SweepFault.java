package dev.redeliver.jakartamail;

import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a server does instead of its normal answer, and where that makes sense. */
enum SweepFault {
  TEMPORARY("4yz", SmtpAction.reply("451 4.3.0 local error in processing")),
  PERMANENT("5yz", SmtpAction.reply("554 5.7.1 not wanted here")),
  CLOSING("421, FIN", SmtpAction.reply("421 4.3.2 shutting down"), SmtpAction.close()),
  CLOSING_RESET("421, RST", SmtpAction.reply("421 4.3.2 shutting down"), SmtpAction.reset()),
  TEMPORARY_RESET("4yz, RST", SmtpAction.reply("451 4.3.0 local error"), SmtpAction.reset()),
  MULTI_LINE("4yz, two lines", SmtpAction.reply("451-4.3.0 local error", "451 4.3.0 so there")),
  BARE_CODE("code alone", SmtpAction.reply("451")),
  MALFORMED("malformed", SmtpAction.reply("25 0 OK")),
  GARBAGE("garbage", SmtpAction.raw(Lines.GARBAGE)),
  HALF_LINE("half a line, FIN", SmtpAction.raw("45"), SmtpAction.close()),
  STALL("stall", SmtpAction.stall()),
  FIN("FIN", SmtpAction.close()),
  RST("RST", SmtpAction.reset()),
  /** The normal answer, each byte by a write of its own. */
  SPLIT("normal, split"),
  SPLIT_REFUSAL("4yz, split", SmtpAction.raw(Lines.bytes("451-4.3.0 no\r\n451 4.3.0 not now\r\n"))),
  ACCEPTED_FIN("accepted, FIN", SmtpAction.accept(), SmtpAction.close()),
  ACCEPTED_RST("accepted, RST", SmtpAction.accept(), SmtpAction.reset()),
  ACCEPTED_STALL("accepted, stall", SmtpAction.accept(), SmtpAction.stall()),
  ACCEPTED_GARBAGE("accepted, garbage", SmtpAction.accept(), SmtpAction.raw(Lines.GARBAGE)),
  OTHER_2YZ("251", SmtpAction.reply("251 2.5.0 will forward")),
  OK_RESET("2yz, RST", SmtpAction.reply("250 2.0.0 OK"), SmtpAction.reset());

  /** What a server says when all is well. */
  static final Map<Stage, String> NORMAL =
      Map.ofEntries(
          Map.entry(Stage.GREETING, "220 localhost ESMTP ready\r\n"),
          Map.entry(Stage.EHLO, "250-localhost\r\n250-8BITMIME\r\n250 SIZE\r\n"),
          Map.entry(Stage.STARTTLS, "220 2.0.0 Ready to start TLS\r\n"),
          Map.entry(Stage.AUTH, "235 2.7.0 Welcome\r\n"),
          Map.entry(Stage.MAIL, "250 2.1.0 OK\r\n"),
          Map.entry(Stage.RCPT, "250 2.1.5 OK\r\n"),
          Map.entry(Stage.DATA, "354 Go on\r\n"),
          Map.entry(Stage.END_OF_DATA, "250 2.0.0 OK\r\n"),
          Map.entry(Stage.RSET, "250 2.0.0 OK\r\n"),
          Map.entry(Stage.QUIT, "221 2.0.0 Bye\r\n"));

  private static final Set<SweepFault> OF_VERDICT =
      EnumSet.of(ACCEPTED_FIN, ACCEPTED_RST, ACCEPTED_STALL, ACCEPTED_GARBAGE, OTHER_2YZ, OK_RESET);

  private static final Set<SweepFault> WITHOUT_WORDS = EnumSet.of(STALL, FIN, RST);

  private static final Set<SweepFault> WITH_END =
      EnumSet.of(CLOSING, CLOSING_RESET, TEMPORARY_RESET, STALL, FIN, RST);

  /** For tables. */
  final String words;

  @SuppressWarnings("ImmutableEnumChecker") // actions are immutable
  private final List<SmtpAction> actions;

  SweepFault(String words, SmtpAction... actions) {
    this.words = words;
    this.actions = List.of(actions);
  }

  /** {@return what the server does at that stage} */
  List<SmtpAction> at(Stage stage) {
    return this == SPLIT ? List.of(SmtpAction.raw(Lines.bytes(normal(stage)))) : actions;
  }

  private static String normal(Stage stage) {
    return Optional.ofNullable(NORMAL.get(stage)).orElseThrow();
  }

  /** {@return why the fault makes no sense at that stage; empty if it does} */
  Optional<String> leftOutAt(Stage stage) {
    if (OF_VERDICT.contains(this) && stage != Stage.END_OF_DATA) {
      return Optional.of("only the final dot can be followed by an acceptance");
    }
    if (stage == Stage.CONNECT && !WITHOUT_WORDS.contains(this)) {
      return Optional.of("nothing is answered to a connection; the greeting is a stage of its own");
    }
    if (stage == Stage.CONTENT && !WITH_END.contains(this)) {
      return Optional.of(
          "nobody can tell a reply before the dot from one after it, unless the server ends there");
    }
    return Optional.empty();
  }

  private static final Set<SweepFault> ALL_WELL = EnumSet.of(SPLIT, OTHER_2YZ, OK_RESET);

  private static final Set<SweepFault> WITH_RESET =
      EnumSet.of(CLOSING_RESET, TEMPORARY_RESET, RST, ACCEPTED_RST, OK_RESET);

  private static final Set<SweepFault> ANSWERS =
      EnumSet.of(
          TEMPORARY, PERMANENT, MULTI_LINE, BARE_CODE, MALFORMED, GARBAGE, SPLIT, SPLIT_REFUSAL);

  private static final Set<SweepFault> SILENT =
      EnumSet.of(
          MALFORMED,
          GARBAGE,
          HALF_LINE,
          STALL,
          FIN,
          RST,
          ACCEPTED_FIN,
          ACCEPTED_RST,
          ACCEPTED_STALL,
          ACCEPTED_GARBAGE);

  /** {@return whether it is no fault for a client that knows its business} */
  boolean isNormal() {
    return ALL_WELL.contains(this);
  }

  /** {@return whether a line comes, and the connection stays} */
  boolean isAnswer() {
    return ANSWERS.contains(this);
  }

  /** {@return whether no reply comes that can be read} */
  boolean isSilent() {
    return SILENT.contains(this);
  }

  /** {@return whether a reset may overtake what was said before it} */
  boolean mayOvertake() {
    return WITH_RESET.contains(this);
  }

  boolean isSlow() {
    return this == STALL || this == ACCEPTED_STALL;
  }

  /** Texts for the constants, which come first. */
  private static final class Lines {
    static final String GARBAGE = "HTTP/1.1 \u001b[31m400\u0007 " + "x".repeat(3_000) + "\r\n";

    static byte[][] bytes(String text) {
      byte[] all = text.getBytes(StandardCharsets.US_ASCII);
      byte[][] each = new byte[all.length][];
      for (int i = 0; i < all.length; i++) {
        each[i] = new byte[] {all[i]};
      }
      return each;
    }
  }
}
