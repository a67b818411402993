package dev.redeliver.jakartamail;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.SenderStatus;
import dev.redeliver.policy.Decision;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
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
  private static final System.Logger LOGGER = System.getLogger("dev.redeliver.jakartamail");

  /** An attempt that takes longer holds up its destination. */
  private static final Duration STALL = Duration.ofSeconds(10);

  private final Redeliverer redeliverer;
  private final SenderSettings settings;
  private final RelayChoice relays;
  private final Executor workers;
  private final ScheduledExecutorService timer;
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
  private @Nullable Instant nextSweep;

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
      SenderSettings settings,
      RelayChoice relays,
      Executor workers,
      ScheduledExecutorService timer,
      Runnable released,
      ReentrantLock lock) {
    this.redeliverer = redeliverer;
    this.settings = settings;
    this.relays = relays;
    this.workers = workers;
    this.timer = timer;
    this.released = released;
    this.lock = lock;
    room = lock.newCondition();
    progress = lock.newCondition();
    ready = new ReadyQueue(relays.inUseAtOnce() * settings.connections());
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
    boolean stuck;
    lock.lock();
    try {
      unfinished.add(shipment);
      stopped = phase == Phase.STOPPED;
      if (stopped) {
        shipment.state = Shipment.State.DONE;
        shipment.left = true;
      } else {
        enqueue(shipment);
      }
      stuck = !relays.anyUsable();
    } finally {
      lock.unlock();
    }
    if (stopped) {
      end(shipment, "the sender was closed");
      return;
    }
    pump();
    if (stuck) {
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
    List<Recipient> next = shipment.delivery.waiting();
    String domain = next.isEmpty() ? "" : next.get(0).domain();
    shipment.destination = domain;
    ready.add(domain, shipment);
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
      execute(task);
    }
  }

  private void execute(Runnable work) {
    try {
      workers.execute(work);
    } catch (RejectedExecutionException e) {
      // Nothing may get lost because somebody shut the executor down.
      LOGGER.log(System.Logger.Level.WARNING, "the executor does not take work", e);
      new Thread(work, "redeliver-rejected").start();
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
      for (Task task = this; task != null; task = next()) {
        try {
          task.perform();
        } finally {
          // Also after an Error, which ends this thread, but not the work.
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
    } else if (ready.hasTurn()) {
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

  // ---------------------------------------------------------------- one message

  private void send(Shipment shipment, Relay relay) {
    Work work = new Work(shipment, relay);
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      work.breakOff(e);
    }
    if (work.obstacle != null) {
      relayFailed(relay, work.obstacle, false, work.counted);
    }
    settle(work);
    if (work.obstacle != null) {
      // Only now is the message one of those that wait for the relay.
      sweep();
    }
    if (work.thrown instanceof Error error) {
      throw error;
    }
  }

  /** The attempts that a message gets in a row, on one connection. */
  private final class Work {
    private final Shipment shipment;
    private final Relay relay;
    private final Instant began = redeliverer.clock().instant();
    private Optional<Duration> delay = Optional.empty();
    private @Nullable SmtpFailure obstacle;
    private boolean counted;
    private boolean again;
    private boolean smooth = true;
    private boolean answered;
    private @Nullable Throwable thrown;

    Work(Shipment shipment, Relay relay) {
      this.shipment = shipment;
      this.relay = relay;
    }

    void run() {
      PooledConnection connection = relay.connections().take();
      try {
        do {
          again = false;
          round(connection);
        } while (again);
      } finally {
        relay.connections().giveBack(connection);
      }
      Duration took = Duration.between(began, redeliverer.clock().instant());
      smooth &= took.compareTo(STALL) < 0;
    }

    /** What is certain stays so; for everybody else there is no further attempt. */
    void breakOff(Throwable problem) {
      thrown = problem;
      delay = Optional.empty();
      again = false;
      obstacle = null;
      shipment.delivery.stop(Decision.Reason.INTERRUPTED, "broken off by " + problem);
    }

    private void round(PooledConnection connection) {
      if (isOver() || !isReady(connection)) {
        return;
      }
      List<Recipient> due = shipment.delivery.begin();
      AttemptResult result = attempt(connection, due);
      note(result);
      if (obstacle != null && isSpared(obstacle)) {
        delay = Optional.of(Duration.ZERO);
        return;
      }
      counted = true;
      delay = shipment.delivery.end(result);
      again = obstacle == null && delay.filter(Duration::isZero).isPresent();
    }

    private boolean isOver() {
      String reason = shipment.stopReason;
      if (reason != null) {
        shipment.delivery.stop(Decision.Reason.INTERRUPTED, reason);
      } else if (redeliverer.clock().instant().isAfter(shipment.delivery.deadline())) {
        shipment.delivery.stop(
            Decision.Reason.DEADLINE, "no connection was free before the deadline");
      } else {
        return false;
      }
      delay = Optional.empty();
      return true;
    }

    private boolean isReady(PooledConnection connection) {
      if (connection.isOpen()) {
        return true;
      }
      Optional<SmtpFailure> failure = open(relay, connection);
      obstacle = failure.orElse(null);
      delay = Optional.of(Duration.ZERO);
      return failure.isEmpty();
    }

    private AttemptResult attempt(PooledConnection connection, List<Recipient> due) {
      try {
        return connection.attempt(shipment.handover, due);
      } catch (RuntimeException | Error e) {
        thrown = e;
        return AttemptResult.unknown(relay.server(), due, e);
      }
    }

    private void note(AttemptResult result) {
      Optional<SmtpFailure> early = result.failureBeforeRecipients();
      answered |= early.isEmpty() && thrown == null;
      obstacle = early.filter(failure -> !result.isStale()).filter(this::isRelays).orElse(null);
      smooth &= result.results().values().stream().noneMatch(Work::isLost);
    }

    private static boolean isLost(RecipientResult result) {
      return result instanceof RecipientResult.Unknown
          || (result instanceof RecipientResult.Failed failed
              && failed.failure() instanceof SmtpFailure.Disconnected);
    }

    /** Whether it is about the relay or us, not about this message. */
    private boolean isRelays(SmtpFailure failure) {
      return RelayChoice.concernsAll(redeliverer.policy().classifier().classify(failure));
    }

    /**
     * A message must not suffer for our set-up, nor for a relay that another one can stand in for.
     */
    private boolean isSpared(SmtpFailure failure) {
      boolean held =
          redeliverer.judge(relay.server(), 1, failure).decision() instanceof Decision.Hold;
      return held || (!shipment.delivery.isOutcomeUnknown() && isAnotherUsable());
    }

    private boolean isAnotherUsable() {
      lock.lock();
      try {
        return relays.isUsableBut(relay);
      } finally {
        lock.unlock();
      }
    }
  }

  private Optional<SmtpFailure> open(Relay relay, PooledConnection connection) {
    Optional<SmtpFailure> failure = relay.connections().open(connection);
    if (failure.isEmpty()) {
      redeliverer.tell(listener -> listener.connectionOpened(relay.status()));
    }
    return failure;
  }

  /** Puts a message where it belongs after its attempts. */
  private void settle(Work work) {
    Shipment shipment = work.shipment;
    boolean ended;
    boolean recovered;
    lock.lock();
    try {
      work.relay.busy--;
      sending--;
      if (shipment.pin == null && shipment.destination != null) {
        ready.release(shipment.destination, work.smooth);
        shipment.destination = null;
      }
      recovered = work.answered && work.relay.health.answered(redeliverer.clock().instant());
      shipment.pin = shipment.delivery.isOutcomeUnknown() ? pinOf(work) : null;
      ended = work.delay.map(delay -> !goOn(shipment, delay)).orElse(true);
      if (ended) {
        shipment.state = Shipment.State.DONE;
      }
      closeIdleLater(work.relay);
    } finally {
      lock.unlock();
    }
    if (recovered) {
      redeliverer.tell(listener -> listener.relayChanged(work.relay.status()));
    }
    if (ended) {
      finish(shipment, true);
    }
  }

  /** The relay that may have the message already; it stays the same over further tries. */
  private static Relay pinOf(Work work) {
    Relay before = work.shipment.pin;
    return before == null ? work.relay : before;
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
      reason = "the timer does not take work";
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
    Future<?> task = later(delay, () -> due(shipment));
    if (task == null) {
      return false;
    }
    shipment.timer = task;
    shipment.state = Shipment.State.WAITING;
    waiting++;
    return true;
  }

  private @Nullable Future<?> later(Duration delay, Runnable task) {
    try {
      return timer.schedule(task, Math.max(0, delay.toMillis()), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOGGER.log(System.Logger.Level.WARNING, "the timer does not take work", e);
      return null;
    }
  }

  private void due(Shipment shipment) {
    boolean stuck;
    lock.lock();
    try {
      if (shipment.state != Shipment.State.WAITING) {
        return;
      }
      waiting--;
      shipment.timer = null;
      enqueue(shipment);
      stuck = !relays.allUsable();
    } finally {
      lock.unlock();
    }
    pump();
    if (stuck) {
      execute(this::sweep);
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
      report = shipment.delivery.finish();
    } catch (Error e) {
      report = shipment.delivery.report();
      error = e;
    }
    complete(shipment, report, byWorker);
    if (error != null) {
      throw error;
    }
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
      if (shipment.left) {
        left.add(report);
      }
      spare = byWorker && ready.size() == 0;
    } finally {
      lock.unlock();
    }
    if (spare || shipment.receipt.getNumberOfDependents() == 0) {
      conclude(shipment, report);
    } else {
      execute(() -> conclude(shipment, report));
    }
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

  // ---------------------------------------------------------------- relays

  /** Finds out by connecting, and without a message, whether a relay can be used again. */
  private void probe(Relay relay) {
    Optional<SmtpFailure> failure;
    try {
      failure = connect(relay);
    } catch (RuntimeException e) {
      failure =
          Optional.of(
              new SmtpFailure.Local(SmtpStage.CONNECT, SmtpFailure.Problem.OTHER, e.toString()));
    }
    failure.ifPresent(why -> relayFailed(relay, why, true, false));
    boolean reached = failure.isEmpty();
    lock.lock();
    try {
      relay.busy--;
      if (reached) {
        relay.health.reached();
      }
      closeIdleLater(relay);
    } finally {
      lock.unlock();
    }
    if (reached) {
      redeliverer.tell(listener -> listener.relayChanged(relay.status()));
    }
  }

  private Optional<SmtpFailure> connect(Relay relay) {
    PooledConnection connection = relay.connections().take();
    try {
      return connection.isOpen() && connection.answers()
          ? Optional.empty()
          : open(relay, connection);
    } finally {
      relay.connections().giveBack(connection);
    }
  }

  /**
   * Leaves a relay alone for a while.
   *
   * @param byProbe whether the probe found out
   * @param told whether the failure was part of an attempt, and the listeners know
   */
  private void relayFailed(Relay relay, SmtpFailure failure, boolean byProbe, boolean told) {
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
    sweep();
  }

  private boolean suspend(Relay relay, ConnectionFailure why, boolean byProbe) {
    boolean held = why.decision() instanceof Decision.Hold;
    Duration pause =
        why.decision() instanceof Decision.Retry retry
            ? retry.delay()
            : redeliverer
                .policy()
                .pause(
                    why.classification(),
                    why.attempt(),
                    why.at(),
                    redeliverer.random().nextDouble());
    Instant until = why.at().plus(pause);
    lock.lock();
    try {
      int open = relay.connections().open();
      boolean others = why.failure().stage().isBeforeMail() && open > 0;
      boolean news =
          (others && !held && !byProbe)
              ? relay.health.throttle(open, why, until)
              : relay.health.fail(why, until, byProbe);
      Future<?> unused = later(pause, this::pump);
      return news;
    } finally {
      lock.unlock();
    }
  }

  /** A message that no relay can take, and what it ends with. */
  private record Stuck(Shipment shipment, ConnectionFailure obstacle, Decision decision) {}

  /**
   * Ends the messages that no relay can take in time, and looks again when the next one's time is
   * over. Messages end in the order in which they came: all have the same time.
   */
  private void sweep() {
    List<Stuck> ending = new ArrayList<>();
    lock.lock();
    try {
      Instant now = redeliverer.clock().instant();
      for (Shipment shipment : unfinished) {
        Relay relay = shipment.state == Shipment.State.READY ? relays.obstructing(shipment) : null;
        if (relay != null) {
          Optional<Stuck> stuck = stuck(shipment, relay, now);
          if (stuck.isEmpty()) {
            sweepAt(shipment.delivery.deadline(), now);
            break;
          }
          ending.add(stuck.get());
        }
      }
      ending.forEach(stuck -> take(stuck.shipment(), ""));
    } finally {
      lock.unlock();
    }
    for (Stuck stuck : ending) {
      stuck.shipment().delivery.stop(stuck.obstacle(), stuck.decision());
      finish(stuck.shipment(), false);
    }
  }

  private Optional<Stuck> stuck(Shipment shipment, Relay relay, Instant now) {
    ConnectionFailure obstacle = relay.health.obstacle().orElseThrow();
    boolean overdue = !now.isBefore(shipment.delivery.deadline());
    boolean hopeless = isHopeless(obstacle) && !relays.anyProbing();
    if (!overdue && !hopeless) {
      return Optional.empty();
    }
    Decision decision = obstacle.decision();
    if (decision instanceof Decision.Retry retry) {
      decision =
          new Decision.GiveUp(
              overdue ? Decision.Reason.DEADLINE : Decision.Reason.DEFERRED,
              retry.lane(),
              relay.health.nextProbe(),
              retry.why());
    }
    return Optional.of(new Stuck(shipment, obstacle, decision));
  }

  /** Whether the policy does not want to wait for the relay at all. */
  private boolean isHopeless(ConnectionFailure obstacle) {
    return obstacle.decision() instanceof Decision.Retry retry
        ? redeliverer.policy().backoff(retry.lane()).deferred()
        : redeliverer.policy().profile() == Profile.INTERACTIVE;
  }

  private void sweepAt(Instant deadline, Instant now) {
    Instant planned = nextSweep;
    if (planned != null && planned.isAfter(now) && !planned.isAfter(deadline)) {
      return;
    }
    nextSweep = deadline;
    Future<?> unused = later(Duration.between(now, deadline), () -> execute(this::sweep));
  }

  /** Under the lock: sees to it that connections which nobody needs are closed. */
  private void closeIdleLater(Relay relay) {
    if (!relay.closingIdle && relay.connections().idle() > 0) {
      relay.closingIdle =
          later(settings.idleClose(), () -> execute(() -> closeIdle(relay))) != null;
    }
  }

  private void closeIdle(Relay relay) {
    Optional<Duration> again = relay.connections().closeIdle();
    lock.lock();
    try {
      relay.closingIdle =
          again.isPresent()
              && !cleaned
              && later(again.get(), () -> execute(() -> closeIdle(relay))) != null;
      if (!cleaned) {
        closeIdleLater(relay);
      }
    } finally {
      lock.unlock();
    }
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
    endAll(shipment -> shipment.state == Shipment.State.WAITING && isLate(shipment));
    boolean interrupted = !awaitEnd(limit);
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
    return shipment.delivery.nextDue().filter(due -> due.isAfter(closeAt)).isPresent();
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
    Future<?> end = limit == null ? null : later(limit, this::reachLimit);
    lock.lock();
    try {
      while (!unfinished.isEmpty() && !(limit != null && limitReached)) {
        progress.await();
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
    relays.all().forEach(relay -> relay.connections().close());
    released.run();
  }

  // ---------------------------------------------------------------- status

  SenderStatus status() {
    lock.lock();
    try {
      int pinned = relays.all().stream().mapToInt(relay -> relay.pinned.size()).sum();
      return new SenderStatus(
          ready.size() + pinned,
          sending,
          waiting,
          relays.all().stream().map(Relay::status).toList());
    } finally {
      lock.unlock();
    }
  }
}
