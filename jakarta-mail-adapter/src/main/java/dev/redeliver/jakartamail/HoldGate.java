package dev.redeliver.jakartamail;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Handling;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.smtp.SmtpFailure;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a server that has refused our set-up from being asked again and again, by all transports of
 * a deliverer: wrong credentials tried often lock the account. After a refusal there is one try per
 * back-off, of 1 minute, doubled each time up to 30; whoever comes earlier gets the remembered
 * reason at once. Other credentials are tried at once. Thread-safe.
 */
final class HoldGate {
  private static final Map<Redeliverer, HoldGate> BY_DELIVERER = new WeakHashMap<>();

  private static final Duration FIRST = Duration.ofMinutes(1);
  private static final Duration LONGEST = Duration.ofMinutes(30);
  private static final int MOST_TARGETS = 1000;

  /**
   * Where and as whom.
   *
   * @param secret tells one password from another, and is none itself
   */
  record Key(@Nullable String host, int port, @Nullable String user, int secret) {
    static Key of(
        @Nullable String host, int port, @Nullable String user, @Nullable String password) {
      return new Key(host, port, user, password == null ? 0 : password.hashCode());
    }
  }

  /** What a server said, and when it may be asked again. */
  record Held(SmtpFailure failure, String reason, boolean credentials, int times, Instant until) {
    Held(Held other, Instant until) {
      this(other.failure, other.reason, other.credentials, other.times, until);
    }

    /** {@return the exception for the application} It says what to put right, and when. */
    MessagingException exception(MessagingException cause) {
      return credentials
          ? new AuthenticationFailedException(text(), cause)
          : new MessagingException(text(), cause);
    }

    MessagingException exception() {
      return credentials
          ? new AuthenticationFailedException(text())
          : new MessagingException(text());
    }

    private String text() {
      return reason + " Not tried again before " + until.truncatedTo(ChronoUnit.SECONDS) + ".";
    }
  }

  private final Map<Key, Held> held =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Held> eldest) {
          return size() > MOST_TARGETS;
        }
      };

  private HoldGate() {}

  static HoldGate of(Redeliverer redeliverer) {
    synchronized (BY_DELIVERER) {
      return BY_DELIVERER.computeIfAbsent(redeliverer, key -> new HoldGate());
    }
  }

  /**
   * {@return why the server must not be asked now; empty if it may be} One caller is let through
   * per back-off, and answers with {@link #refused} or {@link #opened}.
   */
  synchronized Optional<Held> closed(Key key, Instant now) {
    Held known = held.get(key);
    if (known == null) {
      return Optional.empty();
    }
    if (now.isBefore(known.until())) {
      return Optional.of(known);
    }
    held.put(key, next(known, known.failure(), known.reason(), known.credentials(), now));
    return Optional.empty();
  }

  /**
   * Remembers a refusal, if it is one of our set-up.
   *
   * @return what is remembered
   */
  synchronized Optional<Held> refused(
      Key key, SmtpFailure failure, Redeliverer redeliverer, MessagingException problem) {
    Classification meaning = redeliverer.policy().classifier().classify(failure);
    Held known = held.get(key);
    if (meaning.handling() != Handling.HOLD || !isOfServer(failure)) {
      if (known != null) {
        // Not even asked: the next one may.
        held.put(key, new Held(known, redeliverer.clock().instant()));
      }
      return Optional.empty();
    }
    String reason = String.valueOf(problem.getMessage()).strip() + ": " + meaning.advice();
    boolean credentials = problem instanceof AuthenticationFailedException;
    Instant now = redeliverer.clock().instant();
    // The try that was let through has prolonged the back-off already.
    Held remembered =
        known != null && known.until().isAfter(now)
            ? new Held(failure, reason, credentials, known.times(), known.until())
            : next(known, failure, reason, credentials, now);
    held.put(key, remembered);
    return Optional.of(remembered);
  }

  /** Where nobody was asked, nothing was tried: a missing password, settings that are bad. */
  private static boolean isOfServer(SmtpFailure failure) {
    return !(failure instanceof SmtpFailure.Local local)
        || local.problem() == SmtpFailure.Problem.TLS_SETUP;
  }

  /** Forgets: the server has let us in. */
  synchronized void opened(Key key) {
    held.remove(key);
  }

  private static Held next(
      @Nullable Held before, SmtpFailure failure, String reason, boolean credentials, Instant now) {
    int times = before == null ? 1 : before.times() + 1;
    Duration delay = FIRST.multipliedBy(1L << Math.min(times - 1, 10));
    Duration bounded = delay.compareTo(LONGEST) > 0 ? LONGEST : delay;
    return new Held(failure, reason, credentials, times, now.plus(bounded));
  }
}
