package dev.redeliver.jakartamail;

import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpFailure.Fault;
import dev.redeliver.smtp.SmtpFailure.Problem;
import dev.redeliver.smtp.SmtpStage;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.security.InvalidAlgorithmParameterException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** Reads what went wrong from the exceptions of the mail library and the JDK. */
final class Faults {
  /** Chains may be as long as a recipient list, and may be circular. */
  private static final int MAX_CHAIN = 50;

  private Faults() {}

  /** {@return why no answer came at that stage} */
  static SmtpFailure disconnected(SmtpStage stage, Throwable problem) {
    List<Throwable> chain = chain(problem);
    if (has(chain, CertificateException.class)
        || has(chain, CertPathValidatorException.class)
        || has(chain, CertPathBuilderException.class)
        // What the JDK throws where the trust store is empty.
        || has(chain, InvalidAlgorithmParameterException.class)) {
      return new SmtpFailure.Local(SmtpStage.STARTTLS, Problem.TLS_SETUP, detail(chain));
    }
    return new SmtpFailure.Disconnected(stage, fault(stage, chain), detail(chain));
  }

  private static Fault fault(SmtpStage stage, List<Throwable> chain) {
    if (has(chain, UnknownHostException.class)) {
      return Fault.DNS;
    }
    if (has(chain, InterruptedIOException.class)) {
      return Fault.TIMEOUT;
    }
    if (has(chain, ConnectException.class)
        || has(chain, NoRouteToHostException.class)
        || has(chain, PortUnreachableException.class)) {
      return Fault.REFUSED;
    }
    if (stage.compareTo(SmtpStage.STARTTLS) <= 0 && has(chain, SSLException.class)) {
      return Fault.TLS_HANDSHAKE;
    }
    return isWriteTimeout(chain) ? Fault.TIMEOUT : Fault.LOST;
  }

  /** {@return whether the connection is to blame, rather than the content or the library} */
  static boolean isNetwork(Throwable problem) {
    List<Throwable> chain = chain(problem);
    return has(chain, SocketException.class)
        || has(chain, InterruptedIOException.class)
        || has(chain, SSLException.class)
        || has(chain, EOFException.class)
        || has(chain, UnknownHostException.class)
        || isWriteTimeout(chain)
        || chain.stream().anyMatch(link -> String.valueOf(link.getMessage()).contains("[EOF]"));
  }

  private static boolean isWriteTimeout(List<Throwable> chain) {
    return chain.stream()
        .anyMatch(
            link -> link instanceof IOException && "Write timed out".equals(link.getMessage()));
  }

  private static boolean has(List<Throwable> chain, Class<? extends Throwable> type) {
    return chain.stream().anyMatch(type::isInstance);
  }

  /** {@return the first exception of a type in a chain of causes} */
  static <T extends Throwable> Optional<T> find(Throwable problem, Class<T> type) {
    return chain(problem).stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  private static List<Throwable> chain(Throwable problem) {
    List<Throwable> chain = new ArrayList<>();
    Throwable link = problem;
    while (link != null && chain.size() < MAX_CHAIN) {
      chain.add(link);
      link = link.getCause();
    }
    return chain;
  }

  /** The innermost message says most; toString of a MessagingException repeats its whole chain. */
  private static String detail(List<Throwable> chain) {
    Throwable innermost = chain.get(chain.size() - 1);
    String message = innermost.getMessage();
    return message == null || message.isBlank()
        ? innermost.getClass().getSimpleName()
        : message.strip();
  }

  /** {@return what a local problem says, in one line} */
  static String detail(Throwable problem) {
    return detail(chain(problem));
  }
}
