package dev.redeliver.jakartamail;

import dev.redeliver.policy.UnknownOutcome;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.InternetHeaders;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.util.SharedByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A message as it was when it was handed over: the same Message-ID, Date and bytes for every
 * attempt, whatever happens to the application's object meanwhile. Immutable and thread-safe.
 *
 * <p>Taking it also moves every failure of the content itself, such as a missing attachment, to a
 * moment when no server is involved.
 */
final class Snapshot {
  /** Says for one message what {@code redeliver.unknown-outcome} says for all. Never sent. */
  private static final String UNKNOWN_OUTCOME = "X-Redeliver-Unknown-Outcome";

  /** What Angus never sends, and what is meant for us. */
  private static final String[] NOT_SENT = {"Bcc", "Content-Length", UNKNOWN_OUTCOME};

  private static final String[] OURS = {UNKNOWN_OUTCOME};

  private final Octets content;
  private final Optional<UnknownOutcome> unknownOutcome;
  private final MimeMessage original;
  private final Address @Nullable [] from;

  private Snapshot(
      Octets content,
      Optional<UnknownOutcome> unknownOutcome,
      MimeMessage original,
      Address @Nullable [] from) {
    this.content = content;
    this.unknownOutcome = unknownOutcome;
    this.original = original;
    this.from = from;
  }

  /**
   * Takes one.
   *
   * @param complete whether headers stay in that are not for the recipients to see: another
   *     transport may need them
   */
  static Snapshot of(@Nullable Message message, boolean complete) throws MessagingException {
    if (!(message instanceof MimeMessage mime)) {
      throw new MessagingException(
          "Only RFC 822 messages (jakarta.mail.internet.MimeMessage) can be sent, not "
              + (message == null ? "null" : message.getClass().getName()));
    }
    Octets.Writer content = new Octets.Writer();
    try {
      mime.writeTo(content, complete ? OURS : NOT_SENT);
    } catch (IOException e) {
      throw new MessagingException("The message cannot be written; nothing was sent", e);
    }
    return new Snapshot(content.octets(), unknownOutcome(mime), mime, from(mime));
  }

  /**
   * {@return one that was taken before}
   *
   * @param content as it was taken, incomplete
   * @param carrier a message with the original's envelope attributes, and with nothing else
   * @param author the original's; null if it has none
   */
  static Snapshot thawed(Octets content, MimeMessage carrier, @Nullable String author) {
    Address[] from = null;
    if (author != null) {
      InternetAddress address = new InternetAddress();
      address.setAddress(author);
      from = new Address[] {address};
    }
    return new Snapshot(content, Optional.empty(), carrier, from);
  }

  private static Optional<UnknownOutcome> unknownOutcome(MimeMessage message)
      throws MessagingException {
    String wish = message.getHeader(UNKNOWN_OUTCOME, ", ");
    if (wish == null) {
      return Optional.empty();
    }
    for (UnknownOutcome choice : UnknownOutcome.values()) {
      if (choice.token().equals(wish.strip().toLowerCase(Locale.ROOT))) {
        return Optional.of(choice);
      }
    }
    throw new MessagingException(
        UNKNOWN_OUTCOME + ": '" + wish + "' is not one of: resend, report; nothing was sent");
  }

  private static Address @Nullable [] from(MimeMessage message) {
    try {
      return message.getFrom();
    } catch (MessagingException e) {
      // The mail library would meet the same header, and then name the local user.
      return null;
    }
  }

  /** {@return the Message-ID, or an empty string if the message has none} */
  String messageId() throws MessagingException {
    String id = original.getMessageID();
    return id == null ? "" : id;
  }

  /** {@return what the message itself wants when the reply to its content never comes} */
  Optional<UnknownOutcome> unknownOutcome() {
    return unknownOutcome;
  }

  /** {@return the author, as a mailbox; empty if there is none} */
  Optional<String> author() {
    return from != null && from.length > 0 && from[0] instanceof InternetAddress first
        ? Optional.ofNullable(first.getAddress())
        : Optional.empty();
  }

  Octets content() {
    return content;
  }

  /** {@return the octets that go over the wire, dot-stuffing and final dot not counted} */
  long size() {
    return content.sizeOnWire();
  }

  /**
   * {@return the message for one attempt} A new one each time: the mail library may convert it for
   * one server, and the next server may be another.
   */
  MimeMessage view(BodyTracker tracker) throws MessagingException {
    SharedByteArrayInputStream stream = content.read();
    return Angus.isPresent()
        ? new TrackedSmtpMessage(original, stream, tracker)
        : new TrackedMessage(original.getSession(), stream, tracker);
  }

  /** {@return the message for one attempt in which Angus converts nothing} */
  MimeMessage wireView() {
    return new SmtpView(original, content::writeTo, from);
  }

  /** Reports when it is written, and keeps its Message-ID. */
  private static final class TrackedMessage extends MimeMessage {
    private final BodyTracker tracker;

    TrackedMessage(@Nullable Session session, InputStream content, BodyTracker tracker)
        throws MessagingException {
      super(session, content);
      this.tracker = tracker;
    }

    @Override
    protected InternetHeaders createInternetHeaders(InputStream in) throws MessagingException {
      return ParsedHeaders.of(in, session);
    }

    @Override
    public void writeTo(OutputStream out, String @Nullable [] ignoredHeaders)
        throws IOException, MessagingException {
      tracker.begin();
      super.writeTo(out, ignoredHeaders);
      tracker.complete();
    }

    @Override
    protected void updateMessageID() {
      // One submission, one Message-ID: a conversion to 8BITMIME must not make a new one.
    }
  }
}
