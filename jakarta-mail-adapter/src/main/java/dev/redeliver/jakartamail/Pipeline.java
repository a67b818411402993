package dev.redeliver.jakartamail;

import jakarta.mail.MessagingException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The commands of one transaction, sent in groups without waiting for each answer (RFC 2920). Every
 * answer is recorded with the command that it belongs to: answers come in the order of commands.
 * Not thread-safe: guarded by the transport.
 *
 * <p>What is sent and not answered yet is bounded, so that its octets fit into the buffers of the
 * sockets: a server that writes answers nobody reads would stop reading, and both sides would wait
 * for ever.
 */
final class Pipeline {
  /** Less than any send buffer holds, so that writing never waits for the server. */
  private static final int MAX_OCTETS = 16 * 1024;

  /** With answers of 512 octets each, the longest that RFC 5321 allows, 64 KiB. */
  private static final int MAX_COMMANDS = 128;

  /** The connection that the commands go over. */
  interface Wire {
    /** Writes commands, if possible by one write. */
    void write(List<String> commands) throws MessagingException;

    /** Reads one answer and records it for the command. */
    void read(String command) throws MessagingException;
  }

  private final Wire wire;
  private final SmtpRecord record;
  private final List<String> unsent = new ArrayList<>();
  private final ArrayDeque<String> unanswered = new ArrayDeque<>();
  private int octets;

  Pipeline(Wire wire, SmtpRecord record) {
    this.wire = wire;
    this.record = record;
  }

  /**
   * Takes a command, which goes out now or later. Before the bound is crossed, half of what is
   * under way is awaited.
   *
   * @throws MessagingException if the command cannot be sent, the connection is of no more use, or
   *     the sender was refused
   */
  void add(String command) throws MessagingException {
    refuseLineEnds(command);
    if (isFull(command)) {
      flush();
      await(MAX_COMMANDS / 2, MAX_OCTETS / 2);
      if (record.isSenderRefused()) {
        await(0, 0);
        throw new MessagingException("the sender was refused");
      }
    }
    unsent.add(command);
    octets += command.length();
  }

  private boolean isFull(String command) {
    return unsent.size() + unanswered.size() >= MAX_COMMANDS
        || octets + command.length() > MAX_OCTETS;
  }

  /** As the mail library does: a line end inside would smuggle a second command. */
  private static void refuseLineEnds(String command) throws MessagingException {
    if (command.indexOf('\r') >= 0 || command.indexOf('\n') >= 0) {
      throw new MessagingException(
          "Can't send command to SMTP host",
          new IllegalArgumentException("Command contains a line end"));
    }
  }

  /**
   * Sends what is left, and reads all answers.
   *
   * @param last one more command; null for none
   */
  void finish(@Nullable String last) throws MessagingException {
    if (last != null) {
      add(last);
    }
    flush();
    await(0, 0);
  }

  private void flush() throws MessagingException {
    if (unsent.isEmpty()) {
      return;
    }
    unanswered.addAll(unsent);
    List<String> group = List.copyOf(unsent);
    unsent.clear();
    try {
      wire.write(group);
    } catch (MessagingException e) {
      hearLastWords(e);
      throw e;
    }
  }

  /** A server that has closed the connection may have said why, before. */
  private void hearLastWords(MessagingException problem) {
    try {
      await(0, 0);
    } catch (MessagingException end) {
      if (end != problem) {
        problem.addSuppressed(end);
      }
    }
  }

  private void await(int commands, int under) throws MessagingException {
    while (unanswered.size() > commands || (octets > under && !unanswered.isEmpty())) {
      String command = unanswered.remove();
      octets -= command.length();
      wire.read(command);
      if (record.isUnusable()) {
        throw new MessagingException("the connection is of no more use");
      }
    }
  }
}
