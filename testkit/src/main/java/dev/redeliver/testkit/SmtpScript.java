package dev.redeliver.testkit;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * When a {@link ScriptedSmtpServer} is to deviate from normal, and how. Begun by {@link
 * ScriptedSmtpServer#on}: first conditions, which must all hold, then one call that says what to do
 * and makes the script effective. It is used once unless {@link #times} or {@link #always} says
 * otherwise. Of several scripts that match, the one made effective first is used up first. Not
 * thread-safe while it is being written; scripts in effect are.
 */
public final class SmtpScript {
  private static final int ALWAYS = -1;

  private final Stage stage;
  private final Consumer<SmtpScript> effective;
  private final AtomicInteger toSkip = new AtomicInteger();
  private final AtomicInteger remaining = new AtomicInteger(1);
  private final StringBuilder description;
  private Predicate<Exchange> condition = exchange -> true;
  private int afterBytes;
  private List<SmtpAction> actions = List.of();

  SmtpScript(Stage stage, Consumer<SmtpScript> effective) {
    this.stage = Objects.requireNonNull(stage, "stage");
    this.effective = effective;
    this.description = new StringBuilder(stage.name());
  }

  /**
   * Only for this recipient: at {@link Stage#RCPT} the one asked for, later one that was accepted
   * in this transaction.
   *
   * @param recipient the address exactly as sent, without angle brackets
   * @throws IllegalArgumentException if the stage comes before RCPT
   */
  public SmtpScript to(String recipient) {
    require(stage.compareTo(Stage.RCPT) >= 0, "to", "RCPT or later");
    return and("to <" + recipient + ">", exchange -> exchange.concerns(recipient));
  }

  /**
   * Only for this envelope sender.
   *
   * @param sender the address exactly as sent, without angle brackets
   * @throws IllegalArgumentException if the stage comes before MAIL
   */
  public SmtpScript from(String sender) {
    require(stage.compareTo(Stage.MAIL) >= 0, "from", "MAIL or later");
    return and(
        "from <" + sender + ">", exchange -> exchange.mailFrom().equals(Optional.of(sender)));
  }

  /**
   * Only for the message with this Message-ID.
   *
   * @param messageId the id, angle brackets included
   * @throws IllegalArgumentException if the stage is not END_OF_DATA
   */
  public SmtpScript message(String messageId) {
    require(stage == Stage.END_OF_DATA, "message", "END_OF_DATA");
    return and(
        "message " + messageId,
        exchange ->
            exchange
                .message()
                .flatMap(ReceivedMessage::messageId)
                .filter(messageId::equals)
                .isPresent());
  }

  /**
   * Only on the n-th connection since the server was opened or reset.
   *
   * @param number from 1
   * @throws IllegalArgumentException if it is below 1
   */
  public SmtpScript onConnection(int number) {
    requirePositive("onConnection", number);
    return and("connection " + number, exchange -> exchange.connection() == number);
  }

  /**
   * Only in the n-th transaction, over all connections, since the server was opened or reset.
   *
   * @param number from 1; every MAIL command counts, refused ones too
   * @throws IllegalArgumentException if it is below 1
   */
  public SmtpScript onTransaction(int number) {
    requirePositive("onTransaction", number);
    return and("transaction " + number, exchange -> exchange.transaction() == number);
  }

  /**
   * Only in the n-th transaction of a connection.
   *
   * @param number from 1; every MAIL command counts, refused ones too
   * @throws IllegalArgumentException if it is below 1
   */
  public SmtpScript onTransactionOfConnection(int number) {
    requirePositive("onTransactionOfConnection", number);
    return and(
        "transaction " + number + " of the connection",
        exchange -> exchange.transactionOfConnection() == number);
  }

  /**
   * Only if the test says so.
   *
   * @param predicate asked in the connection's thread; what it throws ends the connection and is
   *     kept in {@link ScriptedSmtpServer#failures()}
   */
  public SmtpScript when(Predicate<Exchange> predicate) {
    return and("when", Objects.requireNonNull(predicate, "predicate"));
  }

  /**
   * At which byte of the content; 0, the default, is right after the {@code 354}.
   *
   * @param bytes how many bytes of content, dot-stuffing included, to read first; a shorter message
   *     does not use the script
   * @throws IllegalArgumentException if it is negative, or the stage is not CONTENT
   */
  public SmtpScript afterBytes(int bytes) {
    require(stage == Stage.CONTENT, "afterBytes", "CONTENT");
    if (bytes < 0) {
      throw new IllegalArgumentException("afterBytes must not be negative, was " + bytes);
    }
    afterBytes = bytes;
    description.append(" after ").append(bytes).append(" bytes");
    return this;
  }

  /**
   * Lets the first matches pass.
   *
   * @param matches how many; 0, the default, lets none pass
   * @throws IllegalArgumentException if it is negative
   */
  public SmtpScript skip(int matches) {
    if (matches < 0) {
      throw new IllegalArgumentException("skip must not be negative, was " + matches);
    }
    toSkip.set(matches);
    return this;
  }

  /**
   * How many times the script is used; the default is once.
   *
   * @param uses at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public SmtpScript times(int uses) {
    requirePositive("times", uses);
    remaining.set(uses);
    return this;
  }

  /** Uses the script without end. */
  public SmtpScript always() {
    remaining.set(ALWAYS);
    return this;
  }

  /**
   * Sends this reply; see {@link SmtpAction#reply}.
   *
   * @param lines the lines, without their ends
   */
  public void reply(String... lines) {
    then(SmtpAction.reply(lines));
  }

  /**
   * Sends the normal answer, after a wait in real time.
   *
   * @param duration how long; not negative
   */
  public void delay(Duration duration) {
    then(SmtpAction.delay(duration));
  }

  /** Never answers; see {@link SmtpAction#stall}. */
  public void stall() {
    then(SmtpAction.stall());
  }

  /** Ends the connection with a FIN instead of an answer; a message is not accepted. */
  public void close() {
    then(SmtpAction.close());
  }

  /** Ends the connection with a RST instead of an answer; a message is not accepted. */
  public void reset() {
    then(SmtpAction.reset());
  }

  /** Answers as usual: takes one turn from the scripts made effective later. */
  public void proceed() {
    then(SmtpAction.proceed());
  }

  /**
   * Accepts the message, then ends the connection with a FIN instead of the reply.
   *
   * @throws IllegalArgumentException if the stage is not END_OF_DATA
   */
  public void acceptThenClose() {
    then(SmtpAction.accept(), SmtpAction.close());
  }

  /**
   * Accepts the message, then ends the connection with a RST instead of the reply.
   *
   * @throws IllegalArgumentException if the stage is not END_OF_DATA
   */
  public void acceptThenReset() {
    then(SmtpAction.accept(), SmtpAction.reset());
  }

  /**
   * Forgets the message, then ends the connection with a FIN instead of the reply.
   *
   * @throws IllegalArgumentException if the stage is not END_OF_DATA
   */
  public void dropThenClose() {
    require(stage == Stage.END_OF_DATA, "dropThenClose", "END_OF_DATA");
    close();
  }

  /**
   * Forgets the message, then ends the connection with a RST instead of the reply.
   *
   * @throws IllegalArgumentException if the stage is not END_OF_DATA
   */
  public void dropThenReset() {
    require(stage == Stage.END_OF_DATA, "dropThenReset", "END_OF_DATA");
    reset();
  }

  /**
   * Does these actions in order.
   *
   * @param first the first action
   * @param more the others
   * @throws IllegalArgumentException if an action does not fit the stage
   * @throws IllegalStateException if this script was made effective before
   */
  public void then(SmtpAction first, SmtpAction... more) {
    if (!actions.isEmpty()) {
      throw new IllegalStateException("script already in effect: " + this);
    }
    List<SmtpAction> all = Stream.concat(Stream.of(first), Arrays.stream(more)).toList();
    all.forEach(action -> action.requireFits(stage));
    actions = all;
    effective.accept(this);
  }

  Stage stage() {
    return stage;
  }

  int offset() {
    return afterBytes;
  }

  List<SmtpAction> actions() {
    return actions;
  }

  /** {@return whether a use is left} */
  boolean isPending() {
    return remaining.get() != 0;
  }

  /** {@return whether counted uses are left; a script for always has none to count} */
  boolean isUnused() {
    return remaining.get() > 0;
  }

  /** Takes one use, if the script matches and one is left. */
  boolean claim(Exchange exchange) {
    return isPending() && matches(exchange) && !skips() && use();
  }

  private boolean matches(Exchange exchange) {
    return exchange.stage() == stage
        && exchange.contentBytes() == afterBytes
        && condition.test(exchange);
  }

  private boolean skips() {
    return toSkip.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
  }

  private boolean use() {
    return remaining.getAndUpdate(left -> left > 0 ? left - 1 : left) != 0;
  }

  private SmtpScript and(String what, Predicate<Exchange> more) {
    condition = condition.and(more);
    description.append(' ').append(what);
    return this;
  }

  private void require(boolean fits, String method, String stages) {
    if (!fits) {
      throw new IllegalArgumentException(
          "%s needs stage %s, was %s".formatted(method, stages, stage));
    }
  }

  private static void requirePositive(String method, int number) {
    if (number < 1) {
      throw new IllegalArgumentException("%s must be at least 1, was %d".formatted(method, number));
    }
  }

  @Override
  public String toString() {
    int left = remaining.get();
    return description + " " + (left == ALWAYS ? "always" : left + " times") + " " + actions;
  }
}
