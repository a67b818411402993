package dev.redeliver.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressLogTest {
  @ParameterizedTest
  @CsvSource({
    "bob@example.org, b***@example.org",
    "b@example.org, b***@example.org",
    "\"a@b\"@example.org, '\"***@example.org'",
    "\ud83d\ude00x@example.org, \ud83d\ude00***@example.org",
    "@example.org, ***@example.org",
    "postmaster, p***",
    "'', ***"
  })
  void shown_masked_keepsFirstCharacterAndDomain(String address, String shown) {
    assertThat(AddressLog.MASKED.shown(address)).isEqualTo(shown);
  }

  @Test
  void shown_noneOrFull_isNothingOrAll() {
    assertThat(AddressLog.NONE.shown("bob@example.org")).isEqualTo("***");
    assertThat(AddressLog.FULL.shown("bob@example.org")).isEqualTo("bob@example.org");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "550 <bob@example.org>: unknown | 550 <b***@example.org>: unknown",
        "550 BOB@EXAMPLE.ORG unknown | 550 b***@example.org unknown",
        "550 User bob unknown, Bob | 550 User b*** unknown, b***",
        "550 bobsled is no word of ours | 550 bobsled is no word of ours",
        "550 write to help@example.com. | 550 write to h***@example.com.",
        "550 a@b@c(d@e) | 550 a***@c(d***@e)",
        "550 nobody at all | 550 nobody at all"
      })
  void shownIn_masked_findsWhomItIsAboutAndOthers(String text, String shown) {
    assertThat(AddressLog.MASKED.shownIn(text, List.of("bob@example.org"))).isEqualTo(shown);
  }

  @Test
  void shownIn_quotedLocalPart_isFound() {
    assertThat(
            AddressLog.MASKED.shownIn(
                "no \"bob smith\"@example.org here", List.of("\"bob smith\"@example.org")))
        .isEqualTo("no \"***@example.org here");
  }

  @Test
  void shownIn_shortNameAndDollar_isTakenAsItIs() {
    assertThat(AddressLog.MASKED.shownIn("it is $1 for it", List.of("it@example.org")))
        .isEqualTo("it is $1 for it");
    assertThat(AddressLog.NONE.shownIn("a$1b has gone", List.of("a$1b@example.org")))
        .isEqualTo("*** has gone");
    assertThat(AddressLog.MASKED.shownIn("$1$1 has gone", List.of("$1$1@example.org")))
        .isEqualTo("$*** has gone");
  }

  @Test
  void shownIn_noneOrFull_isNothingOrAll() {
    String text = "<bob@example.org> bob";

    assertThat(AddressLog.NONE.shownIn(text, List.of())).isEqualTo("<***> bob");
    assertThat(AddressLog.FULL.shownIn(text, List.of("bob@example.org"))).isEqualTo(text);
  }
}
