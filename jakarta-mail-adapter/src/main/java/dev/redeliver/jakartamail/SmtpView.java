package dev.redeliver.jakartamail;

import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.OutputStream;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.jspecify.annotations.Nullable;

/**
 * A message that is nothing but its octets and what Angus's transport asks for the envelope: it
 * need not be parsed for every attempt. Not thread-safe.
 */
final class SmtpView extends SMTPMessage {
  /** Writes the octets, headers that are not to be sent left out already. */
  interface Source {
    void writeTo(OutputStream out) throws IOException;
  }

  private final Source octets;
  private final Address @Nullable [] from;

  SmtpView(MimeMessage original, Source octets, Address @Nullable [] from) {
    super(original.getSession());
    this.octets = octets;
    this.from = from;
    TrackedSmtpMessage.copyEnvelope(original, this);
  }

  @Override
  public Address @Nullable [] getFrom() {
    return from;
  }

  /** {@return nothing: the transport asks for it, and does nothing with it} */
  @Override
  public @Nullable String getSubject() throws MessagingException {
    return null;
  }

  @Override
  public void writeTo(OutputStream out, String @Nullable [] ignoredHeaders) throws IOException {
    octets.writeTo(out);
  }
}
