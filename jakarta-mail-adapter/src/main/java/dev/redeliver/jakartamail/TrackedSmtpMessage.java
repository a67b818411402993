package dev.redeliver.jakartamail;

import jakarta.mail.MessagingException;
import jakarta.mail.internet.InternetHeaders;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.jspecify.annotations.Nullable;

/**
 * The message of one attempt with Angus: keeps the envelope attributes of an {@link SMTPMessage},
 * and always lets the good recipients through when others are refused.
 */
final class TrackedSmtpMessage extends SMTPMessage {
  private final BodyTracker tracker;

  TrackedSmtpMessage(MimeMessage original, InputStream content, BodyTracker tracker)
      throws MessagingException {
    super(original.getSession(), content);
    this.tracker = tracker;
    copyEnvelope(original, this);
  }

  /** Good recipients are served whatever becomes of the others. */
  static void copyEnvelope(MimeMessage original, SMTPMessage copy) {
    copy.setSendPartial(true);
    if (original instanceof SMTPMessage smtp) {
      copy.setEnvelopeFrom(smtp.getEnvelopeFrom());
      copy.setNotifyOptions(smtp.getNotifyOptions());
      copy.setReturnOption(smtp.getReturnOption());
      copy.setAllow8bitMIME(smtp.getAllow8bitMIME());
      copy.setSubmitter(smtp.getSubmitter());
      copy.setMailExtension(smtp.getMailExtension());
    }
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
