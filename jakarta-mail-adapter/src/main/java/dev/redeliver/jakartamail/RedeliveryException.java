package dev.redeliver.jakartamail;

import dev.redeliver.delivery.DeliveryReport;
import jakarta.mail.Address;
import jakarta.mail.SendFailedException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Not every recipient was accepted, and Redeliver has done what its policy allows. Immutable but
 * for the chain of its superclass.
 *
 * <p>The arrays of {@link SendFailedException} say for each recipient what is certain: {@link
 * #getValidSentAddresses} the server accepted, {@link #getInvalidAddresses} it refused for good,
 * {@link #getValidUnsentAddresses} has not got the message and may be tried again. Recipients of
 * whom it is not known whether the server has the message are in none of the three, because every
 * one would be a lie; they are in {@link #getUnknownAddresses}. Sending to them again may give them
 * the message twice.
 */
public final class RedeliveryException extends SendFailedException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient @Nullable DeliveryReport report;
  private final Address[] unknown;

  RedeliveryException(
      String message,
      @Nullable Exception cause,
      Recipients.ByOutcome addresses,
      DeliveryReport report) {
    super(message, cause, addresses.accepted(), addresses.pending(), addresses.refused());
    this.report = report;
    unknown = addresses.unknown();
  }

  /**
   * {@return what became of every recipient, with all attempts, answers and decisions}
   *
   * @throws IllegalStateException if this exception was deserialized: the report does not travel
   */
  public DeliveryReport report() {
    if (report == null) {
      throw new IllegalStateException("the delivery report is not part of the serialized form");
    }
    return report;
  }

  /** {@return a new array of the recipients of whom the server may or may not have the message} */
  public Address[] getUnknownAddresses() {
    return unknown.clone();
  }
}
