package dev.redeliver.outbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** How the parameters of a message's envelope are stored: a version, then names and values. */
final class Parameters {
  private static final String VERSION = "1";

  private Parameters() {}

  static String format(Map<String, String> parameters) {
    return new TreeMap<>(parameters)
        .entrySet().stream()
            .map(each -> encode(each.getKey()) + '=' + encode(each.getValue()))
            .collect(Collectors.joining("&", VERSION + "&", ""));
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, UTF_8);
  }

  /**
   * {@return what was stored}
   *
   * @throws OutboxException if a newer version wrote it, or it was changed
   */
  static Map<String, String> parse(String stored) {
    String[] parts = stored.split("&", -1);
    if (!parts[0].equals(VERSION)) {
      throw new OutboxException(
          "parameters have version '" + parts[0] + "', and this release knows " + VERSION);
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      if (equals > 0) {
        parameters.put(
            decode(parts[i].substring(0, equals)), decode(parts[i].substring(equals + 1)));
      }
    }
    return parameters;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, UTF_8);
    } catch (IllegalArgumentException e) {
      throw new OutboxException("'" + text + "' is no part of parameters", e);
    }
  }
}
