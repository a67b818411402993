package dev.redeliver.jakartamail;

import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;

/**
 * Looks after the relays: leaves alone those that cannot be used, finds out when they are back, and
 * closes connections that nobody needs. Thread-safe; no listener is told under the lock.
 */
final class RelayKeeper {
  private final Redeliverer redeliverer;
  private final SenderSettings settings;
  private final Timing timing;
  private final Lock lock;
  private final Runnable wakeUp;
  private boolean closed;

  /**
   * Makes a keeper.
   *
   * @param wakeUp is run when a relay may be asked again
   */
  RelayKeeper(
      Redeliverer redeliverer, SenderSettings settings, Timing timing, Lock lock, Runnable wakeUp) {
    this.redeliverer = redeliverer;
    this.settings = settings;
    this.timing = timing;
    this.lock = lock;
    this.wakeUp = wakeUp;
  }

  /**
   * Leaves a relay alone for a while.
   *
   * @param byProbe whether the probe found out
   * @param told whether the failure was part of an attempt, so that the listeners know
   */
  private void failed(Relay relay, SmtpFailure failure, boolean byProbe, boolean told) {
    int failures;
    lock.lock();
    try {
      if (!byProbe && !relay.health.isUsable()) {
        return;
      }
      failures = relay.health.nextFailure();
    } finally {
      lock.unlock();
    }
    ConnectionFailure why = redeliverer.judge(relay.server(), failures, failure);
    if (!told) {
      redeliverer.serverFailed(why);
    }
    if (suspend(relay, why, byProbe)) {
      redeliverer.tell(listener -> listener.relayChanged(relay.status()));
    }
  }

  /** Connections that work are worth more than the news that there can be no further one. */
  private boolean suspend(Relay relay, ConnectionFailure why, boolean byProbe) {
    boolean held = why.decision() instanceof Decision.Hold;
    Duration pause = pause(why);
    Instant until = why.at().plus(pause);
    lock.lock();
    try {
      int open = relay.connections().open();
      boolean worksElsewhere =
          why.failure().stage().isBeforeMail() && open > 0 && !held && !byProbe;
      Future<?> unused = timing.later(pause, Executors.callable(wakeUp));
      return worksElsewhere
          ? relay.health.throttle(open, why, until)
          : relay.health.fail(why, until, byProbe);
    } finally {
      lock.unlock();
    }
  }

  private Duration pause(ConnectionFailure why) {
    return why.decision() instanceof Decision.Retry retry
        ? retry.delay()
        : redeliverer
            .policy()
            .pause(
                why.classification(), why.attempt(), why.at(), redeliverer.random().nextDouble());
  }

  /** Notes what attempts that have been made say about their relay. */
  void note(Attempts attempts) {
    attempts
        .obstacle()
        .ifPresent(failure -> failed(attempts.relay(), failure, false, attempts.isCounted()));
    if (attempts.isAnswered()) {
      answered(attempts.relay());
    }
  }

  /** Notes that a relay has done its work for a message. */
  private void answered(Relay relay) {
    boolean recovered;
    lock.lock();
    try {
      recovered = relay.health.answered(redeliverer.clock().instant());
    } finally {
      lock.unlock();
    }
    if (recovered) {
      redeliverer.tell(listener -> listener.relayChanged(relay.status()));
    }
  }

  /** Finds out by connecting, without a message, whether a relay can be used again. */
  void probe(Relay relay) {
    Optional<SmtpFailure> failure;
    try {
      failure = connect(relay);
    } catch (RuntimeException e) {
      failure =
          Optional.of(
              new SmtpFailure.Local(SmtpStage.CONNECT, SmtpFailure.Problem.OTHER, e.toString()));
    }
    if (failure.isPresent()) {
      failed(relay, failure.get(), true, false);
      return;
    }
    lock.lock();
    try {
      relay.health.reached();
    } finally {
      lock.unlock();
    }
    redeliverer.tell(listener -> listener.relayChanged(relay.status()));
  }

  private static Optional<SmtpFailure> connect(Relay relay) {
    PooledConnection connection = relay.connections().take();
    try {
      return connection.isOpen() && connection.answers()
          ? Optional.empty()
          : relay.open(connection);
    } finally {
      relay.connections().giveBack(connection);
    }
  }

  /** Sees to it that connections which nobody needs are closed. */
  void closeIdleLater(Relay relay) {
    lock.lock();
    try {
      if (!closed && !relay.closingIdle && relay.connections().idle() > 0) {
        relay.closingIdle = timing.workLater(settings.idleClose(), () -> closeIdle(relay));
      }
    } finally {
      lock.unlock();
    }
  }

  private void closeIdle(Relay relay) {
    if (isClosed()) {
      return;
    }
    Optional<Duration> again = relay.connections().closeIdle();
    lock.lock();
    try {
      relay.closingIdle =
          !closed && again.isPresent() && timing.workLater(again.get(), () -> closeIdle(relay));
    } finally {
      lock.unlock();
    }
    closeIdleLater(relay);
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** Looks after nothing any more. */
  void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
  }
}
