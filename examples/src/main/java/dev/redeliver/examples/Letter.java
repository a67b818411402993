package dev.redeliver.examples;

import dev.redeliver.delivery.Envelope;
import java.util.List;

/**
 * One message of the demo. Immutable and thread-safe.
 *
 * @param number its number, from 1
 * @param scenario what the server will do about it
 * @param recipients whom it is for, 1 to 5 addresses
 */
record Letter(int number, Scenario scenario, List<String> recipients) {
  Letter {
    recipients = List.copyOf(recipients);
  }

  String messageId() {
    return "<demo-%02d@redeliver.example>".formatted(number);
  }

  /** Each message has a sender of its own, so that the server's script can tell it by MAIL FROM. */
  String sender() {
    return "letter-%02d@shop.example".formatted(number);
  }

  /** {@return the recipient that the scenario is about} */
  String lastRecipient() {
    return recipients.get(recipients.size() - 1);
  }

  Envelope envelope() {
    return Envelope.of(messageId(), recipients);
  }
}
