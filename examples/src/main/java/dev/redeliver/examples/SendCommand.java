package dev.redeliver.examples;

import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RetryWait;
import dev.redeliver.jakartamail.RetryingTransport;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MailDateFormat;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends one message. */
@Command(
    name = "send",
    description = {
      "Sends one message through a relay, by a policy, and prints what became of every recipient.",
      "The file goes out as it is; only a Message-ID and a Date are added if they are missing."
    },
    footer = {
      "",
      "Without --profile or --config: the interactive profile.",
      "Exit codes: 0 accepted for all recipients; 1 at least one refused; 2 none refused, but at"
          + " least one deferred or unknown, or no connection; 64 wrong call.",
      "",
      "Example:",
      "  redeliver send letter.eml --to ann@example.org --host relay.example.org"
    })
final class SendCommand implements Callable<Integer> {
  private static final int REFUSED = 1;
  private static final int NOT_YET = 2;

  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private final PolicyOptions policyOptions = new PolicyOptions();

  @Parameters(paramLabel = "FILE", description = "The message, as RFC 5322 text (.eml).")
  private Path file = Path.of("");

  @Option(
      names = "--to",
      required = true,
      paramLabel = "ADDRESS",
      description = "A recipient; may be repeated.")
  private List<String> to = new ArrayList<>();

  @Option(
      names = "--from",
      paramLabel = "ADDRESS",
      description = "The envelope sender; the message's From without it.")
  private @Nullable String from;

  @Option(names = "--host", required = true, paramLabel = "HOST", description = "The relay.")
  private String host = "";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "The relay's port; 25 without it, 587 with --starttls.")
  private @Nullable Integer port;

  @Option(names = "--starttls", description = "Demand encryption with STARTTLS.")
  private boolean starttls;

  @Option(names = "--user", paramLabel = "USER", description = "Authenticate as this user.")
  private @Nullable String user;

  @Option(
      names = "--password-env",
      paramLabel = "NAME",
      defaultValue = "REDELIVER_PASSWORD",
      description =
          "The environment variable with the password; ${DEFAULT-VALUE} without it. Passwords are"
              + " never arguments.")
  private String passwordVariable = "";

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "The longest wait for any one answer of the server; ${DEFAULT-VALUE} without it.")
  private int timeout;

  SendCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    Address[] recipients = recipients();
    RetryPolicy policy = policyOptions.policy(spec.commandLine(), Profile.INTERACTIVE);
    String password = password();
    Session session = Session.getInstance(properties());
    MimeMessage message = message(session);
    Progress progress = new Progress(terminal);
    Redeliverer redeliverer = Redeliverer.builder(policy).listener(progress).build();
    try (Transport transport = RetryingTransport.wrap(session.getTransport("smtp"), redeliverer)) {
      transport.connect(user, password);
      transport.sendMessage(message, recipients);
    } catch (MessagingException e) {
      progress.failed(e);
    }
    terminal.out().flush();
    return progress.exitCode();
  }

  private Address[] recipients() {
    List<Address> recipients = new ArrayList<>();
    to.forEach(address -> recipients.add(address("--to", address)));
    return recipients.toArray(Address[]::new);
  }

  private InternetAddress address(String option, String text) {
    try {
      return new InternetAddress(text, true);
    } catch (AddressException e) {
      throw wrong(option + " must be one mail address, but is '" + text + "': " + e.getMessage());
    }
  }

  private @Nullable String password() {
    if (user == null) {
      return null;
    }
    String password = terminal.environment().get(passwordVariable);
    if (password == null) {
      throw wrong("--user needs the password in the environment variable " + passwordVariable);
    }
    return password;
  }

  private MimeMessage message(Session session) {
    try (InputStream in = Files.newInputStream(file)) {
      return complete(new MimeMessage(session, in));
    } catch (IOException | MessagingException e) {
      throw wrong("FILE cannot be read as a message: " + e);
    }
  }

  /** RFC 5322 section 3.6 wants a date, and an identifier keeps a second copy recognisable. */
  private static MimeMessage complete(MimeMessage message) throws MessagingException {
    if (message.getMessageID() == null) {
      message.setHeader("Message-ID", "<" + UUID.randomUUID() + "@redeliver.invalid>");
    }
    if (message.getHeader("Date") == null) {
      message.setHeader("Date", new MailDateFormat().format(Date.from(Instant.now())));
    }
    return message;
  }

  private Properties properties() {
    if (port != null && (port < 1 || port > 65_535)) {
      throw wrong("--port must be from 1 to 65535, but is " + port);
    }
    if (timeout < 1 || timeout > 3600) {
      throw wrong("--timeout must be from 1 to 3600, but is " + timeout);
    }
    int usualPort = starttls ? 587 : 25;
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", host);
    properties.setProperty("mail.smtp.port", Integer.toString(port == null ? usualPort : port));
    String millis = Integer.toString(timeout * 1000);
    properties.setProperty("mail.smtp.connectiontimeout", millis);
    properties.setProperty("mail.smtp.timeout", millis);
    properties.setProperty("mail.smtp.writetimeout", millis);
    properties.setProperty("mail.smtp.auth", Boolean.toString(user != null));
    properties.setProperty("mail.smtp.starttls.enable", Boolean.toString(starttls));
    properties.setProperty("mail.smtp.starttls.required", Boolean.toString(starttls));
    properties.setProperty("mail.smtp.ssl.checkserveridentity", "true");
    if (from != null) {
      properties.setProperty("mail.smtp.from", address("--from", from).getAddress());
    }
    return properties;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Tells what happens, and keeps how it ended. */
  private static final class Progress implements DeliveryListener {
    private final Terminal terminal;
    private Optional<DeliveryReport> report = Optional.empty();
    private Optional<ConnectionFailure> noConnection = Optional.empty();

    Progress(Terminal terminal) {
      this.terminal = terminal;
    }

    @Override
    public void retryScheduled(RetryWait wait) {
      say(
          "next attempt in "
              + Words.of(wait.delay())
              + " for "
              + Words.count(wait.recipients().size(), "recipient"));
    }

    @Override
    public void connectionFailed(ConnectionFailure failure) {
      noConnection = Optional.of(failure);
      say(
          "no connection to "
              + failure.server()
              + ": "
              + failure.failure().describe()
              + " ("
              + failure.decision().why()
              + ")");
    }

    @Override
    public void deliveryFinished(DeliveryReport finished) {
      report = Optional.of(finished);
      say(finished.describe());
    }

    /** What the report or the connection failure says has been said; the rest is new. */
    void failed(MessagingException e) {
      if (report.isEmpty() && noConnection.isEmpty()) {
        say("not sent: " + e.getMessage());
      }
    }

    private void say(String text) {
      terminal.out().println(text);
      terminal.out().flush();
    }

    int exitCode() {
      if (report.isEmpty()) {
        return NOT_YET;
      }
      if (report.get().isComplete()) {
        return 0;
      }
      return report.get().with(Outcome.REFUSED).isEmpty() ? NOT_YET : REFUSED;
    }
  }
}
