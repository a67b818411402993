package dev.redeliver.jakartamail;

import static dev.redeliver.jakartamail.TransportKind.properties;
import static dev.redeliver.jakartamail.TransportKind.to;
import static dev.redeliver.jakartamail.TransportKind.unsaved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * {@code docs/failures.md} says what plain Angus throws and what both transports report. Each row
 * is run on all of them, and has to say what happened.
 */
class FailuresPageTest {
  private static final Path PAGE = Path.of("..", "docs", "failures.md");
  private static final Address[] RECIPIENTS = to("a@example.org", "b@example.org", "c@example.org");

  /** Cells of one row by the words of its case. */
  private static Map<String, List<String>> rows() throws IOException {
    Map<String, List<String>> rows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(PAGE)) {
      if (line.startsWith("| ") && !line.startsWith("| the server ")) {
        List<String> cells = List.of(line.substring(2, line.length() - 2).split(" \\| ", -1));
        rows.put(cells.get(0), cells.subList(1, cells.size()));
      }
    }
    return rows;
  }

  @TestFactory
  Stream<DynamicTest> everyRow_saysWhatHappens() throws IOException {
    Map<String, List<String>> rows = rows();
    assertThat(rows.keySet())
        .containsExactlyElementsOf(FailureCase.all().stream().map(one -> one.words).toList());
    return FailureCase.all().stream()
        .map(
            one ->
                DynamicTest.dynamicTest(
                    one.words, () -> compare(one, rows.getOrDefault(one.words, List.of()))));
  }

  private static void compare(FailureCase one, List<String> cells) throws Exception {
    String row = "| " + one.words + " | ";
    String angus = run(one, TransportKind.PLAIN, false);
    String wrapped = run(one, TransportKind.WRAPPED, false);
    String configured = run(one, TransportKind.BY_PROPERTY, false);
    row += angus + " | " + wrapped + " | " + configured + " |";
    assertThat(cells).as(row).hasSize(3);
    assertThat(alternatives(cells.get(0))).as(row).contains(angus);
    assertThat(alternatives(cells.get(1))).as(row).contains(wrapped);
    assertThat(cells.get(2)).as(row).isEqualTo(configured);
    assertThat(run(one, TransportKind.BY_PROPERTY, true)).as("PIPELINING").isEqualTo(configured);
  }

  /** Where a reset overtakes what was said before it, one of several things happens. */
  private static List<String> alternatives(String cell) {
    return List.of(cell.split("<br>or ", -1));
  }

  private static String run(FailureCase one, TransportKind kind, boolean pipelining)
      throws Exception {
    List<String> offered = new ArrayList<>(one.extensions);
    if (pipelining) {
      offered.add("PIPELINING");
    }
    try (ScriptedSmtpServer server =
        ScriptedSmtpServer.builder().extensions(offered.toArray(String[]::new)).open()) {
      Properties properties = properties(server);
      properties.setProperty("mail.smtp.timeout", one.timeoutMillis());
      one.prepare(server, properties);
      return new Run(kind, properties).tell(one, server);
    }
  }

  /** One case on one transport. */
  private static final class Run {
    private final TransportKind kind;
    private final Properties properties;
    private final List<String> connecting = new ArrayList<>();
    private @Nullable DeliveryReport report;

    Run(TransportKind kind, Properties properties) {
      this.kind = kind;
      this.properties = properties;
    }

    String tell(FailureCase one, ScriptedSmtpServer server) throws Exception {
      Transport transport = kind.open(properties, redeliverer());
      try {
        connect(one, transport);
        if (one.afterIdling) {
          transport.sendMessage(message(one), to("a@example.org"));
          server.disconnectAll("421 4.4.2 idle too long");
        }
        transport.sendMessage(message(one), RECIPIENTS);
        transport.close();
      } catch (MessagingException | RuntimeException e) {
        return kind.isOurs() ? ours(e) : angus(e);
      }
      return kind.isOurs() && report != null ? told(report) : "returns";
    }

    private static void connect(FailureCase one, Transport transport) throws MessagingException {
      if (one.authenticates) {
        transport.connect("alice", "secret");
      } else {
        transport.connect();
      }
    }

    private Redeliverer redeliverer() {
      return Redeliverer.builder(
              RetryPolicy.builder(Profile.BACKGROUND)
                  .maxAttempts(1)
                  .unknownOutcome(UnknownOutcome.REPORT)
                  .build())
          .waiter(delay -> {})
          .listener(
              new DeliveryListener() {
                @Override
                public void connectionFailed(ConnectionFailure failure) {
                  String what = failure.decision() instanceof Decision.Hold ? "hold" : "later";
                  connecting.add(what + ": " + told(failure.failure()));
                }

                @Override
                public void deliveryFinished(DeliveryReport finished) {
                  report = finished;
                }
              })
          .build();
    }

    private String ours(Exception thrown) {
      if (thrown instanceof RedeliveryException redelivery) {
        return told(redelivery.report());
      }
      return connecting.isEmpty() ? angus(thrown) : String.join(", ", connecting);
    }

    private MimeMessage message(FailureCase one) throws MessagingException {
      MimeMessage message = unsaved(Session.getInstance(properties));
      if (one.large) {
        message.setText("a line of text that is long\r\n".repeat(200_000));
      }
      message.saveChanges();
      return one.failsToWrite ? new Unreadable(message) : message;
    }
  }

  /** A message with an attachment that has gone. */
  private static final class Unreadable extends MimeMessage {
    Unreadable(MimeMessage message) throws MessagingException {
      super(message);
    }

    @Override
    public void writeTo(OutputStream out, String @Nullable [] ignored) throws IOException {
      throw new FileNotFoundException("no such attachment");
    }
  }

  private static String angus(Exception thrown) {
    StringBuilder told = new StringBuilder("`").append(thrown.getClass().getSimpleName());
    if (thrown instanceof SMTPSendFailedException send) {
      told.append("` to `").append(send.getCommand().split(" ", 2)[0]);
      told.append(" ").append(send.getReturnCode());
    } else if (thrown.getMessage() != null && !(thrown instanceof SendFailedException)) {
      told.append(": ").append(firstLine(thrown.getMessage()));
    }
    told.append('`');
    Throwable cause = innermost(thrown);
    if (cause != thrown && !(cause instanceof MessagingException)) {
      told.append(", caused by `").append(cause.getClass().getSimpleName()).append('`');
    }
    if (thrown instanceof SendFailedException failed) {
      told.append(named("; sent ", failed.getValidSentAddresses()))
          .append(named("; unsent ", failed.getValidUnsentAddresses()))
          .append(named("; invalid ", failed.getInvalidAddresses()));
    }
    return told.toString();
  }

  private static String firstLine(String message) {
    String line = message.lines().findFirst().orElse("");
    return line.replaceAll("127\\.0\\.0\\.1, port: \\d+", "...")
        .replaceAll("host, port: .*", "...");
  }

  private static Throwable innermost(Throwable thrown) {
    Throwable last = thrown;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return last;
  }

  private static String named(String label, Address @Nullable [] addresses) {
    if (addresses == null || addresses.length == 0) {
      return "";
    }
    return label
        + Arrays.stream(addresses)
            .map(address -> name(((InternetAddress) address).getAddress()))
            .collect(Collectors.joining(", "));
  }

  private static String name(String address) {
    return address.substring(0, address.indexOf('@'));
  }

  private static String told(DeliveryReport report) {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    for (RecipientReport recipient : report.recipients()) {
      groups
          .computeIfAbsent(told(recipient), result -> new ArrayList<>())
          .add(name(recipient.recipient().address()));
    }
    return groups.entrySet().stream()
        .map(group -> String.join(", ", group.getValue()) + " " + group.getKey())
        .collect(Collectors.joining("; "));
  }

  private static String told(RecipientReport recipient) {
    RecipientAttempt first = recipient.history().get(0);
    Optional<String> failure = first.failure().map(FailuresPageTest::told);
    if (recipient.outcome() == Outcome.ACCEPTED) {
      return "accepted" + failure.map(why -> ", after " + why).orElse("");
    }
    String word =
        switch (recipient.outcome()) {
          case REFUSED -> "refused";
          case UNKNOWN -> "unknown";
          default ->
              first.decision().filter(Decision.Hold.class::isInstance).isPresent()
                  ? "held"
                  : "later";
        };
    return word + ": " + failure.orElse("");
  }

  private static String told(SmtpFailure failure) {
    if (failure instanceof SmtpFailure.Refused refused) {
      return "`" + refused.reply() + "` " + where(failure.stage());
    }
    if (failure instanceof SmtpFailure.Disconnected lost) {
      return lost.fault().words() + " " + where(failure.stage());
    }
    return ((SmtpFailure.Local) failure).problem().words();
  }

  private static String where(SmtpStage stage) {
    return switch (stage) {
      case CONNECT -> "connecting";
      case GREETING -> "as greeting";
      case CONTENT -> "within the content";
      case END_OF_DATA -> "after the content";
      default -> "at " + stage.name().toUpperCase(Locale.ROOT);
    };
  }
}
