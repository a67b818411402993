package dev.redeliver.examples;

import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What can happen to a message on its way, as the demo's server plays it. The order is that of
 * sending.
 */
enum Scenario {
  AT_ONCE("accepted at once", 15, 1, 5, "inbox.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      // The server accepts what it has no script for.
    }
  },
  MAILBOX_FULL("a full mailbox", 3, 2, 4, "quota.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server
          .on(Stage.RCPT)
          .to(letter.lastRecipient())
          .always()
          .reply("452 4.2.2 The recipient's mailbox is full");
    }
  },
  IDLE_CONNECTION("421 on a reused connection", 2, 1, 3, "idle.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server
          .on(Stage.MAIL)
          .from(letter.sender())
          .when(exchange -> exchange.transactionOfConnection() > 1)
          .then(
              SmtpAction.reply("421 4.4.2 Idle too long, closing connection"), SmtpAction.close());
    }
  },
  GREYLISTED("greylisting", 7, 1, 5, "careful.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      for (String recipient : letter.recipients()) {
        server.on(Stage.RCPT).to(recipient).reply("450 4.2.0 Greylisted, please try again later");
      }
    }
  },
  RATE_LIMITED("a rate limit with a named delay", 4, 1, 3, "limits.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server
          .on(Stage.MAIL)
          .from(letter.sender())
          .reply(
              "451 4.7.1 Rate limit exceeded, try again in " + namedDelay.toSeconds() + " seconds");
    }
  },
  REPUTATION("4.7.x: our reputation is blamed", 3, 3, 5, "strict.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      for (String recipient : letter.recipients()) {
        server
            .on(Stage.RCPT)
            .to(recipient)
            .reply("451 4.7.1 Temporarily deferred, your IP address has a poor reputation");
      }
    }
  },
  UNKNOWN_USER("an unknown user", 5, 2, 5, "staff.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server
          .on(Stage.RCPT)
          .to(letter.lastRecipient())
          .always()
          .reply("550 5.1.1 No such user here");
    }
  },
  LOST_IN_BODY("connection lost in mid-body", 2, 1, 3, "flaky.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server.on(Stage.CONTENT).from(letter.sender()).afterBytes(2000).reset();
    }

    /** More than the network's buffers hold, so that the break is met while writing. */
    @Override
    int size() {
      return 2_000_000;
    }
  },
  REPLY_LOST_STORED("reply lost, server had the message", 2, 1, 3, "echo.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server.on(Stage.END_OF_DATA).from(letter.sender()).acceptThenClose();
    }
  },
  REPLY_LOST_DROPPED("reply lost, server had it not", 2, 1, 3, "void.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server.on(Stage.END_OF_DATA).from(letter.sender()).dropThenClose();
    }
  },
  REPLY_LOST_TWICE("reply lost twice", 1, 2, 2, "gone.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server.on(Stage.END_OF_DATA).from(letter.sender()).acceptThenClose();
      server.on(Stage.END_OF_DATA).from(letter.sender()).dropThenClose();
    }
  },
  TOO_MANY_RECIPIENTS("two recipients at a time", 2, 5, 5, "narrow.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server
          .on(Stage.RCPT)
          .from(letter.sender())
          .when(exchange -> exchange.recipients().size() >= 2)
          .always()
          .reply("452 4.5.3 Too many recipients");
    }
  },
  REFUSED_CONTENT("refused after the content", 2, 1, 3, "filter.example") {
    @Override
    void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay) {
      server
          .on(Stage.END_OF_DATA)
          .from(letter.sender())
          .always()
          .reply("554 5.7.1 Message refused: it looks like spam");
    }
  };

  private static final List<String> NAMES = List.of("ada", "ben", "cleo", "dan", "eve");

  private final String description;
  private final int messages;
  private final int fewestRecipients;
  private final int mostRecipients;
  private final String domain;

  Scenario(
      String description, int messages, int fewestRecipients, int mostRecipients, String domain) {
    this.description = description;
    this.messages = messages;
    this.fewestRecipients = fewestRecipients;
    this.mostRecipients = mostRecipients;
    this.domain = domain;
  }

  String description() {
    return description;
  }

  /**
   * Tells the server what to do about the message.
   *
   * @param namedDelay after what time a server that limits wants to be tried again
   */
  abstract void script(ScriptedSmtpServer server, Letter letter, Duration namedDelay);

  /** {@return about how many characters the text has} */
  int size() {
    return 400;
  }

  /** {@return 50 messages, of 1 to 5 recipients each} */
  static List<Letter> letters(RandomGenerator random) {
    List<Letter> letters = new ArrayList<>();
    for (Scenario scenario : values()) {
      for (int i = 0; i < scenario.messages; i++) {
        letters.add(scenario.letter(letters.size() + 1, random));
      }
    }
    return List.copyOf(letters);
  }

  private Letter letter(int number, RandomGenerator random) {
    int count = random.nextInt(fewestRecipients, mostRecipients + 1);
    List<String> recipients =
        NAMES.subList(0, count).stream()
            .map(name -> "%s.%02d@%s".formatted(name, number, domain))
            .toList();
    return new Letter(number, this, recipients);
  }
}
