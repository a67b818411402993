package dev.redeliver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The server's turn at one stage: the normal answer, and what is answered instead. */
final class Turn {
  private final Session session;
  private final Stage stage;
  private final @Nullable String normal;
  private boolean settled;
  private int code;

  /**
   * @param normal the normal answer, or null where there is none
   */
  Turn(Session session, Stage stage, @Nullable String normal) {
    this.session = session;
    this.stage = stage;
    this.normal = normal;
  }

  /** {@return the code of the first reply that was sent, or 0 if none was} */
  int play(List<SmtpAction> actions) throws IOException, InterruptedException {
    for (SmtpAction action : actions) {
      if (session.isOpen()) {
        action.perform(this);
      }
    }
    if (!settled) {
      proceed();
    }
    return session.isOpen() ? code : 0;
  }

  void answer(List<byte[]> writes) throws IOException {
    settled = true;
    String text = text(writes);
    if (code == 0) {
      code = codeOf(text);
      session.answering(stage, code);
    }
    session.send(text, writes);
  }

  void proceed() throws IOException {
    settled = true;
    if (normal != null) {
      answer(List.of((normal + "\r\n").getBytes(UTF_8)));
    }
  }

  void silence() {
    settled = true;
  }

  void stall() throws IOException {
    settled = true;
    session.stall();
  }

  void close() throws IOException {
    settled = true;
    session.close();
  }

  void reset() throws IOException {
    settled = true;
    session.reset();
  }

  void accept() {
    session.acceptMessage();
  }

  void startTls() throws IOException {
    session.startTls();
  }

  private static String text(List<byte[]> writes) {
    StringBuilder text = new StringBuilder();
    writes.forEach(bytes -> text.append(new String(bytes, UTF_8)));
    return text.toString();
  }

  private static int codeOf(String text) {
    boolean numeric =
        text.length() >= 3 && text.chars().limit(3).allMatch(c -> c >= '0' && c <= '9');
    return numeric ? Integer.parseInt(text.substring(0, 3)) : 0;
  }
}
