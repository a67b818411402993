package dev.redeliver.jakartamail;

import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.SenderStatus;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.reputation.Destination;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides which message goes next, over which relay, and what happens to it then. Thread-safe: one
 * lock guards all that is counted and queued; no attempt, listener or caller's code runs under it.
 *
 * <p>A worker is a thread with one message and one connection. It goes on with the next message as
 * long as there is one, so that under load nothing is handed from thread to thread.
 */
final class Dispatcher {
  /** How often closing looks whether somebody shut the timer down, which tells nobody. */
  private static final long LOOK_SECONDS = 1;

  private final Redeliverer redeliverer;
  private final Deferral deferral;
  private final SenderSettings settings;
  private final RelayChoice relays;
  private final RelayKeeper keeper;
  private final Timing timing;
  private final Runnable released;
  private final ReentrantLock lock;
  private final Condition room;
  private final Condition progress;
  private final ReadyQueue ready;
  private final Set<Shipment> unfinished = new LinkedHashSet<>();
  private final List<DeliveryReport> left = new ArrayList<>();
  private Phase phase = Phase.OPEN;
  private Instant closeAt = Instant.MAX;
  private int admitted;
  private int sending;
  private int waiting;
  private boolean limitReached;
  private boolean cleaned;
  private boolean resolving;
  private @Nullable Instant nextSweep;
  private @Nullable Instant nextWaking;
  private @Nullable Future<?> waking;
  private @Nullable Future<?> sweeping;

  /** Where the sender is in its life. */
  private enum Phase {
    OPEN,
    /** Takes no message, and sends what it has. */
    CLOSING,
    /** Begins no further attempt. */
    STOPPED
  }

  /**
   * Makes a dispatcher without messages.
   *
   * @param lock the lock that the relays use, too
   * @param released is run once, when a closed sender has nothing left to do
   */
  Dispatcher(
      Redeliverer redeliverer,
      Deferral deferral,
      SenderSettings settings,
      RelayChoice relays,
      Timing timing,
      Runnable released,
      ReentrantLock lock) {
    this.redeliverer = redeliverer;
    this.deferral = deferral;
    this.settings = settings;
    this.relays = relays;
    this.timing = timing;
    this.released = released;
    this.lock = lock;
    keeper = new RelayKeeper(redeliverer, settings, timing, lock, this::pump);
    room = lock.newCondition();
    progress = lock.newCondition();
    ready = new ReadyQueue(relays.inUseAtOnce() * settings.connections(), redeliverer.guard());
  }

  // ---------------------------------------------------------------- hand-over

  /**
   * Makes room for one message, as the back-pressure says.
   *
   * @return why there is none, as {@link dev.redeliver.delivery.DeliveryListener#handoverRejected}
   *     names it; empty if there is
   */
  Optional<String> admit() {
    lock.lock();
    try {
      while (phase == Phase.OPEN && admitted >= settings.maxInFlight()) {
        if (settings.backPressure() == SenderSettings.BackPressure.REJECT) {
          return Optional.of("full");
        }
        room.await();
      }
      if (phase != Phase.OPEN) {
        return Optional.of("closed");
      }
      admitted++;
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("interrupted");
    } finally {
      lock.unlock();
    }
  }

  /** Gives back the room of a message that did not come. */
  void withdraw() {
    lock.lock();
    try {
      leave();
    } finally {
      lock.unlock();
    }
  }

  private void leave() {
    admitted--;
    room.signal();
  }

  /** Takes a message that has room. */
  void submit(Shipment shipment) {
    boolean stopped;
    boolean hopeless = false;
    lock.lock();
    try {
      unfinished.add(shipment);
      stopped = phase == Phase.STOPPED;
      if (stopped) {
        shipment.state = Shipment.State.DONE;
        shipment.left = true;
      } else {
        enqueue(shipment);
        hopeless = isHopeless(shipment);
      }
    } finally {
      lock.unlock();
    }
    if (stopped) {
      end(shipment, "the sender was closed");
      return;
    }
    pump();
    if (hopeless) {
      sweep();
    }
  }

  private void enqueue(Shipment shipment) {
    shipment.state = Shipment.State.READY;
    Relay pin = shipment.pin;
    if (pin != null) {
      pin.pinned.add(shipment);
      return;
    }
    Destination destination = destination(shipment);
    shipment.destination = destination;
    ready.add(destination, shipment);
    if (ready.asleepUntil(destination).isPresent()) {
      sweepAt(shipment.delivery.deadline(), redeliverer.clock().instant());
    }
  }

  /** The first destination that wants mail now; if none does, the one that will want it first. */
  private Destination destination(Shipment shipment) {
    Instant now = redeliverer.clock().instant();
    Destination best = null;
    Instant opens = Instant.MAX;
    for (Recipient recipient : shipment.delivery.waiting()) {
      Destination destination = Destination.ofDomain(recipient.domain());
      Instant at = redeliverer.guard().opensAt(destination);
      if (best == null || at.isBefore(opens)) {
        best = destination;
        opens = at;
      }
      if (!at.isAfter(now)) {
        return destination;
      }
    }
    return best == null ? Destination.ofDomain("") : best;
  }

  private void dequeue(Shipment shipment) {
    if (shipment.pin != null) {
      shipment.pin.pinned.remove(shipment);
    } else if (shipment.destination != null) {
      ready.remove(shipment.destination, shipment);
      shipment.destination = null;
    }
  }

  // ---------------------------------------------------------------- workers

  /** Starts a worker for each thing that can be done at once. */
  private void pump() {
    for (Task task = next(); task != null; task = next()) {
      timing.now(task);
    }
  }

  /** What a worker does: a message over a relay, or finding out whether a relay is back. */
  private final class Task implements Runnable {
    private final @Nullable Shipment shipment;
    private final Relay relay;

    Task(@Nullable Shipment shipment, Relay relay) {
      this.shipment = shipment;
      this.relay = relay;
    }

    @Override
    public void run() {
      Task task = this;
      while (task != null) {
        boolean performed = false;
        try {
          task.perform();
          performed = true;
        } finally {
          if (!performed) {
            // An Error ends this thread, but not the work.
            pump();
          }
        }
        task = next();
        if (task != null) {
          pump();
        }
      }
    }

    private void perform() {
      if (shipment == null) {
        probe(relay);
      } else {
        send(shipment, relay);
      }
    }
  }

  /** {@return the next thing to do, already counted as being done; null if there is none} */
  private @Nullable Task next() {
    lock.lock();
    try {
      if (phase == Phase.STOPPED || unfinished.isEmpty()) {
        return null;
      }
      Optional<Relay> back = relays.probeDue(redeliverer.clock());
      if (back.isPresent()) {
        back.get().health.probe();
        back.get().busy++;
        return new Task(null, back.get());
      }
      return nextShipment();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Task nextShipment() {
    Relay relay = relays.withPinned();
    Shipment shipment = relay == null ? null : relay.pinned.iterator().next();
    if (relay != null && shipment != null) {
      relay.pinned.remove(shipment);
    } else if (hasTurn()) {
      relay = relays.choose();
      shipment = relay == null ? null : ready.poll();
    }
    if (relay == null || shipment == null) {
      return null;
    }
    relay.busy++;
    sending++;
    shipment.state = Shipment.State.SENDING;
    return new Task(shipment, relay);
  }

  /** Whether a destination that wants mail has a message; sees to it that the others get theirs. */
  private boolean hasTurn() {
    Instant now = redeliverer.clock().instant();
    boolean turn = ready.hasTurn(now);
    if (ready.hasNewSleepers()) {
      timing.now(this::endLateSleepers);
    }
    ready.nextWaking().ifPresent(at -> wakeAt(at, now));
    if (!turn && ready.size() > 0) {
      sweepAt(unfinished.iterator().next().delivery.deadline(), now);
    }
    return turn;
  }

  private void wakeAt(Instant at, Instant now) {
    if (nextWaking != null && !at.isBefore(nextWaking)) {
      return;
    }
    nextWaking = at;
    if (waking != null) {
      waking.cancel(false);
    }
    waking =
        timing.later(Duration.between(now, at), Executors.callable(() -> timing.now(this::wakeUp)));
  }

  /** The timer may be early by the clock: then it is set again. */
  private void wakeUp() {
    lock.lock();
    try {
      nextWaking = null;
      waking = null;
    } finally {
      lock.unlock();
    }
    pump();
  }

  /**
   * A destination that wants no mail until after a message's time is over will never get it; one
   * that wants none for long does not hold up a message's other destinations.
   */
  private void endLateSleepers() {
    List<ReadyQueue.Late> late;
    List<Shipment> ended = new ArrayList<>();
    lock.lock();
    try {
      late = ready.lateSleepers();
      for (ReadyQueue.Late each : late) {
        if (take(each.shipment(), "") && !goOnElsewhere(each)) {
          ended.add(each.shipment());
        }
      }
    } finally {
      lock.unlock();
    }
    ended.forEach(shipment -> finish(shipment, false));
    if (ended.size() < late.size()) {
      pump();
    }
  }

  /** A message may be for other destinations, too. */
  private boolean goOnElsewhere(ReadyQueue.Late late) {
    Delivery delivery = late.shipment().delivery;
    delivery.postpone(
        late.destination(), late.until(), "mail to " + late.destination() + " pauses");
    boolean goesOn = delivery.untilNext().map(delay -> goOn(late.shipment(), delay)).orElse(false);
    if (!goesOn) {
      late.shipment().state = Shipment.State.DONE;
    }
    return goesOn;
  }

  private void probe(Relay relay) {
    try {
      keeper.probe(relay);
    } finally {
      lock.lock();
      try {
        relay.busy--;
      } finally {
        lock.unlock();
      }
    }
    keeper.closeIdleLater(relay);
    sweep();
  }

  private void send(Shipment shipment, Relay relay) {
    Attempts attempts = new Attempts(redeliverer, relays, shipment, relay, this::pump);
    try {
      attempts.run();
      keeper.note(attempts);
    } finally {
      settle(attempts);
    }
    if (attempts.obstacle().isPresent()) {
      sweep();
    }
    attempts
        .error()
        .ifPresent(
            error -> {
              throw error;
            });
  }

  /** Puts a message where it belongs after its attempts. */
  private void settle(Attempts attempts) {
    Shipment shipment = attempts.shipment();
    boolean ended;
    lock.lock();
    try {
      attempts.relay().busy--;
      sending--;
      if (shipment.destination != null) {
        ready.release(shipment.destination, attempts.isSmooth());
        shipment.destination = null;
      }
      shipment.pin = shipment.delivery.isOutcomeUnknown() ? pinOf(attempts) : null;
      ended = attempts.delay().map(delay -> !goOn(shipment, delay)).orElse(true);
      if (ended) {
        shipment.state = Shipment.State.DONE;
      }
      keeper.closeIdleLater(attempts.relay());
      resolveAlertsLater();
    } finally {
      lock.unlock();
    }
    if (ended) {
      finish(shipment, true);
    }
  }

  /** Without a timer an alert would be resolved by the next attempt only. */
  private void resolveAlertsLater() {
    Instant quiet = redeliverer.nextQuiet().orElse(null);
    if (quiet != null && !resolving && phase == Phase.OPEN) {
      Instant now = redeliverer.clock().instant();
      resolving = timing.workLater(notNegative(Duration.between(now, quiet)), this::resolveAlerts);
    }
  }

  private void resolveAlerts() {
    try {
      redeliverer.resolveQuiet();
    } finally {
      lock.lock();
      try {
        resolving = false;
        resolveAlertsLater();
      } finally {
        lock.unlock();
      }
    }
  }

  private static Duration notNegative(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  /** The relay that may have the message already; it stays the same over further tries. */
  private static Relay pinOf(Attempts attempts) {
    Relay before = attempts.shipment().pin;
    return before == null ? attempts.relay() : before;
  }

  /** {@return whether the message waits for its next try; if not, it was stopped} */
  private boolean goOn(Shipment shipment, Duration delay) {
    String reason = shipment.stopReason;
    Instant due = redeliverer.clock().instant().plus(delay);
    if (reason == null && due.isAfter(closeAt)) {
      shipment.left = true;
      reason = "the sender was closed before the next try";
    }
    if (reason == null && !delay.isZero() && !schedule(shipment, delay)) {
      reason = "the scheduler does not take work";
    }
    if (reason != null) {
      shipment.delivery.stop(Decision.Reason.INTERRUPTED, reason);
      return false;
    }
    if (delay.isZero()) {
      enqueue(shipment);
    }
    return true;
  }

  private boolean schedule(Shipment shipment, Duration delay) {
    Future<?> task = timing.later(delay, shipment);
    if (task == null) {
      return false;
    }
    shipment.timer = task;
    shipment.state = Shipment.State.WAITING;
    waiting++;
    return true;
  }

  /** Takes back a message whose time has come. */
  void due(Shipment shipment) {
    boolean hopeless;
    lock.lock();
    try {
      if (shipment.state != Shipment.State.WAITING) {
        return;
      }
      waiting--;
      shipment.timer = null;
      enqueue(shipment);
      hopeless = isHopeless(shipment);
    } finally {
      lock.unlock();
    }
    pump();
    if (hopeless) {
      timing.now(this::sweep);
    }
  }

  // ---------------------------------------------------------------- ends

  private void end(Shipment shipment, String why) {
    shipment.delivery.stop(Decision.Reason.INTERRUPTED, why);
    finish(shipment, false);
  }

  /** Tells everybody what became of a message that is done. */
  private void finish(Shipment shipment, boolean byWorker) {
    DeliveryReport report;
    Error error = null;
    try {
      report = handOver(shipment, shipment.delivery.finish());
    } catch (Error e) {
      report = shipment.delivery.report();
      error = e;
    }
    complete(shipment, report, byWorker);
    if (error != null) {
      throw error;
    }
  }

  /** What the application has cancelled, nobody shall deliver. */
  private DeliveryReport handOver(Shipment shipment, DeliveryReport report) {
    return shipment.receipt.isCancelled()
        ? report
        : deferral.handOver(
            redeliverer,
            report,
            left ->
                Optional.of(FrozenMessage.of(shipment.handover).withRecipients(left.envelope())));
  }

  /**
   * Code of the application that hangs on the future must not hold up other messages: it gets a
   * thread of its own, unless this one has nothing else to do.
   */
  private void complete(Shipment shipment, DeliveryReport report, boolean byWorker) {
    boolean spare;
    lock.lock();
    try {
      leave();
      if (shipment.left && isInterrupted(report)) {
        left.add(report);
      }
      spare = byWorker && ready.size() == 0;
    } finally {
      lock.unlock();
    }
    if (spare || shipment.receipt.getNumberOfDependents() == 0) {
      conclude(shipment, report);
    } else {
      timing.now(() -> conclude(shipment, report));
    }
  }

  private static boolean isInterrupted(DeliveryReport report) {
    return report.recipients().stream()
        .map(recipient -> recipient.decision().orElse(null))
        .anyMatch(
            decision ->
                decision instanceof Decision.GiveUp giveUp
                    && giveUp.reason() == Decision.Reason.INTERRUPTED);
  }

  private void conclude(Shipment shipment, DeliveryReport report) {
    try {
      shipment.receipt.end(report);
    } finally {
      lock.lock();
      try {
        unfinished.remove(shipment);
        progress.signalAll();
      } finally {
        lock.unlock();
      }
      cleanUp();
    }
  }

  /** Ends a message that waits or is ready; one in an attempt ends after it. */
  void cancel(Shipment shipment) {
    lock.lock();
    try {
      if (!take(shipment, "it was cancelled")) {
        return;
      }
    } finally {
      lock.unlock();
    }
    end(shipment, "it was cancelled");
  }

  /** {@return whether the message is the caller's to end; if not, it will end by itself} */
  private boolean take(Shipment shipment, String why) {
    switch (shipment.state) {
      case SENDING -> {
        shipment.stopReason = why;
        return false;
      }
      case DONE -> {
        return false;
      }
      case READY -> dequeue(shipment);
      case WAITING -> {
        waiting--;
        if (shipment.timer != null) {
          shipment.timer.cancel(false);
          shipment.timer = null;
        }
      }
    }
    shipment.state = Shipment.State.DONE;
    return true;
  }

  /** A message that no relay can take, and what it ends with. */
  private record Stuck(Shipment shipment, ConnectionFailure obstacle, Decision decision) {}

  /**
   * Ends the messages that no relay can take in time, and looks again when the next one's time is
   * over. Messages end in the order in which they came: all have the same time.
   */
  private void sweep() {
    List<Stuck> ending = new ArrayList<>();
    List<Shipment> overdue = new ArrayList<>();
    lock.lock();
    try {
      Instant now = redeliverer.clock().instant();
      nextSweep = null;
      if (sweeping != null) {
        sweeping.cancel(false);
        sweeping = null;
      }
      for (Shipment shipment : unfinished) {
        Relay relay = shipment.state == Shipment.State.READY ? relays.obstructing(shipment) : null;
        Optional<Stuck> stuck = relay == null ? Optional.empty() : stuck(shipment, relay, now);
        boolean asleep = relay == null && isAsleep(shipment);
        if (stuck.isPresent()) {
          ending.add(stuck.get());
        } else if (asleep && !now.isBefore(shipment.delivery.deadline())) {
          overdue.add(shipment);
        } else if (relay != null || asleep) {
          sweepAt(shipment.delivery.deadline(), now);
          break;
        }
      }
      ending.forEach(stuck -> take(stuck.shipment(), ""));
      overdue.forEach(shipment -> take(shipment, ""));
    } finally {
      lock.unlock();
    }
    for (Stuck stuck : ending) {
      stuck.shipment().delivery.stop(stuck.obstacle(), stuck.decision());
      finish(stuck.shipment(), false);
    }
    for (Shipment shipment : overdue) {
      shipment.delivery.stop(
          Decision.Reason.DEADLINE, "its destination got no more mail before the deadline");
      finish(shipment, false);
    }
  }

  private boolean isAsleep(Shipment shipment) {
    return shipment.state == Shipment.State.READY
        && shipment.destination != null
        && ready.asleepUntil(shipment.destination).isPresent();
  }

  private Optional<Stuck> stuck(Shipment shipment, Relay relay, Instant now) {
    ConnectionFailure obstacle = relay.health.obstacle().orElseThrow();
    boolean overdue = !now.isBefore(shipment.delivery.deadline());
    boolean hopeless = isHopeless(obstacle);
    if (!overdue && !hopeless) {
      return Optional.empty();
    }
    Decision.Reason reason = overdue ? Decision.Reason.DEADLINE : Decision.Reason.DEFERRED;
    return Optional.of(new Stuck(shipment, obstacle, relay.health.end(reason)));
  }

  /** Whether the policy does not want to wait for the relay at all. */
  private boolean isHopeless(ConnectionFailure obstacle) {
    if (relays.anyProbing()) {
      return false;
    }
    return obstacle.decision() instanceof Decision.Retry retry
        ? redeliverer.policy().backoff(retry.lane()).deferred()
        : redeliverer.policy().profile() == Profile.INTERACTIVE;
  }

  /** Whether a message that is ready can be ended; if it just cannot go, its time is watched. */
  private boolean isHopeless(Shipment shipment) {
    Relay relay = relays.obstructing(shipment);
    if (relay == null) {
      return false;
    }
    sweepAt(shipment.delivery.deadline(), redeliverer.clock().instant());
    return relay.health.obstacle().filter(this::isHopeless).isPresent();
  }

  private void sweepAt(Instant deadline, Instant now) {
    Instant planned = nextSweep;
    if (planned != null && !planned.isAfter(deadline)) {
      return;
    }
    nextSweep = deadline;
    if (sweeping != null) {
      sweeping.cancel(false);
    }
    sweeping =
        timing.later(
            notNegative(Duration.between(now, deadline)),
            Executors.callable(() -> timing.now(this::sweep)));
  }

  // ---------------------------------------------------------------- close

  /**
   * Takes no further message, sends what can be sent within the limit, and ends the rest.
   *
   * @return the reports of those that were ended
   */
  List<DeliveryReport> close(Duration limit) {
    lock.lock();
    try {
      if (phase == Phase.OPEN) {
        phase = Phase.CLOSING;
        closeAt = redeliverer.clock().instant().plus(limit);
        room.signalAll();
      }
    } finally {
      lock.unlock();
    }
    endAll(this::isLate);
    boolean interrupted = !limit.isZero() && !awaitEnd(limit);
    lock.lock();
    try {
      phase = Phase.STOPPED;
      closeAt = Instant.MIN;
    } finally {
      lock.unlock();
    }
    endAll(shipment -> true);
    if (interrupted || !awaitEnd(null)) {
      Thread.currentThread().interrupt();
    }
    cleanUp();
    lock.lock();
    try {
      return List.copyOf(left);
    } finally {
      lock.unlock();
    }
  }

  private boolean isLate(Shipment shipment) {
    Optional<Instant> next =
        switch (shipment.state) {
          case WAITING -> shipment.delivery.nextDue();
          case READY ->
              shipment.destination == null
                  ? Optional.empty()
                  : ready.asleepUntil(shipment.destination);
          case SENDING, DONE -> Optional.empty();
        };
    return next.filter(due -> due.isAfter(closeAt)).isPresent();
  }

  private void endAll(Predicate<Shipment> which) {
    List<Shipment> ending = new ArrayList<>();
    lock.lock();
    try {
      for (Shipment shipment : unfinished) {
        if (shipment.state != Shipment.State.DONE && which.test(shipment)) {
          shipment.left = true;
          if (take(shipment, "the sender was closed")) {
            ending.add(shipment);
          }
        }
      }
    } finally {
      lock.unlock();
    }
    ending.forEach(shipment -> end(shipment, "the sender was closed"));
  }

  /** {@return false if the wait was interrupted} */
  private boolean awaitEnd(@Nullable Duration limit) {
    Future<?> end =
        limit == null ? null : timing.later(limit, Executors.callable(this::reachLimit));
    lock.lock();
    try {
      while (!unfinished.isEmpty() && !(limit != null && isLimitReached())) {
        boolean unused = progress.await(LOOK_SECONDS, TimeUnit.SECONDS);
      }
      return true;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
      if (end != null) {
        end.cancel(false);
      }
    }
  }

  /** Without a timer nothing that waits can go on, and the limit would never come. */
  private boolean isLimitReached() {
    return limitReached || timing.isShutDown();
  }

  private void reachLimit() {
    lock.lock();
    try {
      limitReached = true;
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Lets go of connections and threads, once nothing is left to do. */
  private void cleanUp() {
    lock.lock();
    try {
      if (cleaned || phase != Phase.STOPPED || !unfinished.isEmpty()) {
        return;
      }
      cleaned = true;
    } finally {
      lock.unlock();
    }
    keeper.close();
    relays.all().forEach(relay -> relay.connections().close());
    released.run();
  }

  // ---------------------------------------------------------------- status

  SenderStatus status() {
    lock.lock();
    try {
      int pinned = relays.all().stream().mapToInt(relay -> relay.pinned.size()).sum();
      int asleep = ready.asleep();
      return new SenderStatus(
          ready.size() - asleep + pinned,
          sending,
          waiting + asleep,
          unfinished.stream().findFirst().map(first -> first.delivery.startedAt()),
          relays.all().stream().map(Relay::status).toList());
    } finally {
      lock.unlock();
    }
  }
}
