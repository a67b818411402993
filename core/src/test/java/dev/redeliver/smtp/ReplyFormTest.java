package dev.redeliver.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplyFormTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          250 2.0.0 Ok | 250 | 2.0.0 | Ok | -
          250 | 250 | - | '' | -
          450-4.2.1 first\\n450 4.2.1 last | 450 | 4.2.1 | first last | -
          450-4.2.1 first\\n550 5.1.1 last | 550 | 5.1.1 | first last | line 2 says 550 after 450; the last line decides
          500.0 internal | 500 | - | 0 internal | '.' after the code
          500 5.0 error | 500 | - | 5.0 error | '5.0' is not an enhanced status
          550 #5.1.1 gone | 550 | 5.1.1 | gone | -
          550 (5.1.1) gone | 550 | 5.1.1 | gone | -
          354 2.0.0 go ahead | 354 | - | 2.0.0 go ahead | -
          550 4.2.1 mixed | 550 | 4.2.1 | mixed | -
          4.7.32 lost its code | 0 | 4.7.32 | lost its code | no three-digit code from 100 to 599
          HTTP/1.1 400 Bad Request | 0 | - | HTTP/1.1 400 Bad Request | no three-digit code from 100 to 599
          999 what | 0 | - | 999 what | no three-digit code from 100 to 599
          250-more | 250 | - | more | the last line says that more follows
          550 5.1.1234 long | 550 | - | 5.1.1234 long | '5.1.1234' is not an enhanced status
          """)
  void parse_anyForm_isReadAsWellAsItCan(
      String raw, int code, String status, String text, String malformation) {
    SmtpReply reply = SmtpReply.parse(raw.replace("\\n", "\r\n"));

    assertThat(reply.code()).isEqualTo(code);
    assertThat(reply.enhancedStatus().map(EnhancedStatus::toString).orElse(null)).isEqualTo(status);
    assertThat(reply.text()).isEqualTo(text);
    assertThat(reply.malformation().orElse(null)).isEqualTo(malformation);
  }

  @Test
  void parse_controlAndDirectionCharacters_becomeSpaces() {
    assertThat(SmtpReply.parse("550 a\u0007b\u202Ec\u001B[31md\u2028e").toString())
        .isEqualTo("550 a b c [31md e");
  }

  /** A pair that was cut in two left half a character in the text, or one too many. */
  @Test
  void parse_pairOfSurrogates_staysTogetherOrBecomesSpace() {
    SmtpReply reply = SmtpReply.parse("450\uD83D\uDE00 later");
    assertThat(reply.toString()).isEqualTo("450 later");
    assertThat(reply.malformation()).contains("'\uD83D\uDE00' after the code");

    String filler = "x".repeat(SmtpReply.MAX_LINE_LENGTH - 5);
    assertThat(SmtpReply.parse("450 " + filler + "\uD83D\uDE00").text()).isEqualTo(filler);
  }

  @Test
  void parse_tooMuch_keepsWhatIsBounded() {
    SmtpReply reply = SmtpReply.parse("550-" + "x".repeat(5000) + "\r\n" + "550-y\r\n".repeat(500));

    assertThat(reply.lines()).hasSize(SmtpReply.MAX_LINES);
    assertThat(reply.lines().get(0).length()).isLessThanOrEqualTo(SmtpReply.MAX_LINE_LENGTH);
    assertThat(reply.isMalformed()).isTrue();
  }

  @Test
  void parse_anyBytes_neverThrows() {
    long seed = 7;
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(60)];
      random.nextBytes(bytes);
      SmtpReply reply = SmtpReply.parse(bytes);
      assertThat(reply.severity()).as("seed " + seed + ", round " + i).isNotNull();
      assertThat(reply.toString()).doesNotContain("\n", "\r");
    }
  }
}
