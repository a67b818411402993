package dev.redeliver.jakartamail;

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A message as it was when it was handed over: the same Message-ID, Date and bytes for every
 * attempt, whatever happens to the application's object meanwhile. Immutable and thread-safe.
 *
 * <p>Taking it also moves every failure of the content itself, such as a missing attachment, to a
 * moment when no server is involved.
 */
final class Snapshot {
  private final byte[] content;
  private final MimeMessage original;

  private Snapshot(byte[] content, MimeMessage original) {
    this.content = content;
    this.original = original;
  }

  static Snapshot of(@Nullable Message message) throws MessagingException {
    if (!(message instanceof MimeMessage mime)) {
      throw new MessagingException(
          "Only RFC 822 messages (jakarta.mail.internet.MimeMessage) can be sent, not "
              + (message == null ? "null" : message.getClass().getName()));
    }
    ByteArrayOutputStream content = new ByteArrayOutputStream(8192);
    try {
      mime.writeTo(content);
    } catch (IOException e) {
      throw new MessagingException("The message cannot be written; nothing was sent", e);
    }
    return new Snapshot(content.toByteArray(), mime);
  }

  /** {@return the Message-ID, or an empty string if the message has none} */
  String messageId() throws MessagingException {
    String id = original.getMessageID();
    return id == null ? "" : id;
  }

  /**
   * {@return the message for one attempt} A new one each time: the mail library may convert it for
   * one server, and the next server may be another.
   */
  MimeMessage view(BodyTracker tracker) throws MessagingException {
    ByteArrayInputStream stream = new ByteArrayInputStream(content);
    return Angus.isPresent()
        ? new TrackedSmtpMessage(original, stream, tracker)
        : new TrackedMessage(original.getSession(), stream, tracker);
  }

  /** Reports when it is written, and keeps its Message-ID. */
  private static final class TrackedMessage extends MimeMessage {
    private final BodyTracker tracker;

    TrackedMessage(@Nullable Session session, ByteArrayInputStream content, BodyTracker tracker)
        throws MessagingException {
      super(session, content);
      this.tracker = tracker;
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
