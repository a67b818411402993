package dev.redeliver.jakartamail;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.ConnectReport;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
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
  private boolean usePipelining;
  private boolean connectedByUser;
  private boolean open;
  private boolean inAttempt;
  private boolean silent;
  private boolean reading;
  private boolean resetDue;
  private boolean lockStep;
  private int assumed;
  private String mailParameters = "";
  private boolean askAnyway;
  private @Nullable SmtpFailure held;
  private @Nullable Pipeline pipeline;
  private @Nullable OutputStream output;
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
   * Connects, and tries again what may pass, by the policy. Where our own set-up is refused, such
   * as the password, nothing is tried again by itself, and further calls fail at once until a
   * back-off is over: 1 minute, doubled each time up to 30.
   *
   * @throws MessagingException the last failure as the mail library reports it, with what to put
   *     right if it is our set-up; or that properties are bad
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
    lockStep = false;
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
    usePipelining = policyAllowsPipelining();
    record.beginConnection();
    resetDue = false;
    held = null;
    try {
      super.connect(target.host(), target.port(), target.user(), target.password());
      problem = null;
      return Optional.empty();
    } catch (MessagingException e) {
      problem = e;
      SmtpFailure reason = held;
      return Optional.of(reason != null ? reason : RecordedFacts.ofConnection(record, e));
    }
  }

  private boolean policyAllowsPipelining() {
    try {
      return redeliverer().policy().pipelining();
    } catch (MessagingException e) {
      return false;
    }
  }

  /**
   * Lends the library a session whose sockets do not wait for acknowledgements, nor for anything
   * for ever; and does not ask a server that has just refused our set-up.
   */
  @Override
  protected synchronized boolean protocolConnect(
      @Nullable String host, int port, @Nullable String user, @Nullable String password)
      throws MessagingException {
    if (!enabled) {
      return super.protocolConnect(host, port, user, password);
    }
    Redeliverer deliverer = redeliverer();
    HoldGate gate = HoldGate.of(deliverer);
    HoldGate.Key key = HoldGate.Key.of(host, port, user, password);
    boolean ask = askAnyway;
    askAnyway = false;
    Optional<HoldGate.Held> closed = gate.closed(key, deliverer.clock().instant());
    if (closed.isPresent() && !ask) {
      held = closed.get().failure();
      throw closed.get().exception();
    }
    try {
      boolean connected = connectLending(host, port, user, password);
      if (connected) {
        gate.opened(key);
      }
      return connected;
    } catch (MessagingException e) {
      SmtpFailure failure = RecordedFacts.ofConnection(record, e);
      Optional<HoldGate.Held> remembered = gate.refused(key, failure, deliverer, e);
      if (remembered.isEmpty()) {
        throw e;
      }
      held = failure;
      throw remembered.get().exception(e);
    }
  }

  private boolean connectLending(
      @Nullable String host, int port, @Nullable String user, @Nullable String password)
      throws MessagingException {
    Session original = session;
    session = LentSessions.of(original, protocol, user != null);
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
    Deferral deferral = Deferral.of(session);
    Handover handover = Handover.of(message, addresses);
    problem = null;
    DeliveryReport report =
        redeliverer()
            .deliver(
                server(),
                handover.recipients().envelope(),
                pending -> attemptOnce(handover, pending));
    report =
        deferral.handOver(
            redeliverer(),
            report,
            left -> Optional.of(FrozenMessage.of(handover).withRecipients(left.envelope())));
    handover.conclude(
        report,
        problem,
        (type, to, about) ->
            super.notifyTransportListeners(type, to.accepted(), to.pending(), to.refused(), about));
  }

  /**
   * Connects once, and makes the transport usable for {@link #attemptOnce}. A server that has
   * refused our set-up is asked all the same: the caller knows when.
   *
   * @param to where to connect to, now and whenever an attempt finds the connection closed
   * @return why the session is not ready for MAIL; empty if it is
   */
  synchronized Optional<SmtpFailure> openOnce(Target to) {
    enabled = true;
    connectedByUser = true;
    target = to;
    lockStep = false;
    askAnyway = true;
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
    if (open && resetDue && !reset()) {
      abort();
    }
    boolean reused = open;
    Optional<SmtpFailure> failure = reused ? Optional.empty() : reopen();
    if (failure.isPresent()) {
      return new AttemptResult(server(), false, all(pending, failure.get()));
    }
    Optional<SmtpFailure> tooLarge = tooLarge(handover);
    if (tooLarge.isPresent()) {
      return new AttemptResult(server(), reused, all(pending, tooLarge.get()));
    }
    Map<Recipient, RecipientResult> results =
        handover.unsendable(
            pending, session.getProperty("mail." + protocol + ".from"), isUtf8Possible());
    List<Recipient> sendable =
        results.isEmpty()
            ? pending
            : pending.stream().filter(to -> !results.containsKey(to)).toList();
    if (!sendable.isEmpty()) {
      results.putAll(transact(handover, sendable));
    }
    lockStep |= record.isPipeliningSuspect(reused);
    return new AttemptResult(server(), reused, results);
  }

  /**
   * Ends the last transaction, in which something was refused. Done only now: often nothing comes
   * after, and then there is no need.
   */
  private boolean reset() {
    resetDue = false;
    try {
      return simpleCommand("RSET") / 100 == 2 && !record.isUnusable();
    } catch (MessagingException e) {
      return false;
    }
  }

  /** A message larger than the server takes need not travel there (RFC 1870, 6.1 and 6.2). */
  private Optional<SmtpFailure> tooLarge(Handover handover) {
    mailParameters = "";
    if (!supportsExtension("SIZE") || isConverted(handover)) {
      return Optional.empty();
    }
    long size = handover.size();
    long limit = sizeLimit();
    if (limit > 0 && size > limit) {
      return Optional.of(
          new SmtpFailure.Local(
              SmtpStage.MAIL,
              SmtpFailure.Problem.SIZE,
              size + " octets, and " + server() + " takes " + limit + " (SIZE, RFC 1870)"));
    }
    mailParameters = " SIZE=" + size;
    return Optional.empty();
  }

  /** A message that is converted to 8BITMIME changes its size, and cannot be told before. */
  private boolean isConverted(Handover handover) {
    return supportsExtension("8BITMIME")
        && (handover.allows8BitMime()
            || Boolean.parseBoolean(session.getProperty("mail." + protocol + ".allow8bitmime")));
  }

  /**
   * {@return the largest message that the server takes; 0 if it names no limit, or none we know}
   */
  private long sizeLimit() {
    String limit = getExtensionParameter("SIZE");
    boolean number = !limit.isEmpty() && limit.length() < 19;
    for (int i = 0; i < limit.length(); i++) {
      number &= limit.charAt(i) >= '0' && limit.charAt(i) <= '9';
    }
    return number ? Long.parseLong(limit) : 0;
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
    proveStep();
    Map<Recipient, RecipientResult> results = RecordedFacts.ofTransaction(record, sendable, thrown);
    boolean lost = record.isUnusable() || record.isOutOfSequence();
    if (lost || !(thrown == null || isTransactionOver())) {
      abort();
    } else {
      resetDue |= record.isResetDue();
    }
    return results;
  }

  /**
   * DATA is seldom refused after recipients were accepted. It may also be that a line too many came
   * from the server, and every answer was taken for that of the next command; then an answer is
   * left over.
   */
  private void proveStep() {
    boolean doubtful =
        record
            .last()
            .filter(step -> step.stage() == SmtpStage.DATA && step.reply() != null)
            .filter(step -> !step.isPositive() && !step.isClosing())
            .isPresent();
    if (!doubtful || !record.isAnyRecipientAccepted() || !open) {
      return;
    }
    try {
      if (simpleCommand("RSET") / 100 != 2 && getLastReturnCode() > 0) {
        record.outOfStep("an answer was left over: " + getLastServerResponse());
      }
    } catch (MessagingException e) {
      record.discard();
    }
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
    output = null;
    pipeline = mayPipeline() ? new Pipeline(new Groups(), record) : null;
    try {
      setReportSuccess(false);
      MimeMessage view =
          isConverted(handover) ? handover.view(new BodyTracker()) : handover.wireView();
      super.sendMessage(view, Recipients.forWire(sendable));
      problem = pipeline == null ? null : Refusals.of(record, sendable);
      return null;
    } catch (MessagingException e) {
      MessagingException refusal = pipeline == null ? null : Refusals.of(record, sendable);
      problem = refusal == null ? e : refusal;
      return e;
    } catch (RuntimeException e) {
      return e;
    } finally {
      pipeline = null;
      assumed = 0;
      inAttempt = false;
    }
  }

  private boolean mayPipeline() {
    return usePipelining && !lockStep && supportsExtension("PIPELINING");
  }

  /** How groups of commands go over this connection. */
  private final class Groups implements Pipeline.Wire {
    @Override
    public void write(List<String> commands) throws MessagingException {
      record.awaiting(commands.get(0));
      try {
        int last = commands.size() - 1;
        for (String command : commands.subList(0, last)) {
          put(command);
        }
        RedeliverSmtpTransport.super.sendCommand(commands.get(last));
      } catch (IOException e) {
        throw new MessagingException("Can't send command to SMTP host", e);
      }
    }

    /** Into the library's buffer if possible, which its own sending then flushes. */
    private void put(String command) throws IOException, MessagingException {
      byte[] ascii = (command + "\r\n").getBytes(StandardCharsets.US_ASCII);
      if (Recipients.isAscii(command)) {
        output().write(ascii);
      } else {
        RedeliverSmtpTransport.super.sendCommand(command);
      }
    }

    @Override
    public void read(String command) throws MessagingException {
      record.awaiting(command);
      receive();
    }
  }

  /**
   * {@return the library's stream to the server} It hands it out for content only; the DATA that it
   * would send first, and the answer, are left out.
   */
  private OutputStream output() throws MessagingException {
    OutputStream known = output;
    if (known == null) {
      assumed = 354;
      try {
        known = super.data();
      } finally {
        assumed = 0;
      }
      output = known;
    }
    return known;
  }

  /** Sends DATA with all that is waiting, and lets the content go if anybody will get it. */
  @Override
  protected OutputStream data() throws MessagingException {
    Pipeline group = pipeline;
    if (group == null) {
      return super.data();
    }
    group.finish("DATA");
    boolean asked = record.last().filter(Step::isPositive).isPresent();
    if (asked && !record.isSenderRefused() && record.isAnyRecipientAccepted()) {
      return output();
    }
    if (asked && !record.isAnyRecipientAccepted()) {
      sendLoneDot();
    }
    throw new MessagingException("the transaction was refused");
  }

  /** The server waits for content that nobody would get (RFC 2920, 3.1). */
  private void sendLoneDot() throws MessagingException {
    record.sendingLoneDot();
    super.sendCommand(".");
    receive();
  }

  /** The same for BDAT, which cannot go with the group: its octets need a recipient. */
  @Override
  protected OutputStream bdat() throws MessagingException {
    Pipeline group = pipeline;
    if (group != null) {
      group.finish(null);
      if (record.isSenderRefused() || !record.isAnyRecipientAccepted()) {
        throw new MessagingException("the transaction was refused");
      }
    }
    return super.bdat();
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

  /**
   * The RSET after a refusal comes before the next transaction, if there is one. Here it would cost
   * a round trip, and if it failed, replace the answer that was the reason for it.
   */
  @Override
  public synchronized void issueCommand(String command, int expected) throws MessagingException {
    if (!inAttempt || !command.equals("RSET")) {
      super.issueCommand(command, expected);
    }
  }

  @Override
  protected void sendCommand(String command) throws MessagingException {
    if (!enabled) {
      super.sendCommand(command);
      return;
    }
    if (assumed == 354) {
      return;
    }
    if (command.equals("QUIT") && (reading || record.isUnusable())) {
      throw new MessagingException("QUIT is not sent on a connection that is out of step");
    }
    boolean envelope = inAttempt && (command.startsWith("MAIL ") || command.startsWith("RCPT "));
    if (envelope && record.isClosing()) {
      throw new MessagingException("the server is closing the connection");
    }
    send(envelope ? withSize(command) : command, envelope);
  }

  private String withSize(String command) {
    boolean add = command.startsWith("MAIL ") && !command.contains(" SIZE=");
    return add ? command + mailParameters : command;
  }

  private void send(String command, boolean envelope) throws MessagingException {
    Pipeline group = pipeline;
    if (envelope && group != null) {
      group.add(command);
      assumed = 250;
      return;
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
   * the library believes of 250 only. To a command that waits in a group, the library is told that
   * it was accepted: what became of it is read before the content goes. Where the lines of an
   * answer have different codes, the last one decides; the library goes by the first.
   */
  @Override
  protected int readServerResponse() throws MessagingException {
    if (!enabled) {
      return super.readServerResponse();
    }
    if (assumed != 0) {
      int code = assumed;
      assumed = 0;
      return code;
    }
    return receive();
  }

  private int receive() throws MessagingException {
    int code;
    reading = true;
    try {
      code = super.readServerResponse();
    } catch (MessagingException e) {
      record.notReceived(e);
      throw e;
    } finally {
      reading = false;
    }
    Step step = record.received(code, getLastServerResponse());
    SmtpReply reply = step.reply();
    if (!inAttempt || reply == null) {
      return code;
    }
    boolean any2yz = step.stage() == SmtpStage.MAIL || step.stage() == SmtpStage.END_OF_DATA;
    return any2yz && step.isPositive() ? 250 : reply.code();
  }
}
