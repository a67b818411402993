package dev.redeliver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReceivedMessageTest {
  private static ReceivedMessage message(String content) {
    return new ReceivedMessage(1, 2, "a@x", List.of("b@x"), content.getBytes(UTF_8));
  }

  @Test
  void header_isUnfolded_andLookedForInTheHeaderOnly() {
    ReceivedMessage message =
        message("message-id:\r\n <1@x>\r\nSubject: a\r\n\tb\r\n\r\nBody: not a header\r\n");
    assertThat(message.messageId()).contains("<1@x>");
    assertThat(message.header("SUBJECT")).contains("a\tb");
    assertThat(message.header("Body")).isEmpty();
    assertThat(message.header("Sub")).isEmpty();
  }

  @Test
  void content_isCopied() {
    ReceivedMessage message = message("body");
    message.content()[0] = 'x';
    assertThat(message.text()).isEqualTo("body");
  }

  @Test
  void toString_tellsTheEnvelope() {
    assertThat(message("Message-ID: <1@x>\r\n\r\n"))
        .hasToString(
            "ReceivedMessage[connection=1, transaction=2, mailFrom=<a@x>, recipients=[b@x], <1@x>,"
                + " 21 bytes]");
  }
}
