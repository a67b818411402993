package dev.redeliver.testkit;

import java.util.List;
import java.util.Optional;

/**
 * Where a session stands when the server is about to answer; what {@link SmtpScript#when} looks at.
 * Immutable and thread-safe.
 *
 * @param stage what is about to be answered
 * @param connection the number of the connection, from 1, since the server was opened or reset
 * @param transaction the number of the MAIL command, over all connections, that began the current
 *     or latest transaction of this connection; 0 before the first
 * @param transactionOfConnection the same, counted on this connection only
 * @param line the command line as received, without its end; empty where there is none
 * @param mailFrom the sender of the transaction in progress, or the one being asked for
 * @param recipients the recipients accepted so far in this transaction, in order
 * @param recipient the recipient being asked for, at {@link Stage#RCPT}
 * @param user the user name given to AUTH on this connection
 * @param tls whether the connection is encrypted
 * @param contentBytes the bytes of content received, dot-stuffing included, at {@link
 *     Stage#CONTENT}
 * @param message the message, at {@link Stage#END_OF_DATA}
 */
public record Exchange(
    Stage stage,
    int connection,
    int transaction,
    int transactionOfConnection,
    String line,
    Optional<String> mailFrom,
    List<String> recipients,
    Optional<String> recipient,
    Optional<String> user,
    boolean tls,
    int contentBytes,
    Optional<ReceivedMessage> message) {
  /** Copies the recipients. */
  public Exchange {
    recipients = List.copyOf(recipients);
  }

  /** {@return whether the address is the recipient being asked for, or one accepted before} */
  boolean concerns(String address) {
    return recipient.map(address::equals).orElseGet(() -> recipients.contains(address));
  }
}
