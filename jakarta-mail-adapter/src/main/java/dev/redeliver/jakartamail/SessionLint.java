package dev.redeliver.jakartamail;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Looks over the {@code mail.smtp.*} settings of a session: what the mail library would misread
 * without a word is an error, what contradicts itself a warning, and where nothing is said about
 * timeouts there are defaults.
 */
final class SessionLint {
  /** Longer than any server takes to accept a connection. */
  private static final int CONNECTION_TIMEOUT_MILLIS = 30_000;

  /** What RFC 5321 section 4.5.3.2.6 grants the server for its verdict on the content. */
  private static final int TIMEOUT_MILLIS = 600_000;

  /** What RFC 5321 section 4.5.3.2.5 grants for a block of content. */
  private static final int WRITE_TIMEOUT_MILLIS = 300_000;

  /** One thing found. */
  record Finding(String key, @Nullable String value, String rule) {
    /** {@return key, value and rule on one line} */
    @Override
    public String toString() {
      return key + ": " + (value == null ? "" : "'" + value + "' ") + rule;
    }
  }

  private final Properties properties;
  private final String prefix;
  private final boolean tls;
  private final List<Finding> errors = new ArrayList<>();
  private final List<Finding> warnings = new ArrayList<>();
  private final List<Finding> defaults = new ArrayList<>();

  private SessionLint(Properties properties, String protocol) {
    this.properties = properties;
    prefix = "mail." + protocol + ".";
    tls = protocol.equals("smtps");
  }

  /**
   * {@return what there is to say about a session}
   *
   * @param hasUser whether the connection being opened has a user, from wherever
   */
  static SessionLint of(Properties properties, String protocol, boolean hasUser) {
    SessionLint lint = new SessionLint(properties, protocol);
    lint.timeout("connectiontimeout", CONNECTION_TIMEOUT_MILLIS);
    lint.timeout("timeout", TIMEOUT_MILLIS);
    lint.timeout("writetimeout", WRITE_TIMEOUT_MILLIS);
    lint.number("port", "the default port would be used");
    for (String name : List.of("auth", "ssl.enable", "starttls.enable", "starttls.required")) {
      lint.yesOrNo(name);
    }
    lint.encryption();
    lint.others(hasUser);
    return lint;
  }

  /** {@return what must be put right before anything can be sent} */
  List<Finding> errors() {
    return errors;
  }

  /** {@return what is likely not meant so} */
  List<Finding> warnings() {
    return warnings;
  }

  /** {@return what is set because nothing was said} */
  List<Finding> defaults() {
    return defaults;
  }

  /** {@return whether a write is limited only because we say so} */
  boolean isWriteTimeoutOurs() {
    return defaults.stream().anyMatch(finding -> finding.key().equals(prefix + "writetimeout"));
  }

  /** Puts the defaults into a copy of the properties. */
  void apply(Properties copy) {
    for (Finding finding : defaults) {
      copy.setProperty(finding.key(), String.valueOf(finding.value()));
    }
    String executor = prefix + "executor.writetimeout";
    if (copy.get(executor) == null) {
      // Otherwise the library starts a thread for each connection.
      copy.put(executor, WriteTimeouts.EXECUTOR);
    }
  }

  private void timeout(String name, int byDefault) {
    Object value = value(name);
    if (value == null) {
      boolean channels = name.equals("writetimeout") && isOn("usesocketchannels");
      if (!channels) {
        String rule = "milliseconds are used; nothing was set, and the library would wait for ever";
        defaults.add(new Finding(prefix + name, Integer.toString(byDefault), rule));
      }
    } else if (number(name, "Angus Mail would wait for ever") <= 0) {
      warn(name, "waits for ever: a send that hangs cannot be tried again");
    }
  }

  /** {@return the number, or 1 if it is not to be judged further} */
  private int number(String name, String consequence) {
    Object value = value(name);
    if (value == null) {
      return 1;
    }
    if (value instanceof Integer number) {
      return number;
    }
    try {
      String text = value instanceof String string ? string : "not a string";
      return text.startsWith("0x")
          ? Integer.parseInt(text.substring(2), 16)
          : Integer.parseInt(text);
    } catch (NumberFormatException e) {
      String unit = name.equals("port") ? "" : " of milliseconds";
      String rule = "is not a whole number" + unit + "; " + consequence + ".";
      errors.add(new Finding(prefix + name, String.valueOf(value), rule + advice(value)));
      return 1;
    }
  }

  private static String advice(Object value) {
    String text = String.valueOf(value).strip().toLowerCase(Locale.ROOT);
    if (text.matches("\\d{1,7}\\s*m?s")) {
      long number = Long.parseLong(text.replaceAll("\\D", ""));
      return " Write " + (text.endsWith("ms") ? number : number * 1000) + ".";
    }
    return value instanceof Number ? " Set a string or an Integer." : "";
  }

  /** The library knows true and false only, and keeps its default otherwise. */
  private void yesOrNo(String name) {
    Object value = value(name);
    boolean read =
        value == null
            || value instanceof Boolean
            || String.valueOf(value).equalsIgnoreCase("true")
            || String.valueOf(value).equalsIgnoreCase("false");
    if (!read) {
      String rule = "is not true or false; Angus Mail would read it as false.";
      errors.add(new Finding(prefix + name, String.valueOf(value), rule));
    }
  }

  private void encryption() {
    boolean implicit = tls || isOn("ssl.enable");
    for (String name : List.of("starttls.required", "starttls.enable")) {
      if (implicit && isOn(name)) {
        warn(name, "has no effect: the connection is encrypted from its first byte");
      }
    }
    if (!implicit && isOn("starttls.enable") && !isOn("starttls.required")) {
      warn("starttls.enable", "sends in clear text if the server does not offer STARTTLS");
    }
    String port = String.valueOf(value("port"));
    if (!implicit && port.equals("465")) {
      warn("port", "is for TLS from the first byte; set " + prefix + "ssl.enable=true");
    }
    if (implicit && (port.equals("587") || port.equals("25"))) {
      warn("port", "mostly begins in clear text; use starttls.required instead of ssl.enable");
    }
    if (String.valueOf(value("ssl.trust")).equals("*")) {
      warn("ssl.trust", "trusts everybody: the encryption protects against nobody in between");
    }
    if (String.valueOf(value("ssl.checkserveridentity")).equalsIgnoreCase("false")) {
      warn("ssl.checkserveridentity", "accepts the certificate of any other host");
    }
  }

  private void others(boolean hasUser) {
    if (isOn("auth") && !hasUser) {
      warn("auth", "needs a user: " + prefix + "user, an argument of connect, or an Authenticator");
    }
    if (isOn("reportsuccess")) {
      warn("reportsuccess", "is ignored: success is never reported by an exception");
    }
    if (String.valueOf(value("sendpartial")).equalsIgnoreCase("false")) {
      warn("sendpartial", "is ignored: good recipients are served when others are refused");
    }
  }

  private void warn(String name, String rule) {
    warnings.add(new Finding(prefix + name, String.valueOf(value(name)), rule));
  }

  private boolean isOn(String name) {
    return String.valueOf(value(name)).equalsIgnoreCase("true");
  }

  /** As the library looks: an object first, then a string, defaults included. */
  private @Nullable Object value(String name) {
    Object value = properties.get(prefix + name);
    return value != null ? value : properties.getProperty(prefix + name);
  }

  /** One thread that watches the writes of all connections. */
  private static final class WriteTimeouts {
    private static final ScheduledExecutorService EXECUTOR = make();

    private WriteTimeouts() {}

    private static ScheduledExecutorService make() {
      ScheduledThreadPoolExecutor executor =
          new ScheduledThreadPoolExecutor(
              1,
              task -> {
                Thread thread = new Thread(task, "redeliver-write-timeouts");
                thread.setDaemon(true);
                return thread;
              });
      executor.setRemoveOnCancelPolicy(true);
      return executor;
    }
  }
}
