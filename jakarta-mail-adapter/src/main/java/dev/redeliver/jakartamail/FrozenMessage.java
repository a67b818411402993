package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Envelope;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message as it was when it was handed over, in a form that can be stored and read back: thawed
 * and sent, it is the same on the wire, octets and MAIL FROM parameters alike, whatever became of
 * the application's object and its mail session. Immutable and thread-safe, as long as nobody
 * writes to {@linkplain #content() the octets}.
 *
 * <p>It consists of three parts, each to be stored as its owner likes: the octets, which several
 * messages may share; the {@linkplain #envelope() envelope}, with the message's own wish for
 * unknown outcomes in it; and the {@linkplain #parameters() parameters}, a few words.
 */
public final class FrozenMessage {
  private final Octets content;
  private final Envelope envelope;
  private final MailParameters parameters;

  private FrozenMessage(Octets content, Envelope envelope, MailParameters parameters) {
    this.content = content;
    this.envelope = envelope;
    this.parameters = parameters;
  }

  /**
   * Freezes a message for all its recipients.
   *
   * @param message the message; it may be changed or reused afterwards
   * @return as {@link #of(Message, Address[])}
   * @throws MessagingException if it cannot be sent at all
   */
  public static FrozenMessage of(Message message) throws MessagingException {
    return freeze(message, Objects.requireNonNull(message, "message").getAllRecipients());
  }

  /**
   * Freezes a message. Header lines that are not to be sent, such as {@code Bcc} and {@code
   * X-Redeliver-Unknown-Outcome}, are left out of the octets.
   *
   * @param message the message; it may be changed or reused afterwards
   * @param recipients whom for, whatever its header says; groups are expanded, and each mailbox
   *     counts once
   * @return the frozen message
   * @throws MessagingException if it cannot be sent at all: no recipient, an address that cannot be
   *     read, content that cannot be written, or an unknown wish for unknown outcomes
   */
  public static FrozenMessage of(Message message, Address[] recipients) throws MessagingException {
    return freeze(message, recipients);
  }

  private static FrozenMessage freeze(Message message, Address @Nullable [] recipients)
      throws MessagingException {
    return of(Handover.of(message, recipients));
  }

  /** {@return the message of a transport or a sender} */
  static FrozenMessage of(Handover handover) {
    Message message = handover.message();
    MailParameters ofSession = ofSession(message.getSession(), handover.author());
    return new FrozenMessage(
        handover.content(),
        handover.recipients().envelope(),
        Angus.isPresent() ? AngusEnvelope.read(message, ofSession) : ofSession);
  }

  private static MailParameters ofSession(@Nullable Session session, @Nullable String author) {
    if (session == null) {
      return new MailParameters(null, author, 0, 0, false, null, null, false);
    }
    String from = session.getProperty("mail." + SenderSession.protocol(session) + ".from");
    boolean given = from != null && !from.isEmpty();
    boolean utf8 = Boolean.parseBoolean(session.getProperty("mail.mime.allowutf8"));
    return new MailParameters(
        given ? from : null, given ? null : author, 0, 0, false, null, null, utf8);
  }

  /**
   * Makes a message of its stored parts. Neither copies nor reads the octets.
   *
   * @param content the octets as {@link #content()} gave them; must not be changed from now on
   * @param envelope whom for: all recipients of the original, or those that are left
   * @param parameters as {@link #parameters()} gave them
   * @return the message
   * @throws MessagingException if a parameter is unknown, because a newer version wrote it, or its
   *     value is: left out, the message would be another one
   */
  public static FrozenMessage thaw(
      byte[] content, Envelope envelope, Map<String, String> parameters) throws MessagingException {
    return new FrozenMessage(
        Octets.of(Objects.requireNonNull(content, "content")),
        Objects.requireNonNull(envelope, "envelope"),
        MailParameters.of(parameters));
  }

  /** {@return the same message for other recipients; it shares the octets} */
  public FrozenMessage withRecipients(Envelope other) {
    return new FrozenMessage(content, Objects.requireNonNull(other, "other"), parameters);
  }

  /** {@return whom it is for, under its Message-ID, which is empty if it has none} */
  public Envelope envelope() {
    return envelope;
  }

  /** {@return the octets that are sent; no copy: they must not be changed} */
  public byte[] content() {
    return content.bytes();
  }

  /**
   * {@return how many octets go over the wire, as SIZE counts them (RFC 1870)} Each line end is two
   * of them, whatever it is in {@link #content()}. Counted anew each time.
   */
  public long size() {
    return content.sizeOnWire();
  }

  /**
   * {@return what is needed for MAIL and RCPT and is in no other part} Only what is set; the keys
   * are stable, and their order is:
   *
   * <ul>
   *   <li>{@code from}: the envelope sender that the message names, else {@code mail.smtp.from} (or
   *       {@code mail.smtps.from}) of its session; {@code <>} for none. If it is not set, {@code
   *       mail.smtp.from} of the session that sends is it, else the author
   *   <li>{@code author}: the mailbox of the first author, unless {@code from} is set
   *   <li>{@code notify}: {@code never}, or a list of {@code success}, {@code failure}, {@code
   *       delay}, with commas
   *   <li>{@code ret}: {@code full} or {@code hdrs}
   *   <li>{@code 8bitmime}: {@code true} if the message may be converted to 8BITMIME
   *   <li>{@code submitter}: for AUTH= of MAIL
   *   <li>{@code mail-extension}: what to append to MAIL
   *   <li>{@code utf8}: {@code true} if its session allowed UTF-8 in headers
   * </ul>
   */
  public Map<String, String> parameters() {
    return parameters.toMap();
  }

  /** {@return the message for {@link PooledConnection}} Needs Angus. */
  Handover handover() {
    return Handover.thawed(
        AngusEnvelope.carrier(parameters), content, parameters.author(), envelope);
  }

  /** {@return the Message-ID and how much it is, without content or addresses} */
  @Override
  public String toString() {
    return "FrozenMessage[" + envelope.messageId() + ", " + content.bytes().length + " octets]";
  }
}
