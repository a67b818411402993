package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpReply;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/** Every registered code, and every code of the article that the project starts from. */
class RegisteredCodesTest {
  @ParameterizedTest(name = "{1} {2} is {3}")
  @CsvFileSource(resources = "registered-codes.tsv", delimiter = '\t', numLinesToSkip = 2)
  void code_withoutText_hasSeverityCauseAndExplanation(
      String kind, String basic, String enhanced, String severity, String cause) {
    SmtpReply reply =
        SmtpReply.parse(basic + (enhanced.equals("-") ? "" : " " + enhanced) + " text");

    Classification read = ReplyClassifier.standard().classify(null, reply);

    assertThat(read.severity()).isEqualTo(Severity.valueOf(severity.toUpperCase(Locale.ROOT)));
    if (!cause.equals("-")) {
      assertThat(read.cause().token()).as(read.ruleId()).isEqualTo(cause);
    }
    assertThat(read.meaning()).matches("[A-Z].*[.]");
    assertThat(read.advice()).matches("[A-Z].*[.]");
    assertThat(read.source()).isNotBlank();
    if (kind.equals("reply")) {
      assertThat(read.ruleId()).startsWith("basic." + basic);
    }
  }
}
