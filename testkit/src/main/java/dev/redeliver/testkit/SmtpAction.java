package dev.redeliver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Something a {@link ScriptedSmtpServer} does at a {@link Stage}; actions given together are done
 * in order. If none of them answers or ends the connection, the normal answer follows. Immutable
 * and thread-safe.
 *
 * <pre>{@code
 * server.on(Stage.END_OF_DATA).then(SmtpAction.accept(), SmtpAction.reset());
 * server.on(Stage.MAIL).then(SmtpAction.reply("421 4.3.2 shutting down"), SmtpAction.close());
 * }</pre>
 */
public final class SmtpAction {
  private final String description;
  private final Step step;
  private final boolean verdictOnly;

  /** What an action does. */
  @FunctionalInterface
  interface Step {
    void perform(Turn turn) throws IOException, InterruptedException;
  }

  private SmtpAction(String description, Step step) {
    this(description, step, false);
  }

  private SmtpAction(String description, Step step, boolean verdictOnly) {
    this.description = description;
    this.step = step;
    this.verdictOnly = verdictOnly;
  }

  /**
   * Sends a reply in one write. The first reply of a turn decides what it meant: whether a sender,
   * recipient or message was accepted, and whether content, credentials or a handshake follow. A
   * scripted {@code 421} does not close the connection; add {@link #close()}.
   *
   * @param lines the lines, without their ends, sent as they are: {@code "450-wait", "450 a bit"}
   * @throws IllegalArgumentException if there is no line
   */
  public static SmtpAction reply(String... lines) {
    List<String> reply = List.of(lines);
    if (reply.isEmpty()) {
      throw new IllegalArgumentException("reply needs at least one line, got none");
    }
    byte[] bytes = (String.join("\r\n", reply) + "\r\n").getBytes(UTF_8);
    return new SmtpAction("reply " + reply, turn -> turn.answer(List.of(bytes)));
  }

  /**
   * Sends text as it is, with no line end added, and each piece by a TCP write of its own. Counts
   * as a reply. Put a {@link #delay} between two of these to have the pieces arrive apart.
   *
   * @param pieces what to send, in order, encoded as UTF-8
   */
  public static SmtpAction raw(String... pieces) {
    return raw(Arrays.stream(pieces).map(piece -> piece.getBytes(UTF_8)).toArray(byte[][]::new));
  }

  /**
   * Sends bytes as they are, each piece by a TCP write of its own. Counts as a reply.
   *
   * @param pieces what to send, in order
   * @throws IllegalArgumentException if there is no piece
   */
  public static SmtpAction raw(byte[]... pieces) {
    if (pieces.length == 0) {
      throw new IllegalArgumentException("raw needs at least one piece, got none");
    }
    List<byte[]> writes = Arrays.stream(pieces).map(byte[]::clone).toList();
    return new SmtpAction("raw " + writes.size() + " writes", turn -> turn.answer(writes));
  }

  /**
   * Waits, in real time.
   *
   * @param duration how long; not negative
   * @throws IllegalArgumentException if it is negative
   */
  public static SmtpAction delay(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("delay must not be negative, was " + duration);
    }
    return new SmtpAction("delay " + duration, turn -> Thread.sleep(duration.toMillis()));
  }

  /** Never answers; swallows what the client sends until it goes away or the server stops. */
  public static SmtpAction stall() {
    return new SmtpAction("stall", Turn::stall);
  }

  /**
   * Ends the connection with a FIN. What the client still sends is thrown away, so that it reads an
   * end of stream and never a reset.
   */
  public static SmtpAction close() {
    return new SmtpAction("close", Turn::close);
  }

  /** Ends the connection with a RST. */
  public static SmtpAction reset() {
    return new SmtpAction("reset", Turn::reset);
  }

  /** Does what the server would do without a script. */
  public static SmtpAction proceed() {
    return new SmtpAction("proceed", Turn::proceed);
  }

  /** Answers nothing and goes on reading. */
  public static SmtpAction silence() {
    return new SmtpAction("silence", Turn::silence);
  }

  /** Records the message as accepted, before or without a reply; for {@link Stage#END_OF_DATA}. */
  public static SmtpAction accept() {
    return new SmtpAction("accept", Turn::accept, true);
  }

  /** Does the TLS handshake at this point; by itself it follows a {@code 220} to STARTTLS. */
  public static SmtpAction startTls() {
    return new SmtpAction("startTls", Turn::startTls);
  }

  /**
   * Runs code of the test in the connection's thread, which waits for it. What it throws ends the
   * connection and is kept in {@link ScriptedSmtpServer#failures()}.
   *
   * @param hook the code
   */
  public static SmtpAction run(Runnable hook) {
    Objects.requireNonNull(hook, "hook");
    return new SmtpAction("run", turn -> hook.run());
  }

  void requireFits(Stage stage) {
    if (verdictOnly && stage != Stage.END_OF_DATA) {
      throw new IllegalArgumentException(
          "%s needs stage END_OF_DATA, was %s".formatted(description, stage));
    }
  }

  void perform(Turn turn) throws IOException, InterruptedException {
    step.perform(turn);
  }

  @Override
  public String toString() {
    return description;
  }
}
