package dev.redeliver.benchmarks;

import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Reaction;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationGuard;
import dev.redeliver.reputation.Leave;
import dev.redeliver.reputation.Permit;
import dev.redeliver.reputation.ReputationMonitor;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What monitor and guard do for one reply after the other, of many destinations: most accept, the
 * others refuse a recipient, limit the rate, limit connections, blame the sender or are in trouble.
 * Each reply takes 0.1 simulated seconds. Thread-safe.
 */
final class GuardedTraffic {
  private static final List<String> REFUSALS =
      List.of(
          "550 5.1.1 User unknown",
          "451 4.7.1 Too many messages, slow down",
          "421 4.7.0 Too many connections from your host",
          "450 4.7.1 Your IP address has a poor reputation",
          "451 4.3.2 System not accepting network messages");

  /** One in five replies refuses; at every tenth destination nearly all do. */
  private static final int KINDS = 25;

  private static final int KINDS_WHERE_IT_IS_BAD = 6;

  private final AtomicLong millis = new AtomicLong(1_767_225_600_000L);
  private final InstantSource clock = () -> Instant.ofEpochMilli(millis.get());
  private final DestinationGuard guard =
      new DestinationGuard(RetryPolicy.of(Profile.BACKGROUND), clock, new SplittableRandom(1));
  private final ReputationMonitor monitor =
      new ReputationMonitor(
          new Reaction(3, Duration.ofMinutes(10), Duration.ofMinutes(15), 0), true);
  private final SmtpFailure[] failures = new SmtpFailure[REFUSALS.size()];
  private final Classification[] meanings = new Classification[REFUSALS.size()];
  private final String[] domains;
  private final AtomicLong next = new AtomicLong();
  private final AtomicLong postponed = new AtomicLong();

  GuardedTraffic(int destinations) {
    domains = new String[destinations];
    for (int i = 0; i < destinations; i++) {
      domains[i] = "d" + i + ".example";
    }
    for (int i = 0; i < failures.length; i++) {
      failures[i] = new SmtpFailure.Refused(SmtpStage.RCPT, SmtpReply.parse(REFUSALS.get(i)));
      meanings[i] = ReplyClassifier.standard().classify(failures[i]);
    }
  }

  /** {@return whether an attempt was allowed, and its reply dealt with} */
  boolean reply() {
    long number = next.getAndIncrement();
    millis.addAndGet(100);
    int place = (int) (number % domains.length);
    Destination destination = Destination.ofDomain(domains[place]);
    Leave leave = guard.ask(destination);
    if (!(leave instanceof Leave.Granted granted)) {
      postponed.incrementAndGet();
      return false;
    }
    settle(
        granted.permit(),
        destination,
        kind(number, place % 10 == 0 ? KINDS_WHERE_IT_IS_BAD : KINDS));
    return true;
  }

  /** Which refusal it is, if it is one; scattered over the destinations. */
  private static int kind(long number, int kinds) {
    return (int) Long.remainderUnsigned((number * 0x9E3779B97F4A7C15L) >>> 32, kinds);
  }

  private void settle(Permit permit, Destination destination, int kind) {
    if (kind >= failures.length) {
      var unused = guard.answered(permit, true);
      return;
    }
    SmtpFailure failure = failures[kind];
    Classification meaning = meanings[kind];
    monitor
        .observe("mx.example", destination, failure, meaning, clock.instant())
        .forEach(guard::alerted);
    if (guard.concerns(failure, meaning)) {
      var unused = guard.refused(permit, failure, meaning);
    } else {
      var unused = guard.answered(permit, false);
    }
  }

  long postponed() {
    return postponed.get();
  }
}
