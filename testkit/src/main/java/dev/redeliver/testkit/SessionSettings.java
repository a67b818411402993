package dev.redeliver.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * What a session offers. Immutable.
 *
 * @param keywords the lines of the EHLO reply
 * @param credentials user names and their secrets; empty to take any
 * @param implicitTls whether the connection begins with a handshake
 */
record SessionSettings(
    List<String> keywords, Map<String, String> credentials, boolean implicitTls) {
  SessionSettings {
    keywords = List.copyOf(keywords);
    credentials = Map.copyOf(credentials);
  }

  boolean offers(String keyword) {
    return keywords.stream().anyMatch(line -> words(line).get(0).equals(keyword));
  }

  boolean offersMechanism(String mechanism) {
    return keywords.stream()
        .map(SessionSettings::words)
        .anyMatch(words -> words.get(0).equals("AUTH") && words.lastIndexOf(mechanism) > 0);
  }

  boolean accepts(Sasl.Credentials given) {
    return credentials.isEmpty() || Objects.equals(credentials.get(given.user()), given.secret());
  }

  private static List<String> words(String line) {
    return Arrays.asList(line.toUpperCase(Locale.ROOT).split(" ", -1));
  }
}
