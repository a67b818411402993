package dev.redeliver.delivery;

import dev.redeliver.smtp.SmtpFailure;
import java.util.Optional;

/** Opens a connection for later attempts: the bridge to a mail library. */
@FunctionalInterface
public interface Connector {
  /** {@return nothing if the session is ready for MAIL, otherwise why it is not} */
  Optional<SmtpFailure> connect();
}
