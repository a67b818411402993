package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Delivery;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.SenderStatus;
import dev.redeliver.policy.PolicyException;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.policy.UnknownOutcome;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends messages without making the caller wait: over connections of its own that are used again
 * and again, and by a policy for hours. Needs Eclipse Angus Mail. Thread-safe; make one for a mail
 * session and close it at the end.
 *
 * <p>A message on its way: {@link #send} copies it and begins a {@link Delivery}; the dispatcher
 * puts it with its recipient domain, and the domains take turns; a worker takes a connection to the
 * first relay that can be used, and makes the attempt; the facts go to the delivery, which decides
 * as it does for every transport; whoever has to be tried again waits on a timer, without a thread;
 * at last the future is completed with the report. What keeps a relay from being used at all is not
 * the message's failure: the message stays, the next relay takes it, and one probe per pause finds
 * out when the relay is back.
 *
 * <p>Messages are kept in memory. What has not ended when the program does is lost, unless {@link
 * #close(Duration)} has reported it, or handed it over to an outbox ({@code redeliver.outbox}).
 */
public final class MailSender implements AutoCloseable {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

  private final Redeliverer redeliverer;
  private final Dispatcher dispatcher;

  private MailSender(Builder builder, Redeliverer redeliverer) {
    this.redeliverer = redeliverer;
    SenderSettings settings = builder.settings();
    Deferral deferral = builder.deferral();
    String name = redeliverer.policy().name();
    ReentrantLock lock = new ReentrantLock();
    Executor workers = builder.executor;
    ScheduledExecutorService timer = builder.scheduler;
    List<ExecutorService> own = new ArrayList<>();
    if (workers == null) {
      ExecutorService made = Workers.attempts(name);
      own.add(made);
      workers = made;
    }
    if (timer == null) {
      timer = Workers.timer(name);
      own.add(timer);
    }
    Supplier<SenderStatus> status = this::status;
    dispatcher =
        new Dispatcher(
            redeliverer,
            deferral,
            settings,
            RelayChoice.of(builder.session, builder.relaySessions, settings, redeliverer, lock),
            new Timing(workers, timer),
            () -> {
              own.forEach(ExecutorService::shutdownNow);
              redeliverer.tell(listener -> listener.senderClosed(status));
            },
            lock);
    redeliverer.tell(listener -> listener.senderOpened(status));
  }

  /**
   * {@return a sender with the session's settings: {@code mail.smtp.*}, {@code redeliver.*} with
   * profile {@code background} unless another one is set, and {@code redeliver.sender.*}}
   *
   * @param session the mail session; it is copied
   * @throws PolicyException if {@code redeliver.*} properties are bad; it names all of them
   */
  public static MailSender of(Session session) {
    return builder(session).build();
  }

  /** {@return a builder that starts from the session's settings} */
  public static Builder builder(Session session) {
    return new Builder(session);
  }

  /**
   * Sends a message to all its recipients.
   *
   * @param message the message; it is copied at once and may be changed or reused afterwards
   * @return as {@link #send(Message, Address[])}
   */
  public CompletableFuture<DeliveryReport> send(Message message) {
    return handOver(message, Message::getAllRecipients);
  }

  /**
   * Sends a message. Returns as soon as it is copied; with back-pressure {@code wait}, as soon as
   * there is room for it.
   *
   * @param message the message; it is copied at once and may be changed or reused afterwards
   * @param recipients whom for, whatever its header says
   * @return a future that always completes: with the report, also if recipients were refused or
   *     left; with {@link RejectedExecutionException} if the message was not accepted because too
   *     many are in flight, the sender is closed, or the wait for room was interrupted; with {@link
   *     MessagingException} if it cannot be sent at all. Cancelling it ends the delivery, at once
   *     or after the attempt that is being made; listeners get the report
   */
  public CompletableFuture<DeliveryReport> send(Message message, Address[] recipients) {
    return handOver(message, unused -> recipients);
  }

  /** Whom a message is for. */
  @FunctionalInterface
  private interface RecipientsOf {
    Address @Nullable [] get(Message message) throws MessagingException;
  }

  private CompletableFuture<DeliveryReport> handOver(Message message, RecipientsOf recipients) {
    Objects.requireNonNull(message, "message");
    Optional<String> refusal = dispatcher.admit();
    if (refusal.isPresent()) {
      return rejected(refusal.get());
    }
    Shipment shipment = null;
    try {
      Handover handover = Handover.of(message, recipients.get(message));
      Delivery delivery = redeliverer.begin(handover.recipients().envelope());
      shipment = new Shipment(handover, delivery, dispatcher);
    } catch (MessagingException | RuntimeException e) {
      redeliverer.tell(listener -> listener.handoverRejected("invalid"));
      return CompletableFuture.failedFuture(e);
    } finally {
      if (shipment == null) {
        dispatcher.withdraw();
      }
    }
    dispatcher.submit(shipment);
    return shipment.receipt;
  }

  private CompletableFuture<DeliveryReport> rejected(String reason) {
    redeliverer.tell(listener -> listener.handoverRejected(reason));
    String why =
        switch (reason) {
          case "full" -> "as many messages as allowed are in flight";
          case "closed" -> "the sender is closed";
          default -> "interrupted while waiting for room";
        };
    return CompletableFuture.failedFuture(new RejectedExecutionException(why));
  }

  /** {@return what it is busy with at the moment} */
  public SenderStatus status() {
    return dispatcher.status();
  }

  /** Closes as {@link #close(Duration)} does, with a limit of 30 seconds. */
  @Override
  public void close() {
    close(CLOSE_LIMIT);
  }

  /**
   * Accepts no further message, goes on sending for a while, and ends what is left then; every
   * future is completed. Messages whose next try is later than that are ended at once. An attempt
   * that is being made at the end of the limit is not cut off, because that would leave its outcome
   * unknown: {@code mail.smtp.timeout} bounds it. If the calling thread is interrupted, the limit
   * counts as reached and running attempts are not waited for; the flag stays set. Not to be called
   * by a listener, nor by code that runs when a future completes.
   *
   * @param limit how long to go on, not negative
   * @return the reports of all messages that were ended by this: each recipient that is left says
   *     {@code INTERRUPTED}, and when its next try would have been right
   */
  public List<DeliveryReport> close(Duration limit) {
    if (limit.isNegative()) {
      throw new IllegalArgumentException("limit must not be negative, but is " + limit);
    }
    return dispatcher.close(limit);
  }

  /** Builds senders. Not thread-safe. */
  public static final class Builder {
    private final Session session;
    private final List<Session> relaySessions = new ArrayList<>();
    private @Nullable RetryPolicy policy;
    private @Nullable Redeliverer redeliverer;
    private @Nullable SenderSettings settings;
    private @Nullable Executor executor;
    private @Nullable Deferral deferral;
    private @Nullable ScheduledExecutorService scheduler;

    private Builder(Session session) {
      this.session = Objects.requireNonNull(session, "session");
    }

    /**
     * Sets the policy; the session's {@code redeliver.*} properties by default, with profile {@code
     * background} unless another one is set.
     *
     * @param policy the policy
     * @return this builder
     */
    public Builder policy(RetryPolicy policy) {
      this.policy = Objects.requireNonNull(policy, "policy");
      redeliverer = null;
      return this;
    }

    /**
     * Sets the deliverer, and with it policy, listeners, clock and jitter. Its waiter is not used.
     *
     * @param redeliverer the deliverer, which may be shared
     * @return this builder
     */
    public Builder redeliverer(Redeliverer redeliverer) {
      this.redeliverer = Objects.requireNonNull(redeliverer, "redeliverer");
      policy = null;
      return this;
    }

    /**
     * Sets relays, connections and bounds; the session's {@code redeliver.sender.*} properties by
     * default.
     *
     * @param settings the settings
     * @return this builder
     */
    public Builder settings(SenderSettings settings) {
      this.settings = Objects.requireNonNull(settings, "settings");
      return this;
    }

    /**
     * Adds a relay with a mail session of its own, such as another provider with another password.
     * It is used while no relay before it can be.
     *
     * @param relay the session; it is copied
     * @return this builder
     */
    public Builder relay(Session relay) {
      relaySessions.add(Objects.requireNonNull(relay, "relay"));
      return this;
    }

    /**
     * Sets an outbox: what the policy leaves for later, and what is left when the sender is closed,
     * is handed over to it. The session's {@code redeliver.outbox} by default.
     *
     * @param outbox goes on where this leaves off
     * @return this builder
     */
    public Builder deferTo(DeferredMessages outbox) {
      deferral = new Deferral(Objects.requireNonNull(outbox, "outbox"));
      return this;
    }

    private Deferral deferral() {
      try {
        return deferral == null ? Deferral.of(session) : deferral;
      } catch (MessagingException e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }

    /**
     * Sets what runs the attempts: virtual threads by default where the JDK has them and they do
     * not pin (24 and later), else platform threads. It is not shut down.
     *
     * @param executor the executor; it gets no more work at a time than there are connections
     * @return this builder
     */
    public Builder executor(Executor executor) {
      this.executor = Objects.requireNonNull(executor, "executor");
      return this;
    }

    /**
     * Sets what waits for the time of the next try; a thread of the sender's own by default. It is
     * not shut down. A seam for tests.
     *
     * @param scheduler the scheduler
     * @return this builder
     */
    public Builder scheduler(ScheduledExecutorService scheduler) {
      this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
      return this;
    }

    /**
     * {@return the sender}
     *
     * @throws PolicyException if {@code redeliver.*} properties are bad; it names all of them
     * @throws IllegalStateException if Eclipse Angus Mail is not there, or relays are both shared
     *     by weight and added by session
     */
    public MailSender build() {
      if (!Angus.isPresent()) {
        throw new IllegalStateException("MailSender needs Eclipse Angus Mail on the class path");
      }
      if (!relaySessions.isEmpty() && settings().isWeighted()) {
        throw new IllegalStateException("relays by weight and relays by session do not mix");
      }
      return new MailSender(this, redeliverer());
    }

    private SenderSettings settings() {
      return settings == null ? SenderSettings.fromProperties(session.getProperties()) : settings;
    }

    private Redeliverer redeliverer() {
      if (redeliverer != null) {
        return redeliverer;
      }
      RetryPolicy chosen =
          policy == null
              ? RetryPolicy.fromProperties(session.getProperties(), Profile.BACKGROUND)
              : policy;
      return Redeliverer.builder(chosen.isEnabled() ? chosen : once(chosen)).build();
    }

    /** Switched off, Redeliver still sends, as a plain transport would. */
    private static RetryPolicy once(RetryPolicy policy) {
      return policy.toBuilder().maxAttempts(1).unknownOutcome(UnknownOutcome.REPORT).build();
    }
  }
}
