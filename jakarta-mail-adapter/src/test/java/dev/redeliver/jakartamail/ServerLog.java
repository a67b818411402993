package dev.redeliver.jakartamail;

import dev.redeliver.testkit.ReceivedMessage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.TranscriptEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What one or more servers saw, which no client can talk its way out of. */
final class ServerLog {
  private final List<ReceivedMessage> accepted = new ArrayList<>();
  private final List<ReceivedMessage> rejected = new ArrayList<>();
  private final Map<String, List<String>> asked = new HashMap<>();
  private final Map<String, List<String>> delivered = new HashMap<>();
  private final StringBuilder text = new StringBuilder();

  /** Reads what is recorded so far; the connections should have been closed. */
  ServerLog(ScriptedSmtpServer... servers) {
    for (ScriptedSmtpServer server : servers) {
      read(server);
    }
  }

  private void read(ScriptedSmtpServer server) {
    accepted.addAll(server.accepted());
    rejected.addAll(server.rejected());
    for (ReceivedMessage message : server.accepted()) {
      String transaction = server.port() + "/" + message.transaction();
      message.recipients().forEach(to -> put(delivered, to, transaction));
    }
    Map<Integer, Integer> transactions = new HashMap<>();
    int count = 0;
    for (TranscriptEntry entry : server.transcript()) {
      text.append(entry.connection()).append(' ').append(entry.direction()).append(' ');
      text.append(entry.line()).append('\n');
      if (entry.direction() != TranscriptEntry.Direction.CLIENT) {
        continue;
      }
      if (entry.line().startsWith("MAIL ")) {
        count++;
        transactions.put(entry.connection(), count);
      } else if (entry.line().startsWith("RCPT TO:<")) {
        String to = entry.line().substring(9, entry.line().indexOf('>'));
        put(asked, to, server.port() + "/" + transactions.getOrDefault(entry.connection(), 0));
      }
    }
  }

  private static void put(Map<String, List<String>> map, String key, String value) {
    map.computeIfAbsent(key, unused -> new ArrayList<>()).add(value);
  }

  /** {@return all content that came, taken or not} */
  List<ReceivedMessage> contents() {
    return Stream.concat(accepted.stream(), rejected.stream()).toList();
  }

  /** {@return the transactions in which a recipient was named, in order} */
  List<String> asked(String recipient) {
    return asked.getOrDefault(recipient, List.of());
  }

  /** {@return the transactions in which a server took responsibility for a recipient} */
  List<String> delivered(String recipient) {
    return delivered.getOrDefault(recipient, List.of());
  }

  /** {@return the dialogues, for people} */
  @Override
  public String toString() {
    return text.toString();
  }
}
