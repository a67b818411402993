package dev.redeliver.outbox;

import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.delivery.Waiter;
import dev.redeliver.jakartamail.Courier;
import dev.redeliver.jakartamail.FrozenMessage;
import dev.redeliver.policy.Decision;
import dev.redeliver.reputation.Destination;
import dev.redeliver.smtp.SmtpFailure;
import jakarta.mail.MessagingException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after queues, one slice of time each. Thread-safe; a slice is one thread's.
 *
 * <p>A message is marked in the database before it is sent, and what became of it is written
 * together with the mark of the next one. Whatever is found marked when a slice begins was being
 * sent by a process that is no more: nobody knows whether the server has it.
 */
final class QueueWorker implements QueueTask.Work {
  /** Others get their turn after that. */
  static final Duration SLICE = Duration.ofSeconds(2);

  /** Messages that are read at a time. */
  private static final int BATCH = 50;

  /** A clock that was wrong must not keep a queue asleep for ever. */
  static final Duration LONGEST_SLEEP = Duration.ofHours(1);

  /** Where the time to come back is not known, or has passed. */
  private static final Duration SHORT = Duration.ofSeconds(1);

  private static final Duration BETWEEN_TRIES = Duration.ofMillis(100);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private static final Logger LOGGER = LoggerFactory.getLogger(QueueWorker.class);

  private final Store store;
  private final Turns turns;
  private final Cleaning cleaning;
  private final Destinations destinations;
  private final Redeliverer redeliverer;
  private final Courier courier;
  private final Settlement settlement;
  private final Waiter waiter;
  private final @Nullable Bounce bounce;
  private final Duration patience;
  private volatile boolean stopping;

  /**
   * Makes one.
   *
   * @param bounce tells senders of failures; null if nobody does
   * @param patience how long it is tried to write what became of a message
   */
  QueueWorker(
      Store store,
      Turns turns,
      Cleaning cleaning,
      Destinations destinations,
      Redeliverer redeliverer,
      Courier courier,
      Waiter waiter,
      @Nullable Bounce bounce,
      Duration patience) {
    this.store = store;
    this.turns = turns;
    this.cleaning = cleaning;
    this.destinations = destinations;
    this.redeliverer = redeliverer;
    this.courier = courier;
    this.waiter = waiter;
    this.bounce = bounce;
    this.patience = patience;
    settlement = new Settlement(redeliverer);
  }

  /** Begins no further message. */
  void stop() {
    stopping = true;
  }

  @Override
  public QueueTask.Pause perform(Lease lease) {
    return new Slice(lease).run();
  }

  private Instant now() {
    return redeliverer.clock().instant();
  }

  /** A message that was sent, and whose end has not been written yet. */
  private record Sent(Turns.Result result, Delivery delivery) {}

  /** One slice of one queue. */
  private final class Slice {
    private final Lease lease;
    private final Instant end;
    private final List<byte[]> finished = new ArrayList<>();
    private final Contents contents = new Contents(store);
    private @Nullable Sent sent;
    private @Nullable Instant asleepUntil;
    private @Nullable RelayStatus obstacle;

    Slice(Lease lease) {
      this.lease = lease;
      end = now().plus(SLICE);
    }

    QueueTask.Pause run() {
      try {
        recover();
        boolean more = true;
        while (more && goesOn()) {
          List<Parcel> due = store.due(lease.queue(), now(), BATCH);
          contents.coming(due);
          boolean first = true;
          for (Parcel parcel : due) {
            if (goesOn()) {
              send(parcel, first);
              first = false;
            }
          }
          turn(null);
          more = due.stream().mapToInt(parcel -> parcel.rows().size()).sum() >= BATCH;
        }
      } finally {
        letGo();
      }
      cleaning.removeBodies(finished);
      return pause();
    }

    private boolean goesOn() {
      return !stopping && asleepUntil == null && now().isBefore(end);
    }

    private QueueTask.Pause pause() {
      Optional<Instant> next = store.nextTry(lease.queue());
      Instant wake = asleepUntil;
      return wake == null || next.isEmpty() || next.get().isAfter(wake)
          ? new QueueTask.Pause(next, QueueData.AWAKE)
          : new QueueTask.Pause(Optional.of(wake), QueueData.ASLEEP);
    }

    /** What a process that is no more was sending is in doubt. */
    private void recover() {
      for (Parcel found : store.transmitting(lease.queue())) {
        Parcel parcel = found.dueTogether();
        Delivery delivery = redeliverer.resume(parcel.resumption());
        Optional<Duration> unused =
            delivery.endLost(parcel.relay().orElse(""), "the process that sent it ended");
        List<LedgerRow> rows = settlement.after(parcel, delivery, parcel.relay().orElse(""), null);
        sent = sent(parcel, rows, delivery);
        turn(null);
      }
    }

    /**
     * Sends a message, if its destination wants any.
     *
     * @param ask whether to look what other processes know of the destination
     */
    private void send(Parcel parcel, boolean ask) {
      Optional<Instant> opens =
          isOver(parcel) ? Optional.empty() : destinations.opensAt(destination(parcel), now(), ask);
      if (opens.isPresent()) {
        sleepUntil(opens.get());
        return;
      }
      Parcel marked = turn(parcel).orElse(null);
      if (marked == null) {
        return;
      }
      Delivery delivery = redeliverer.resume(marked.resumption());
      obstacle = null;
      String relay = "";
      Error error = null;
      try {
        relay = attempt(marked, delivery);
      } catch (Error e) {
        // Whatever is known is written before; what is not written would be in doubt.
        error = e;
        delivery.stop(Decision.Reason.INTERRUPTED, "cannot be sent: " + e);
      } catch (OutboxException | MessagingException | IllegalStateException e) {
        LOGGER
            .atError()
            .addKeyValue("id", marked.id())
            .setCause(e)
            .log("a message cannot be sent and is put off");
        delivery.stop(Decision.Reason.INTERRUPTED, "cannot be sent: " + e.getMessage());
      }
      List<LedgerRow> rows = settlement.after(marked, delivery, relay, obstacle);
      sent = sent(marked, rows, delivery);
      if (error != null) {
        turn(null);
        throw error;
      }
      if (isHeldByServer(delivery)) {
        rows.stream()
            .flatMap(row -> row.recipient().nextTry().stream())
            .min(Instant::compareTo)
            .ifPresent(this::sleepUntil);
      }
    }

    /** All other messages there would be held, too: one of them finds out when that is over. */
    private static boolean isHeldByServer(Delivery delivery) {
      return delivery.report().recipients().stream()
          .map(RecipientReport::history)
          .filter(history -> !history.isEmpty())
          .map(history -> history.get(history.size() - 1))
          .anyMatch(
              last ->
                  last.decision().orElse(null) instanceof Decision.Hold
                      && last.failure().orElse(null) instanceof SmtpFailure.Refused);
    }

    private boolean isOver(Parcel parcel) {
      return now().isAfter(parcel.deadline());
    }

    private static Destination destination(Parcel parcel) {
      return Destination.ofDomain(new Recipient(0, parcel.rows().get(0).address()).domain());
    }

    /** {@return the relay over which the attempt was made; empty if none was} */
    private String attempt(Parcel parcel, Delivery delivery) throws MessagingException {
      if (isOver(parcel)) {
        delivery.stop(Decision.Reason.DEADLINE, "the deadline passed while the message waited");
        return "";
      }
      FrozenMessage message =
          FrozenMessage.thaw(
              contents.of(parcel), delivery.envelope(), Parameters.parse(parcel.parameters()));
      int before = delivery.transactions();
      Courier.Trip trip =
          parcel.relay().isPresent()
              ? courier.carry(message, delivery, parcel.relay().get())
              : courier.carry(message, delivery);
      trip.obstacle().ifPresent(met -> meet(met, delivery));
      boolean putOff = trip.obstacle().isEmpty() && delivery.transactions() == before;
      if (putOff) {
        trip.delay().ifPresent(delay -> sleepUntil(now().plus(delay)));
      }
      return trip.relay();
    }

    private Sent sent(Parcel parcel, List<LedgerRow> rows, Delivery delivery) {
      boolean ended = rows.stream().anyMatch(row -> row.state().isFinal());
      Optional<Submission> notification =
          bounce == null || !ended ? Optional.empty() : notification(bounce, parcel, rows);
      return new Sent(new Turns.Result(parcel, rows, notification), delivery);
    }

    /** What happened is written in any case. */
    private Optional<Submission> notification(Bounce to, Parcel parcel, List<LedgerRow> rows) {
      try {
        return to.of(parcel, rows, contents.of(parcel), now());
      } catch (RuntimeException e) {
        redeliverer.housekeepingFailed("notification", e);
        return Optional.empty();
      }
    }

    /** The relay cannot be used: this is not the message's failure. */
    private void meet(RelayStatus met, Delivery delivery) {
      obstacle = met;
      sleepUntil(met.nextProbe().orElse(now()));
      if (met.state() == RelayStatus.State.HELD && !delivery.waiting().isEmpty()) {
        met.obstacle().ifPresent(why -> delivery.stop(why, why.decision()));
      }
    }

    private void sleepUntil(Instant time) {
      Instant soon = now().plus(SHORT);
      Instant late = now().plus(LONGEST_SLEEP);
      Instant wake = time.isBefore(soon) ? soon : time.isAfter(late) ? late : time;
      Instant known = asleepUntil;
      asleepUntil = known == null || wake.isAfter(known) ? wake : known;
    }

    /** Writes down what became of the last message, and that this one is being sent. */
    private Optional<Parcel> turn(@Nullable Parcel next) {
      Sent done = sent;
      if (done == null && next == null) {
        return Optional.empty();
      }
      Optional<Parcel> marked = persist(done == null ? null : done.result(), next);
      sent = null;
      if (done != null) {
        conclude(done);
      }
      return marked;
    }

    /**
     * What became of a message is worth some patience. After the lease it is another process's to
     * say, as this one cannot.
     */
    private Optional<Parcel> persist(Turns.@Nullable Result done, @Nullable Parcel next) {
      Duration delay = BETWEEN_TRIES;
      Duration waited = Duration.ZERO;
      while (true) {
        try {
          return turns.turn(lease, done, next, now(), !waited.isZero());
        } catch (OutboxException e) {
          if (waited.compareTo(patience) >= 0 || !pause(delay)) {
            throw e;
          }
          LOGGER.warn("the state of a message could not be written; once more in {}", delay, e);
          waited = waited.plus(delay);
          delay =
              delay.multipliedBy(2).compareTo(LONGEST_WAIT) < 0
                  ? delay.multipliedBy(2)
                  : LONGEST_WAIT;
        }
      }
    }

    private boolean pause(Duration delay) {
      try {
        waiter.await(delay);
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    /** Only what is in the database has happened. */
    private void conclude(Sent done) {
      List<LedgerRow> rows = done.result().rows();
      if (rows.stream().allMatch(row -> row.state().isFinal())) {
        finished.add(done.result().parcel().bodyId());
        done.delivery().finish();
      } else {
        done.delivery()
            .suspend(recipient -> rows.get(recipient.recipient().index()).state().isFinal());
      }
    }

    /** After a failure: the listeners learn that the delivery has left this process. */
    private void letGo() {
      Sent left = sent;
      if (left != null) {
        sent = null;
        left.delivery().suspend(recipient -> false);
      }
    }
  }
}
