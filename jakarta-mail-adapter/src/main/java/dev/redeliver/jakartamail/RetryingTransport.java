package dev.redeliver.jakartamail;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.ConnectReport;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.Resumption;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpFailure;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.URLName;
import jakarta.mail.event.ConnectionEvent;
import jakarta.mail.event.TransportEvent;
import jakarta.mail.event.TransportListener;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A transport around another one that sends again to those recipients that still need it.
 *
 * <p>It works with any {@link Transport} and learns what happened from its exceptions and from
 * watching when the content is written. Where these leave it open whether the server has the
 * message, the outcome is unknown and never taken for unsent. {@link RedeliverSmtpTransport}
 * records the SMTP dialogue and knows more.
 *
 * <p>{@code sendMessage} returns when every recipient was accepted and otherwise throws a {@link
 * RedeliveryException}. The message is copied when it is handed over: every attempt sends the same
 * Message-ID and the same bytes. {@code close} never fails.
 *
 * <p>Thread-safe; sends one message at a time, waits between attempts included.
 */
public final class RetryingTransport extends Transport {
  private final Transport delegate;
  private final Redeliverer redeliverer;
  private final Deferral deferral;
  private Target target = new Target(null, -1, null, null);
  private boolean connectedByUser;
  private boolean delegateOpen;
  private @Nullable MessagingException problem;

  private RetryingTransport(Transport delegate, Redeliverer redeliverer, Deferral deferral) {
    super(NoSession.INSTANCE, delegate.getURLName());
    this.delegate = delegate;
    this.redeliverer = redeliverer;
    this.deferral = deferral;
  }

  /** A transport asks its session for defaults; those are the delegate's business. */
  private static final class NoSession {
    private static final Session INSTANCE = Session.getInstance(new Properties());

    private NoSession() {}
  }

  /**
   * Wraps a transport, connected or not. Messages of all transports that are wrapped with the same
   * policy object are watched together for reputation alerts.
   *
   * @param transport the transport; from now on to be used through the wrapper only
   * @param policy what to do about failures
   * @return the wrapper
   * @throws IllegalArgumentException if the transport already retries
   */
  public static RetryingTransport wrap(Transport transport, RetryPolicy policy) {
    return wrap(transport, Redeliverer.of(policy));
  }

  /**
   * Wraps a transport, connected or not.
   *
   * @param transport the transport; from now on to be used through the wrapper only
   * @param redeliverer what delivers, with its clock, listeners and policy
   * @return the wrapper
   * @throws IllegalArgumentException if the transport already retries
   */
  public static RetryingTransport wrap(Transport transport, Redeliverer redeliverer) {
    return wrap(transport, redeliverer, Deferral.NONE);
  }

  /**
   * Wraps a transport, connected or not. A message that the policy leaves for later is handed over
   * to an outbox; then it counts as delivered, as with a relay that has it in its queue.
   *
   * @param transport the transport; from now on to be used through the wrapper only
   * @param redeliverer what delivers, with its clock, listeners and policy
   * @param outbox goes on where this leaves off
   * @return the wrapper
   * @throws IllegalArgumentException if the transport already retries
   */
  public static RetryingTransport wrap(
      Transport transport, Redeliverer redeliverer, DeferredMessages outbox) {
    return wrap(transport, redeliverer, new Deferral(Objects.requireNonNull(outbox, "outbox")));
  }

  private static RetryingTransport wrap(
      Transport transport, Redeliverer redeliverer, Deferral deferral) {
    Objects.requireNonNull(redeliverer, "redeliverer");
    if (transport instanceof RetryingTransport
        || (Angus.isPresent() && AngusFacts.alreadyRetries(transport))) {
      throw new IllegalArgumentException(
          "transport already retries, and retrying retries would multiply attempts: "
              + transport.getClass().getName());
    }
    RetryingTransport retrying = new RetryingTransport(transport, redeliverer, deferral);
    if (!redeliverer.policy().isEnabled()) {
      transport.addTransportListener(retrying.new Forwarder());
    }
    return retrying;
  }

  /** When the policy is not enabled, the wrapped transport's events are the final ones. */
  private final class Forwarder implements TransportListener {
    @Override
    public void messageDelivered(TransportEvent e) {
      forward(e);
    }

    @Override
    public void messageNotDelivered(TransportEvent e) {
      forward(e);
    }

    @Override
    public void messagePartiallyDelivered(TransportEvent e) {
      forward(e);
    }

    private void forward(TransportEvent e) {
      notifyTransportListeners(
          e.getType(),
          e.getValidSentAddresses(),
          e.getValidUnsentAddresses(),
          e.getInvalidAddresses(),
          e.getMessage());
    }
  }

  /** {@return the wrapped transport} Sending through it bypasses the policy. */
  public Transport unwrap() {
    return delegate;
  }

  /**
   * {@return the wrapped transport as one of its types}
   *
   * @param type the type wanted
   * @throws IllegalArgumentException if the wrapped transport is not of this type
   */
  public <T> T unwrap(Class<T> type) {
    if (!type.isInstance(delegate)) {
      throw new IllegalArgumentException(
          "the wrapped transport is a "
              + delegate.getClass().getName()
              + ", not a "
              + type.getName());
    }
    return type.cast(delegate);
  }

  /**
   * Connects, and tries again what may pass, by the policy. Where our own set-up is refused, such
   * as the password, nothing is tried again by itself, and further calls fail at once until a
   * back-off is over: 1 minute, doubled each time up to 30.
   *
   * @throws IllegalStateException if the transport is connected
   * @throws MessagingException the last failure, as the wrapped transport threw it, with what to
   *     put right if it is our set-up
   */
  @Override
  public synchronized void connect(
      @Nullable String host, int port, @Nullable String user, @Nullable String password)
      throws MessagingException {
    if (isConnected()) {
      throw new IllegalStateException("already connected");
    }
    target = new Target(host, port, user, password);
    if (!redeliverer.policy().isEnabled()) {
      delegate.connect(host, port, user, password);
    } else {
      ConnectReport report = redeliverer.connect(server(), this::open);
      if (!report.isConnected() && problem != null) {
        throw problem;
      }
    }
    delegateOpen = true;
    connectedByUser = true;
    setURLName(delegate.getURLName());
    setConnected(true);
    notifyConnectionListeners(ConnectionEvent.OPENED);
  }

  private String server() {
    return target.server(null, delegate.getURLName());
  }

  private Optional<SmtpFailure> open() {
    HoldGate gate = HoldGate.of(redeliverer);
    HoldGate.Key key = HoldGate.Key.of(server(), target.port(), target.user(), target.password());
    Optional<HoldGate.Held> closed = gate.closed(key, redeliverer.clock().instant());
    if (closed.isPresent()) {
      problem = closed.get().exception();
      return Optional.of(closed.get().failure());
    }
    try {
      delegate.connect(target.host(), target.port(), target.user(), target.password());
      gate.opened(key);
      problem = null;
      delegateOpen = true;
      return Optional.empty();
    } catch (MessagingException e) {
      SmtpFailure failure = ExceptionFacts.ofConnection(delegate, e);
      problem =
          gate.refused(key, failure, redeliverer, e)
              .<MessagingException>map(held -> held.exception(e))
              .orElse(e);
      return Optional.of(failure);
    }
  }

  /** {@return whether the wrapped transport is connected} This may ask the server. */
  @Override
  public synchronized boolean isConnected() {
    return delegate.isConnected();
  }

  /**
   * Sends, and sends again to those recipients that still need it, by the policy.
   *
   * @throws IllegalStateException if the transport is not connected
   * @throws RedeliveryException if not every recipient was accepted
   * @throws MessagingException if the message or an address cannot be used at all; nothing was sent
   */
  @Override
  public synchronized void sendMessage(Message message, Address[] addresses)
      throws MessagingException {
    if (!connectedByUser) {
      adoptConnection();
    }
    if (!redeliverer.policy().isEnabled()) {
      delegate.sendMessage(message, addresses);
      return;
    }
    Handover handover = Handover.complete(message, addresses);
    problem = null;
    DeliveryReport report =
        redeliverer.deliver(
            server(), handover.recipients().envelope(), pending -> attempt(handover, pending));
    report = deferral.handOver(redeliverer, report, left -> frozen(message, left));
    handover.conclude(
        report,
        problem,
        (type, to, about) ->
            notifyTransportListeners(type, to.accepted(), to.pending(), to.refused(), about));
  }

  /** Without the headers that another transport may need, and that are not for recipients. */
  private static Optional<FrozenMessage> frozen(Message message, Resumption left) {
    try {
      Address[] recipients = Recipients.forWire(left.envelope().recipients());
      return Optional.of(FrozenMessage.of(message, recipients).withRecipients(left.envelope()));
    } catch (MessagingException e) {
      throw new IllegalStateException("the message cannot be read again", e);
    }
  }

  /** The transport may have been connected before it was wrapped. */
  private void adoptConnection() {
    if (!delegate.isConnected()) {
      throw new IllegalStateException("Not connected");
    }
    connectedByUser = true;
    delegateOpen = true;
  }

  private AttemptResult attempt(Handover handover, List<Recipient> pending) {
    boolean reused = delegateOpen;
    Optional<SmtpFailure> failure = reused ? Optional.empty() : open();
    Map<Recipient, RecipientResult> results = new LinkedHashMap<>();
    if (failure.isPresent()) {
      RecipientResult result = new RecipientResult.Failed(failure.get());
      pending.forEach(recipient -> results.put(recipient, result));
      return new AttemptResult(server(), false, results);
    }
    boolean utf8 =
        handover.allowsUtf8() && Angus.isPresent() && AngusFacts.isUtf8Possible(delegate);
    URLName url = delegate.getURLName();
    String configuredSender = handover.configuredSender(url == null ? null : url.getProtocol());
    results.putAll(handover.unsendable(pending, configuredSender, utf8));
    List<Recipient> sendable = pending.stream().filter(to -> !results.containsKey(to)).toList();
    if (!sendable.isEmpty()) {
      results.putAll(transact(handover, sendable));
    }
    return new AttemptResult(server(), reused, results);
  }

  private Map<Recipient, RecipientResult> transact(Handover handover, List<Recipient> sendable) {
    BodyTracker tracker = new BodyTracker();
    Exception thrown = send(handover, tracker, sendable);
    ExceptionFacts facts = new ExceptionFacts(delegate, tracker, thrown);
    Map<Recipient, RecipientResult> results = facts.of(sendable);
    if (!facts.isConnectionUsable()) {
      discardConnection();
    }
    return results;
  }

  private @Nullable Exception send(
      Handover handover, BodyTracker tracker, List<Recipient> sendable) {
    try {
      if (Angus.isPresent()) {
        AngusFacts.reportNoSuccess(delegate);
      }
      delegate.sendMessage(handover.view(tracker), Recipients.forWire(sendable));
      return null;
    } catch (MessagingException e) {
      problem = e;
      return e;
    } catch (RuntimeException e) {
      return e;
    }
  }

  private void discardConnection() {
    delegateOpen = false;
    closeDelegate();
  }

  /**
   * Closes the wrapped transport. Never fails: what the server says to QUIT changes nothing about
   * messages it has accepted. A failure is told to the listeners.
   *
   * @throws MessagingException only if the policy is not enabled
   */
  @Override
  public synchronized void close() throws MessagingException {
    try {
      if (redeliverer.policy().isEnabled()) {
        closeDelegate();
      } else {
        delegate.close();
      }
    } finally {
      delegateOpen = false;
      if (connectedByUser || super.isConnected()) {
        connectedByUser = false;
        super.close();
      }
    }
  }

  private void closeDelegate() {
    try {
      delegate.close();
    } catch (MessagingException | RuntimeException e) {
      redeliverer.housekeepingFailed("close", e);
    }
  }

  /** {@return the wrapped transport's URL, without the password} */
  @Override
  public URLName getURLName() {
    return delegate.getURLName();
  }

  /** {@return the name of this class and of the wrapped one} */
  @Override
  public String toString() {
    return "RetryingTransport[" + delegate + "]";
  }
}
