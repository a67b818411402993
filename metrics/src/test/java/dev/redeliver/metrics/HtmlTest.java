package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HtmlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "<img src=x onerror=alert(1)> | &lt;img src=x onerror=alert(1)&gt;",
        "\" onmouseover='x' & &lt; | &quot; onmouseover=&#39;x&#39; &amp; &amp;lt;",
        "a\u202eb\u2066c\u200bd | a\\u{202e}b\\u{2066}c\\u{200b}d",
        "a\u0000b\u001bc\u007fd\u0085e\u2028f | a\\u{0}b\\u{1b}c\\u{7f}d\\u{85}e\\u{2028}f",
        "a\ud800b\ue000c\uffffd | a\\u{d800}b\\u{e000}c\\u{ffff}d",
        "Zürich 東京 \ud83d\ude00 | Zürich 東京 \ud83d\ude00"
      })
  void escape_ofAnything_isTextThatCanBeSeen(String text, String html) {
    assertThat(Html.escape(text)).isEqualTo(html);
  }
}
