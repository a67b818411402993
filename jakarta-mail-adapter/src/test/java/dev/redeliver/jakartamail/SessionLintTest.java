package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.message;
import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.redeliverer;
import static dev.redeliver.jakartamail.TransportKind.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the mail library would misread without a word is told before anything is sent. */
class SessionLintTest {
  private static List<String> lines(List<SessionLint.Finding> findings) {
    return findings.stream().map(SessionLint.Finding::toString).toList();
  }

  private static SessionLint lint(String... pairs) {
    return SessionLint.of(of(pairs), "smtp", true);
  }

  private static Properties of(String... pairs) {
    Properties properties = new Properties();
    for (int i = 0; i < pairs.length; i += 2) {
      properties.setProperty(pairs[i], pairs[i + 1]);
    }
    return properties;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          timeout           | 30s  | is not a whole number of milliseconds; Angus Mail would wait for ever. Write 30000.
          timeout           | 500ms| is not a whole number of milliseconds; Angus Mail would wait for ever. Write 500.
          connectiontimeout | PT5S | is not a whole number of milliseconds; Angus Mail would wait for ever.
          writetimeout      | ''   | is not a whole number of milliseconds; Angus Mail would wait for ever.
          port              | smtp | is not a whole number; the default port would be used.
          starttls.required | yes  | is not true or false; Angus Mail would read it as false.
          auth              | 1    | is not true or false; Angus Mail would read it as false.
          """)
  void misread_isAnError(String name, String value, String rule) {
    assertThat(lines(lint("mail.smtp." + name, value).errors()))
        .containsExactly("mail.smtp." + name + ": '" + value + "' " + rule);
  }

  @Test
  void longValue_isNotReadByTheLibrary() {
    Properties properties = new Properties();
    properties.put("mail.smtp.timeout", 5000L);
    properties.put("mail.smtp.connectiontimeout", 5000);

    assertThat(lines(SessionLint.of(properties, "smtp", true).errors()))
        .containsExactly(
            "mail.smtp.timeout: '5000' is not a whole number of milliseconds; Angus Mail would wait"
                + " for ever. Set a string or an Integer.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          timeout=0 | mail.smtp.timeout: '0' waits for ever: a send that hangs cannot be tried again
          ssl.enable=true,starttls.required=true | mail.smtp.starttls.required: 'true' has no effect: the connection is encrypted from its first byte
          starttls.enable=true | mail.smtp.starttls.enable: 'true' sends in clear text if the server does not offer STARTTLS
          port=465 | mail.smtp.port: '465' is for TLS from the first byte; set mail.smtp.ssl.enable=true
          port=587,ssl.enable=true | mail.smtp.port: '587' mostly begins in clear text; use starttls.required instead of ssl.enable
          ssl.trust=* | mail.smtp.ssl.trust: '*' trusts everybody: the encryption protects against nobody in between
          ssl.checkserveridentity=false | mail.smtp.ssl.checkserveridentity: 'false' accepts the certificate of any other host
          reportsuccess=true | mail.smtp.reportsuccess: 'true' is ignored: success is never reported by an exception
          sendpartial=false | mail.smtp.sendpartial: 'false' is ignored: good recipients are served when others are refused
          starttls.enable=true,starttls.required=true |
          """)
  void contradiction_isAWarning(String settings, String warning) {
    Properties properties = new Properties();
    for (String setting : List.of(settings.split(",", -1))) {
      int equals = setting.indexOf('=');
      properties.setProperty(
          "mail.smtp." + setting.substring(0, equals), setting.substring(equals + 1));
    }

    assertThat(lines(SessionLint.of(properties, "smtp", true).warnings()))
        .isEqualTo(warning == null ? List.of() : List.of(warning));
  }

  @Test
  void authWithoutUser_isAWarning() {
    assertThat(lines(SessionLint.of(of("mail.smtp.auth", "true"), "smtp", false).warnings()))
        .containsExactly(
            "mail.smtp.auth: 'true' needs a user: mail.smtp.user, an argument of connect, or an"
                + " Authenticator");
  }

  @Test
  void smtps_withStartTls_isAWarning() {
    Properties properties = of("mail.smtps.starttls.enable", "true");

    assertThat(lines(SessionLint.of(properties, "smtps", true).warnings())).hasSize(1);
    assertThat(lines(SessionLint.of(properties, "smtp", true).warnings())).isEmpty();
  }

  @Test
  void nothingSaid_timeoutsAreSet() {
    assertThat(lint().defaults())
        .extracting(finding -> finding.key() + "=" + finding.value())
        .containsExactly(
            "mail.smtp.connectiontimeout=30000",
            "mail.smtp.timeout=600000",
            "mail.smtp.writetimeout=300000");
    assertThat(lint("mail.smtp.timeout", "-1").defaults()).hasSize(2);
    assertThat(lint("mail.smtp.usesocketchannels", "true").defaults()).hasSize(2);
    assertThat(
            SessionLint.of(new Properties(of("mail.smtp.timeout", "1")), "smtp", true).defaults())
        .hasSize(2);
  }

  /** The application's session stays as it is; what is lent for connecting has the defaults. */
  @Test
  void connect_tellsOnceAndLeavesTheSessionAlone() throws Exception {
    List<String> log = listening();
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
      for (int i = 0; i < 3; i++) {
        Properties properties = properties(server);
        properties.remove("mail.smtp.timeout");
        properties.setProperty("mail.smtp.reportsuccess", "True");
        Session session = TransportKind.BY_PROPERTY.session(properties, redeliverer());
        Properties before = new Properties();
        before.putAll(session.getProperties());
        Transport transport = session.getTransport("smtp");
        transport.connect();
        transport.sendMessage(message(), to("bob@example.org"));
        transport.close();
        assertThat(session.getProperties()).isEqualTo(before);
      }
      assertThat(server.accepted()).hasSize(3);
    }
    assertThat(log)
        .filteredOn(line -> line.contains("'True'"))
        .containsExactly(
            "WARNING mail.smtp.reportsuccess: 'True' is ignored: success is never reported by an"
                + " exception");
  }

  @Test
  void log_tellsEachFindingOnce() {
    List<String> log = listening();
    LintLog teller = new LintLog();
    teller.tell(lint("mail.smtp.timeout", "1", "mail.smtp.sendpartial", "false"));
    teller.tell(lint("mail.smtp.timeout", "1", "mail.smtp.writetimeout", "1"));

    assertThat(log)
        .containsExactly(
            "WARNING mail.smtp.sendpartial: 'false' is ignored: good recipients are served when"
                + " others are refused",
            "INFO mail.smtp.connectiontimeout: '30000' milliseconds are used; nothing was set, and"
                + " the library would wait for ever",
            "INFO mail.smtp.writetimeout: '300000' milliseconds are used; nothing was set, and the"
                + " library would wait for ever");
  }

  private final Logger logger = Logger.getLogger("dev.redeliver.jakartamail");
  private final List<Handler> handlers = new ArrayList<>();

  private List<String> listening() {
    List<String> log = Collections.synchronizedList(new ArrayList<>());
    Handler handler = collecting(log);
    logger.addHandler(handler);
    handlers.add(handler);
    return log;
  }

  @AfterEach
  void stopListening() {
    handlers.forEach(logger::removeHandler);
  }

  private static Handler collecting(List<String> log) {
    return new Handler() {
      @Override
      public void publish(LogRecord entry) {
        log.add(entry.getLevel() + " " + entry.getMessage());
      }

      @Override
      public void flush() {
        // Nothing is held back.
      }

      @Override
      public void close() {
        // Nothing to close.
      }
    };
  }

  @Test
  void connect_misreadSettings_areAllNamedAndNothingIsSent() throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
      Properties properties = properties(server);
      properties.setProperty("mail.smtp.timeout", "30s");
      properties.setProperty("mail.smtp.starttls.required", "yes");
      Transport transport = TransportKind.BY_PROPERTY.open(properties, redeliverer());

      assertThatThrownBy(transport::connect)
          .isInstanceOf(MessagingException.class)
          .hasMessageStartingWith(
              "The session properties are bad: mail.smtp.timeout: '30s' is not a whole number of"
                  + " milliseconds; Angus Mail would wait for ever. Write 30000."
                  + " mail.smtp.starttls.required: 'yes' is not true or false; Angus Mail would"
                  + " read it as false.");
      assertThat(server.connections()).isZero();
    }
  }

  @Test
  void disabled_settingsAreNotLookedAt() throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
      Properties properties = properties(server);
      properties.setProperty("mail.smtp.timeout", "30s");
      Redeliverer off =
          Redeliverer.of(RetryPolicy.builder(Profile.INTERACTIVE).enabled(false).build());
      Transport transport = TransportKind.BY_PROPERTY.open(properties, off);

      transport.connect();
      transport.sendMessage(message(), to("bob@example.org"));

      assertThat(server.accepted()).hasSize(1);
    }
  }

  /** Settings may be changed between connections. */
  @Test
  void changedSettings_areUsed() throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
      Session session = TransportKind.BY_PROPERTY.session(properties(server), redeliverer());
      Session first = LentSessions.of(session, "smtp", true);
      assertThat(LentSessions.of(session, "smtp", true)).isSameAs(first);

      session.getProperties().setProperty("mail.smtp.timeout", "123");

      assertThat(LentSessions.of(session, "smtp", true).getProperty("mail.smtp.timeout"))
          .isEqualTo("123");
    }
  }
}
