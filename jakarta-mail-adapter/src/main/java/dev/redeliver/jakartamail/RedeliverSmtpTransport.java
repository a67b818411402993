package dev.redeliver.jakartamail;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.ConnectReport;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpStage;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

/**
 * Angus's SMTP transport, with Redeliver in it and no code changed: set the session property {@code
 * mail.smtp.class} to this class's name, and {@code redeliver.*} beside it. All {@code mail.smtp.*}
 * settings keep their meaning, except that good recipients are always served when others are
 * refused ({@code sendpartial}), and success is never reported by an exception ({@code
 * reportsuccess}).
 *
 * <p>It records every command and reply, so each recipient's result is exact. {@code connect} tries
 * again what may pass; {@code sendMessage} returns when every recipient was accepted and otherwise
 * throws a {@link RedeliveryException}; {@code close} never fails.
 *
 * <p>Thread-safe; sends one message at a time, waits between attempts included.
 */
public class RedeliverSmtpTransport extends SMTPTransport {
  private final SmtpRecord record = new SmtpRecord();
  private final String protocol;
  private Target target = new Target(null, -1, null, null);
  private boolean enabled;
  private boolean connectedByUser;
  private boolean open;
  private boolean inAttempt;
  private boolean silent;
  private @Nullable MessagingException problem;

  /**
   * For Jakarta Mail.
   *
   * @param session where the {@code mail.smtp.*} and {@code redeliver.*} properties are
   * @param url where to connect to; may be null
   */
  public RedeliverSmtpTransport(Session session, @Nullable URLName url) {
    this(session, url, "smtp", false);
  }

  RedeliverSmtpTransport(Session session, @Nullable URLName url, String protocol, boolean tls) {
    super(session, withProtocol(url, protocol), protocol, tls);
    this.protocol = protocol;
  }

  /** The protocol's name chooses the properties: asked for by our own name, it is still smtp. */
  private static URLName withProtocol(@Nullable URLName url, String protocol) {
    return url == null
        ? new URLName(protocol, null, -1, null, null, null)
        : new URLName(
            protocol,
            url.getHost(),
            url.getPort(),
            url.getFile(),
            url.getUsername(),
            url.getPassword());
  }

  private Redeliverer redeliverer() throws MessagingException {
    return SessionRedeliverers.of(session);
  }

  private boolean isDisabled() throws MessagingException {
    return !redeliverer().policy().isEnabled();
  }

  /**
   * Connects, and tries again what may pass, by the policy.
   *
   * @throws MessagingException the last failure as the mail library reports it, or that the {@code
   *     redeliver.*} properties are bad
   */
  @Override
  public synchronized void connect(
      @Nullable String host, int port, @Nullable String user, @Nullable String password)
      throws MessagingException {
    enabled = !isDisabled();
    if (!enabled) {
      super.connect(host, port, user, password);
      return;
    }
    if (isConnected()) {
      throw new IllegalStateException("already connected");
    }
    target = new Target(host, port, user, password);
    ConnectReport report = redeliverer().connect(server(), this::open);
    if (!report.isConnected() && problem != null) {
      throw problem;
    }
    connectedByUser = true;
  }

  private String server() {
    return target.server(session, url);
  }

  /** Opens the connection once; what the library threw is kept for the application. */
  private Optional<SmtpFailure> open() {
    record.beginConnection();
    try {
      super.connect(target.host(), target.port(), target.user(), target.password());
      problem = null;
      return Optional.empty();
    } catch (MessagingException e) {
      problem = e;
      return Optional.of(RecordedFacts.ofConnection(record, e));
    }
  }

  /** Lends the library a session whose sockets do not wait for acknowledgements. */
  @Override
  protected synchronized boolean protocolConnect(
      @Nullable String host, int port, @Nullable String user, @Nullable String password)
      throws MessagingException {
    Session original = session;
    session = NoDelaySockets.sessionFor(original, protocol);
    try {
      return super.protocolConnect(host, port, user, password);
    } finally {
      session = original;
    }
  }

  @Override
  protected synchronized void setConnected(boolean connected) {
    open = connected;
    super.setConnected(connected);
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
    if (isDisabled()) {
      super.sendMessage(message, addresses);
      return;
    }
    if (!connectedByUser) {
      throw new IllegalStateException("Not connected");
    }
    Handover handover = Handover.of(message, addresses);
    problem = null;
    DeliveryReport report =
        redeliverer()
            .deliver(handover.recipients().envelope(), pending -> attemptOnce(handover, pending));
    handover.conclude(
        report,
        problem,
        (type, to, about) ->
            super.notifyTransportListeners(type, to.accepted(), to.pending(), to.refused(), about));
  }

  /**
   * Connects once, and makes the transport usable for {@link #attemptOnce}.
   *
   * @param to where to connect to, now and whenever an attempt finds the connection closed
   * @return why the session is not ready for MAIL; empty if it is
   */
  synchronized Optional<SmtpFailure> openOnce(Target to) {
    enabled = true;
    connectedByUser = true;
    target = to;
    return reopen();
  }

  /** {@return whether the connection is open, and in step for all that is known} */
  synchronized boolean isReusable() {
    return open && !record.isUnusable();
  }

  /**
   * Makes one SMTP transaction, on a new connection if none is open.
   *
   * @param pending whom for
   * @return the facts for each of them, no judgement
   */
  synchronized AttemptResult attemptOnce(Handover handover, List<Recipient> pending) {
    boolean reused = open;
    Optional<SmtpFailure> failure = reused ? Optional.empty() : reopen();
    if (failure.isPresent()) {
      return new AttemptResult(server(), false, all(pending, failure.get()));
    }
    Map<Recipient, RecipientResult> results =
        new LinkedHashMap<>(handover.unsendable(pending, isUtf8Possible()));
    List<Recipient> sendable = pending.stream().filter(to -> !results.containsKey(to)).toList();
    if (!sendable.isEmpty()) {
      results.putAll(transact(handover, sendable));
    }
    return new AttemptResult(server(), reused, results);
  }

  private Optional<SmtpFailure> reopen() {
    silent = true;
    try {
      return open();
    } finally {
      silent = false;
    }
  }

  private Map<Recipient, RecipientResult> transact(Handover handover, List<Recipient> sendable) {
    record.beginTransaction();
    Exception thrown = send(handover, sendable);
    Map<Recipient, RecipientResult> results = RecordedFacts.ofTransaction(record, sendable, thrown);
    if (record.isUnusable() || !(thrown == null || isTransactionOver())) {
      abort();
    }
    return results;
  }

  /** After anything but a refusal or the final reply, the server waits for what we do not know. */
  private boolean isTransactionOver() {
    return record
        .last()
        .filter(
            step ->
                step.isRefused() || (step.stage() == SmtpStage.END_OF_DATA && step.isPositive()))
        .isPresent();
  }

  private @Nullable Exception send(Handover handover, List<Recipient> sendable) {
    inAttempt = true;
    try {
      setReportSuccess(false);
      super.sendMessage(handover.view(new BodyTracker()), Recipients.forWire(sendable));
      return null;
    } catch (MessagingException e) {
      problem = e;
      return e;
    } catch (RuntimeException e) {
      return e;
    } finally {
      inAttempt = false;
    }
  }

  private static Map<Recipient, RecipientResult> all(List<Recipient> pending, SmtpFailure failure) {
    Map<Recipient, RecipientResult> results = new LinkedHashMap<>();
    pending.forEach(recipient -> results.put(recipient, new RecipientResult.Failed(failure)));
    return results;
  }

  private boolean isUtf8Possible() {
    return Boolean.parseBoolean(session.getProperty("mail.mime.allowutf8"))
        && supportsExtension("SMTPUTF8");
  }

  /** Closes without a QUIT: the server may be waiting for something else, or be gone. */
  private void abort() {
    boolean wasSilent = silent;
    silent = true;
    record.discard();
    try {
      super.close();
    } catch (MessagingException e) {
      housekeepingFailed(e);
    } finally {
      silent = wasSilent;
    }
  }

  /**
   * Closes the connection. Never fails: what the server says to QUIT changes nothing about messages
   * it has accepted. A failure is told to the listeners.
   *
   * @throws MessagingException only if Redeliver is not enabled
   */
  @Override
  public synchronized void close() throws MessagingException {
    if (!enabled) {
      super.close();
      return;
    }
    if (!inAttempt) {
      connectedByUser = false;
    }
    try {
      super.close();
    } catch (MessagingException e) {
      housekeepingFailed(e);
    }
  }

  private void housekeepingFailed(MessagingException e) {
    try {
      redeliverer().housekeepingFailed("close", e);
    } catch (MessagingException badConfiguration) {
      // Whoever connects or sends is told of it; closing has nothing to add.
      System.getLogger("dev.redeliver.jakartamail").log(System.Logger.Level.DEBUG, "close", e);
    }
  }

  /** One event per message: those of single attempts would tell of results that are not final. */
  @Override
  protected void notifyTransportListeners(
      int type, Address[] validSent, Address[] validUnsent, Address[] invalid, Message message) {
    if (!inAttempt) {
      super.notifyTransportListeners(type, validSent, validUnsent, invalid, message);
    }
  }

  /** Reconnecting within a delivery is our business, not the application's. */
  @Override
  protected void notifyConnectionListeners(int type) {
    if (!inAttempt && !silent) {
      super.notifyConnectionListeners(type);
    }
  }

  /** A failing RSET must not replace the reply that was the reason for it. */
  @Override
  public synchronized void issueCommand(String command, int expected) throws MessagingException {
    if (!inAttempt || !command.equals("RSET")) {
      super.issueCommand(command, expected);
      return;
    }
    if (record.isUnusable()) {
      return;
    }
    try {
      super.issueCommand(command, 250);
    } catch (MessagingException e) {
      record.discard();
    }
  }

  @Override
  protected void sendCommand(String command) throws MessagingException {
    if (!enabled) {
      super.sendCommand(command);
      return;
    }
    boolean quit = command.equals("QUIT");
    if (quit && record.isUnusable()) {
      throw new MessagingException("QUIT is not sent on a connection that is out of step");
    }
    if (command.startsWith("RCPT ") && record.isClosing()) {
      throw new MessagingException("the server is closing the connection");
    }
    record.sending(command);
    try {
      super.sendCommand(command);
    } catch (MessagingException e) {
      record.notSent(e);
      throw e;
    }
  }

  /**
   * Records the reply. Any 2yz to MAIL or to the content is success (RFC 5321 section 4.2.1), which
   * the library believes of 250 only.
   */
  @Override
  protected int readServerResponse() throws MessagingException {
    if (!enabled) {
      return super.readServerResponse();
    }
    int code;
    try {
      code = super.readServerResponse();
    } catch (MessagingException e) {
      record.notReceived(e);
      throw e;
    }
    record.received(code, getLastServerResponse());
    return record
        .last()
        .filter(step -> inAttempt && code / 100 == 2 && step.isPositive())
        .filter(step -> step.stage() == SmtpStage.MAIL || step.stage() == SmtpStage.END_OF_DATA)
        .map(step -> 250)
        .orElse(code);
  }
}
