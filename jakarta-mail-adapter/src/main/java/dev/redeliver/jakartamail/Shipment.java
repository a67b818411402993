package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.reputation.Destination;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One message in the sender's hands: what it is, how far it has got, and who wants to know. Guarded
 * by the dispatcher's lock, but for what is final and for the delivery while an attempt is made.
 */
final class Shipment implements Callable<Void> {
  /** Where it is. */
  enum State {
    /** It could be sent if there were a connection. */
    READY,
    /** A worker has it. */
    SENDING,
    /** It waits for the time of its next try. */
    WAITING,
    /** It has ended. */
    DONE
  }

  private final @Nullable Dispatcher dispatcher;
  final Handover handover;
  final Delivery delivery;
  final Receipt receipt;
  State state = State.READY;
  @Nullable Relay pin;
  @Nullable Destination destination;
  @Nullable Future<?> timer;
  volatile @Nullable String stopReason;
  boolean left;

  Shipment(Handover handover, Delivery delivery, @Nullable Dispatcher dispatcher) {
    this.handover = handover;
    this.delivery = delivery;
    this.dispatcher = dispatcher;
    receipt = new Receipt(this);
  }

  /** {@return whether its next attempt is for recipients at several destinations} */
  boolean isForSeveral() {
    return delivery.waiting().stream()
            .map(recipient -> Destination.ofDomain(recipient.domain()))
            .distinct()
            .limit(2)
            .count()
        > 1;
  }

  /**
   * The time of its next try has come. It is its own task on the timer, which spares two objects.
   */
  @Override
  public @Nullable Void call() {
    if (dispatcher != null) {
      dispatcher.due(this);
    }
    return null;
  }

  /** What the application holds. It lets go of the message as soon as that has ended. */
  static final class Receipt extends CompletableFuture<DeliveryReport> {
    private volatile @Nullable Shipment shipment;

    private Receipt(Shipment shipment) {
      this.shipment = shipment;
    }

    /** Further stages are ordinary ones. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new CompletableFuture<>();
    }

    /** Ends the delivery too: at once if it waits, else after the attempt that is being made. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      Shipment affected = shipment;
      if (cancelled && affected != null && affected.dispatcher != null) {
        affected.dispatcher.cancel(affected);
      }
      return cancelled;
    }

    void end(DeliveryReport report) {
      shipment = null;
      complete(report);
    }
  }
}
