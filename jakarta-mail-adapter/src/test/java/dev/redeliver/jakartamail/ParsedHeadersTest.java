package dev.redeliver.jakartamail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.mail.Session;
import jakarta.mail.internet.InternetHeaders;
import java.io.ByteArrayInputStream;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The library's own way of reading headers is the measure. */
class ParsedHeadersTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\r\n",
        "Subject: a\r\n\r\nbody",
        "Subject: a\nTo: b\n\nbody",
        "Subject: a\rTo: b\r\rbody",
        "Subject: a\r\n b\r\n\tc\r\nTo: d\r\n\r\nbody",
        " not a continuation\r\nSubject: a\r\n\r\nbody",
        "\tTo: x\r\n more\r\nSubject: a\r\n\r\nbody",
        "Subject: a",
        "Subject: a\r\n b",
        "no colon\r\nSubject: a\r\n\r\nbody",
        "Received: 1\r\nReceived: 2\r\nFrom: a\r\nReceived: 3\r\n\r\nbody",
        "Subject: Grüße\r\n\r\nbody",
        "Subject: a\r\n \r\nTo: b\r\n\r\nbody"
      })
  void of_readsAsTheLibraryDoes(String text) throws Exception {
    for (boolean utf8 : new boolean[] {false, true}) {
      for (byte[] octets : List.of(text.getBytes(UTF_8), text.getBytes(ISO_8859_1))) {
        ByteArrayInputStream in = new ByteArrayInputStream(octets);
        ByteArrayInputStream same = new ByteArrayInputStream(octets);

        InternetHeaders headers = ParsedHeaders.of(in, session(utf8));
        InternetHeaders expected = new InternetHeaders(same, utf8);

        assertThat(Collections.list(headers.getAllHeaderLines()))
            .isEqualTo(Collections.list(expected.getAllHeaderLines()));
        assertThat(in.readAllBytes()).isEqualTo(same.readAllBytes());
      }
    }
  }

  private static Session session(boolean utf8) {
    Properties properties = new Properties();
    properties.setProperty("mail.mime.allowutf8", Boolean.toString(utf8));
    return Session.getInstance(properties);
  }
}
