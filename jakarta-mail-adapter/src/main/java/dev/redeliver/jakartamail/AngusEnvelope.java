package dev.redeliver.jakartamail;

import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.util.Properties;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.jspecify.annotations.Nullable;

/**
 * The envelope attributes of a message as Angus has them, to and from {@link MailParameters}.
 * Loaded only if Angus is there.
 */
final class AngusEnvelope {
  private static final Session PLAIN = session(false);
  private static final Session UTF8 = session(true);

  private AngusEnvelope() {}

  /** The session of a stored message says nothing but what its headers may contain. */
  private static Session session(boolean utf8) {
    Properties properties = new Properties();
    properties.setProperty("mail.mime.allowutf8", Boolean.toString(utf8));
    return Session.getInstance(properties);
  }

  /** Adds what the message itself says to what its session says. */
  static MailParameters read(Message message, MailParameters session) {
    if (!(message instanceof SMTPMessage smtp)) {
      return session;
    }
    String own = given(smtp.getEnvelopeFrom());
    return new MailParameters(
        own == null ? session.from() : own,
        own == null ? session.author() : null,
        smtp.getNotifyOptions(),
        smtp.getReturnOption(),
        smtp.getAllow8bitMIME(),
        given(smtp.getSubmitter()),
        given(smtp.getMailExtension()),
        session.utf8());
  }

  /** To Angus, what is empty is not set. */
  private static @Nullable String given(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }

  /** {@return a message without content that has these attributes} */
  static MimeMessage carrier(MailParameters parameters) {
    SMTPMessage message = new SMTPMessage(parameters.utf8() ? UTF8 : PLAIN);
    message.setEnvelopeFrom(parameters.from());
    message.setNotifyOptions(parameters.dsnNotify());
    message.setReturnOption(parameters.dsnRet());
    message.setAllow8bitMIME(parameters.eightBit());
    message.setSubmitter(parameters.submitter());
    message.setMailExtension(parameters.extension());
    return message;
  }
}
