package dev.redeliver.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SmtpScriptTest {
  private static SmtpScript script(Stage stage) {
    return new SmtpScript(stage, effective -> {});
  }

  @ParameterizedTest
  @MethodSource
  void misuse_isRefused(String message, ThrowingCallable misuse) {
    assertThatIllegalArgumentException().isThrownBy(misuse).withMessage(message);
  }

  static Stream<Arguments> misuse_isRefused() {
    return Stream.of(
        refused("to needs stage RCPT or later, was MAIL", () -> script(Stage.MAIL).to("a@x")),
        refused("from needs stage MAIL or later, was EHLO", () -> script(Stage.EHLO).from("a@x")),
        refused(
            "message needs stage END_OF_DATA, was DATA", () -> script(Stage.DATA).message("<1@x>")),
        refused("afterBytes needs stage CONTENT, was DATA", () -> script(Stage.DATA).afterBytes(1)),
        refused(
            "afterBytes must not be negative, was -1", () -> script(Stage.CONTENT).afterBytes(-1)),
        refused("skip must not be negative, was -1", () -> script(Stage.NOOP).skip(-1)),
        refused("times must be at least 1, was 0", () -> script(Stage.NOOP).times(0)),
        refused("onConnection must be at least 1, was 0", () -> script(Stage.NOOP).onConnection(0)),
        refused(
            "onTransaction must be at least 1, was 0", () -> script(Stage.NOOP).onTransaction(0)),
        refused(
            "onTransactionOfConnection must be at least 1, was 0",
            () -> script(Stage.NOOP).onTransactionOfConnection(0)),
        refused(
            "dropThenClose needs stage END_OF_DATA, was RCPT",
            () -> script(Stage.RCPT).dropThenClose()),
        refused(
            "dropThenReset needs stage END_OF_DATA, was RCPT",
            () -> script(Stage.RCPT).dropThenReset()),
        refused(
            "accept needs stage END_OF_DATA, was RCPT", () -> script(Stage.RCPT).acceptThenClose()),
        refused("reply needs at least one line, got none", () -> script(Stage.RCPT).reply()),
        refused("raw needs at least one piece, got none", () -> SmtpAction.raw(new byte[0][])),
        refused(
            "delay must not be negative, was PT-1S",
            () -> script(Stage.RCPT).delay(Duration.ofSeconds(-1))),
        refused(
            "port must be 0 to 65535, was 65536", () -> ScriptedSmtpServer.builder().port(65_536)));
  }

  private static Arguments refused(String message, ThrowingCallable misuse) {
    return Arguments.of(message, misuse);
  }

  @Test
  void then_calledTwice_isRefused() {
    SmtpScript script = script(Stage.NOOP);
    script.close();
    assertThatIllegalStateException()
        .isThrownBy(script::reset)
        .withMessage("script already in effect: NOOP 1 times [close]");
  }

  @Test
  void toString_tellsConditionsUsesAndActions() {
    SmtpScript script = script(Stage.RCPT).from("a@x").to("b@x").onConnection(2).always();
    script.then(SmtpAction.delay(Duration.ofSeconds(1)), SmtpAction.reply("450-a", "450 b"));
    assertThat(script)
        .hasToString(
            "RCPT from <a@x> to <b@x> connection 2 always [delay PT1S, reply [450-a, 450 b]]");
  }
}
