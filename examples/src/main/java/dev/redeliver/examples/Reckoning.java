package dev.redeliver.examples;

import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import java.util.List;

/**
 * Compares what was handed over, what the reports say and what the server has. Immutable.
 *
 * <p>A recipient of whom the reply to the content was lost may have got the message then: each such
 * attempt explains one copy.
 *
 * @param messages messages handed over
 * @param recipients recipients of all messages
 * @param accepted recipients that the reports call accepted
 * @param refused recipients that the reports call refused
 * @param unknown recipients that the reports call unknown
 * @param deferred recipients that the reports call pending
 * @param lost recipients called accepted of whom the server has nothing, or with neither report nor
 *     copy
 * @param duplicated copies beyond one and the lost replies that explain more
 * @param unexplained any other disagreement
 * @param attempts SMTP transactions, by the reports
 * @param copies what the server has, over all recipients
 * @param findings what is lost, duplicated or unexplained, a line each
 */
record Reckoning(
    int messages,
    int recipients,
    int accepted,
    int refused,
    int unknown,
    int deferred,
    int lost,
    int duplicated,
    int unexplained,
    int attempts,
    int copies,
    List<String> findings) {
  /**
   * A message as one recipient has it.
   *
   * @param messageId the message
   * @param recipient the address
   */
  record Copy(String messageId, String recipient) {}

  static Reckoning of(List<Envelope> sent, List<DeliveryReport> reports, List<Copy> stored) {
    return ofEndings(sent, reports.stream().map(Ending::of).toList(), stored);
  }

  static Reckoning ofEndings(List<Envelope> sent, List<Ending> endings, List<Copy> stored) {
    Reckoner reckoner = new Reckoner();
    sent.forEach(reckoner::sent);
    stored.forEach(reckoner::stored);
    endings.forEach(reckoner::ended);
    return reckoner.close();
  }

  /** {@return whether report and server agree} */
  boolean isClean() {
    return lost + duplicated + unexplained == 0;
  }

  /** {@return the one line that says it all} */
  String summary() {
    return "summary messages=%d recipients=%d accepted=%d refused=%d unknown=%d deferred=%d lost=%d duplicated=%d unexplained=%d attempts=%d"
        .formatted(
            messages,
            recipients,
            accepted,
            refused,
            unknown,
            deferred,
            lost,
            duplicated,
            unexplained,
            attempts);
  }
}
