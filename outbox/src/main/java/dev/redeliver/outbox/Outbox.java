package dev.redeliver.outbox;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.task.Task;
import com.zaxxer.hikari.HikariDataSource;
import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.Resumption;
import dev.redeliver.delivery.Waiter;
import dev.redeliver.jakartamail.Courier;
import dev.redeliver.jakartamail.DeferredMessages;
import dev.redeliver.jakartamail.FrozenMessage;
import dev.redeliver.policy.OutboxSettings;
import dev.redeliver.policy.PolicyException;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.SenderSettings;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;
import javax.crypto.SecretKey;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Keeps messages in a database from the moment they are handed over until every recipient has a
 * final outcome, and sends them meanwhile. Thread-safe; make one for a mail session and close it at
 * the end.
 *
 * <pre>{@code
 * try (Outbox outbox = Outbox.builder(session).location("mail.db").open()) {
 *   String id = outbox.submit(message);
 * }
 * }</pre>
 *
 * <p>A message on its way: {@link #submit} writes it, in the caller's own transaction if he has
 * one; each of its recipients belongs to the queue of a destination; when the queue's turn comes, a
 * process has the lease of it, marks the message as being sent, makes the attempt, and writes what
 * the policy decided. If the process ends in between, the next one that gets the queue finds the
 * mark, and treats the outcome of that attempt as unknown. Nothing else can be sent twice, and
 * nothing can get lost.
 *
 * <p>Every process that has called {@link Builder#open} sends; one that only submits, or operates,
 * uses {@link Builder#connect}.
 */
public final class Outbox implements DeferredMessages, AutoCloseable {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

  private final Database database;
  private final Intake intake;
  private final Store store;
  private final Queues queues;
  private final Cleaning cleaning;
  private final Operations operations;
  private final RetryPolicy policy;
  private final InstantSource clock;
  private final @Nullable HikariDataSource own;
  private final @Nullable Sending sending;

  private Outbox(Builder builder, boolean sends) {
    OutboxSettings settings = builder.settings();
    policy = builder.policy();
    clock = builder.clock;
    SenderSettings sender = builder.senderSettings();
    own = builder.source == null ? Embedded.open(settings, builder.connections()) : null;
    boolean made = false;
    try {
      database = new Database(own == null ? Objects.requireNonNull(builder.source) : own);
      if (sends) {
        database.requireAutoCommit();
      }
      if (builder.existing) {
        new Schema(database).check();
      } else {
        new Schema(database).migrate(clock.instant());
      }
      int perDestination =
          Math.min(settings.queuesPerDestination(), policy.guard().maxConnections());
      ContentCipher cipher = new ContentCipher(builder.key);
      intake =
          new Intake(database.dialect(), cipher, perDestination, policy.deadline(), builder.random);
      store = new Store(database, cipher);
      queues = new Queues(database);
      cleaning = new Cleaning(database);
      operations = new Operations(database, cleaning, clock);
      sending = sends ? sending(builder, settings, sender) : null;
      made = true;
    } finally {
      if (!made && own != null) {
        own.close();
      }
    }
  }

  private Sending sending(Builder builder, OutboxSettings settings, SenderSettings sender) {
    AtomicReference<Redeliverer> late = new AtomicReference<>();
    Destinations destinations =
        new Destinations(
            database, () -> Objects.requireNonNull(late.get()).guard(), policy.guard(), clock);
    Redeliverer.Builder start =
        Redeliverer.builder(policy).clock(clock).random(builder.random).listener(destinations);
    builder.listeners.forEach(listener -> start.listener(HarmlessListener.of(listener)));
    Redeliverer redeliverer = start.build();
    late.set(redeliverer);
    Courier courier = Courier.of(builder.session, redeliverer, sender);
    QueueWorker worker =
        new QueueWorker(
            store,
            new Turns(database, intake),
            cleaning,
            destinations,
            redeliverer,
            courier,
            builder.waiter,
            settings.dsn() ? new Bounce(Nodes.host(builder.session)) : null,
            settings.lease().dividedBy(2));
    Engine engine =
        new Engine(
            queues,
            worker,
            settings,
            new Engine.Node(Nodes.name(), courier.capacity(), CLOSE_LIMIT, builder.background),
            clock,
            builder.scheduler);
    Ownership ownership = new Ownership(database.file().orElse(null));
    return new Sending(
        queues,
        cleaning,
        settings,
        redeliverer,
        courier,
        worker,
        engine,
        clock,
        ownership,
        operations);
  }

  /**
   * {@return an outbox with the session's settings: {@code redeliver.outbox} says where} It sends.
   *
   * @param session the mail session; it is copied
   * @throws PolicyException if {@code redeliver.*} properties are bad; it names all of them
   * @throws OutboxException if the database cannot be used
   */
  public static Outbox open(Session session) {
    return builder(session).open();
  }

  /**
   * {@return a builder that starts from the session's settings}
   *
   * @param session the mail session; it is copied
   */
  public static Builder builder(Session session) {
    return new Builder(session);
  }

  /**
   * Stores a message. When this returns, the message is in the database, unless the {@code
   * DataSource} gives connections of a transaction that has yet to be committed.
   *
   * @param message the message; it may be changed afterwards
   * @return its id
   * @throws MessagingException if it cannot be written, or has no recipients
   * @throws OutboxException if it could not be stored
   */
  public String submit(Message message) throws MessagingException {
    return submit(Submission.of(message));
  }

  /**
   * Stores a message, as {@link #submit(Message)} does.
   *
   * @param submission the message, and how it is to be sent
   * @return its id; that of an earlier one with the same idempotency key
   * @throws OutboxException if it could not be stored
   */
  public String submit(Submission submission) {
    return submitAll(List.of(submission)).get(0);
  }

  /**
   * Stores messages, all of them or none. This is many times as fast as one by one.
   *
   * @param submissions the messages
   * @return the id of each, in this order
   * @throws OutboxException if they could not be stored
   */
  public List<String> submitAll(List<Submission> submissions) {
    List<Submission> all = List.copyOf(submissions);
    List<String> ids =
        database.transact(connection -> intake.insert(connection, all, clock.instant()));
    if (sending != null) {
      sending.wakeSoon();
    }
    return ids;
  }

  /**
   * Stores a message in the caller's transaction: it is sent if, and not before, that is committed.
   * Until then, submit by this connection only: another one could wait for this transaction, which
   * a thread that waits cannot end.
   *
   * @param connection a connection to the outbox's database; it is neither committed nor closed
   * @param submission the message, and how it is to be sent
   * @return its id; that of an earlier one with the same idempotency key
   * @throws OutboxException if it could not be stored; the transaction is the caller's to roll back
   * @throws IllegalArgumentException if there is no transaction, because auto-commit is on
   */
  public String submit(Connection connection, Submission submission) {
    return submitAll(connection, List.of(submission)).get(0);
  }

  /**
   * Stores messages in the caller's transaction.
   *
   * @param connection a connection to the outbox's database; it is neither committed nor closed
   * @param submissions the messages
   * @return the id of each, in this order
   * @throws OutboxException if they could not be stored; the transaction is the caller's to roll
   *     back
   * @throws IllegalArgumentException if there is no transaction, because auto-commit is on
   */
  public List<String> submitAll(Connection connection, List<Submission> submissions) {
    try {
      if (connection.getAutoCommit()) {
        throw new IllegalArgumentException(
            "the connection has auto-commit on: call setAutoCommit(false), or submit without it");
      }
      return intake.insert(connection, List.copyOf(submissions), clock.instant());
    } catch (SQLException e) {
      throw Database.failed(e);
    }
  }

  @Override
  public String keep(FrozenMessage message, Resumption left) {
    return submit(Submission.of(message).leftBy(left));
  }

  @Override
  public Duration deadline() {
    return policy.deadline();
  }

  /**
   * {@return what decides about the attempts, for those who show its guard and its alerts}
   *
   * @throws IllegalStateException if this outbox does not send
   */
  public Redeliverer redeliverer() {
    if (sending == null) {
      throw new IllegalStateException("this outbox only submits: open() it where it is to send");
    }
    return sending.redeliverer();
  }

  /** {@return what an operator can do} */
  public Operations operations() {
    return operations;
  }

  /**
   * Begins no further message, and waits for those that are being sent, 30 seconds at the most.
   * Nothing is lost by it: what is not sent stays in the database; what is still being sent after
   * that time has an unknown outcome.
   */
  @Override
  public void close() {
    if (sending != null) {
      sending.close();
    }
    if (own != null) {
      own.close();
    }
  }

  @Nullable Sending sending() {
    return sending;
  }

  Queues queues() {
    return queues;
  }

  Store store() {
    return store;
  }

  /** Builds outboxes. Not thread-safe. */
  public static final class Builder {
    private static final int BESIDES_QUEUES = 4;

    private final Session session;
    private final List<DeliveryListener> listeners = new ArrayList<>();
    private @Nullable DataSource source;
    private @Nullable OutboxSettings settings;
    private @Nullable SenderSettings senderSettings;
    private @Nullable RetryPolicy policy;
    private @Nullable SecretKey key;
    private boolean background;
    private boolean existing;
    private InstantSource clock = InstantSource.system();
    private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
    private Waiter waiter = Waiter.SLEEP;
    private BiFunction<DataSource, List<Task<?>>, SchedulerBuilder> scheduler = Scheduler::create;

    private Builder(Session session) {
      this.session = Objects.requireNonNull(session, "session");
    }

    /**
     * Sets where the messages are kept; the session's {@code redeliver.outbox} by default.
     *
     * @param location the file of an embedded database, which is made if it is not there, or a JDBC
     *     URL of PostgreSQL
     * @return this builder
     */
    public Builder location(String location) {
      settings = settings().withLocation(location);
      return this;
    }

    /**
     * Sets the database by a source of connections, such as the application's own: then a message
     * can be submitted in the same transaction as everything else. A connection whose auto-commit
     * is off is taken to belong to a transaction of the caller.
     *
     * @param source gives connections to SQLite or PostgreSQL; it is not closed
     * @return this builder
     */
    public Builder dataSource(DataSource source) {
      this.source = Objects.requireNonNull(source, "source");
      return this;
    }

    /**
     * Sets all that {@code redeliver.outbox.*} says; the session's properties by default.
     *
     * @param settings the settings
     * @return this builder
     */
    public Builder settings(OutboxSettings settings) {
      this.settings = Objects.requireNonNull(settings, "settings");
      return this;
    }

    /**
     * Sets relays and connections; the session's {@code redeliver.sender.*} properties by default.
     *
     * @param settings the settings
     * @return this builder
     */
    public Builder senderSettings(SenderSettings settings) {
      senderSettings = Objects.requireNonNull(settings, "settings");
      return this;
    }

    /**
     * Sets the policy; the session's {@code redeliver.*} properties by default, with profile {@code
     * rfc5321} unless another one is set.
     *
     * @param policy the policy
     * @return this builder
     */
    public Builder policy(RetryPolicy policy) {
      this.policy = Objects.requireNonNull(policy, "policy");
      return this;
    }

    /**
     * Adds a listener. It is told of every attempt that this process makes, and {@link
     * DeliveryListener#deliveryFinished} when all recipients of a message at one destination have a
     * final outcome, after that was written.
     *
     * @param listener is told after those added before
     * @return this builder
     */
    public Builder listener(DeliveryListener listener) {
      listeners.add(Objects.requireNonNull(listener, "listener"));
      return this;
    }

    /**
     * Sets a key: the octets of messages are stored encrypted (AES-GCM). What was stored without it
     * can be read as before.
     *
     * @param key an AES key of 128, 192 or 256 bits; without it, what was stored cannot be sent
     * @return this builder
     */
    public Builder key(SecretKey key) {
      this.key = Objects.requireNonNull(key, "key");
      return this;
    }

    /**
     * Sets what tells the time; the system's clock by default. All processes must agree about the
     * time, to within a part of the lease.
     *
     * @param clock the clock
     * @return this builder
     */
    public Builder clock(InstantSource clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /**
     * Sets what draws the jitter of delays; random by default. A seam for tests.
     *
     * @param random the generator; thread-safe
     * @return this builder
     */
    public Builder random(RandomGenerator random) {
      this.random = Objects.requireNonNull(random, "random");
      return this;
    }

    /**
     * Makes no tables and changes none: without those of this release, the outbox is not opened.
     * For who wants to look at a database, and may have named another one.
     *
     * @return this builder
     */
    public Builder existing() {
      existing = true;
      return this;
    }

    /** Its threads do not keep the process from ending. */
    Builder inBackground() {
      background = true;
      return this;
    }

    Builder waiter(Waiter waiter) {
      this.waiter = waiter;
      return this;
    }

    Builder scheduler(BiFunction<DataSource, List<Task<?>>, SchedulerBuilder> scheduler) {
      this.scheduler = scheduler;
      return this;
    }

    /**
     * {@return an outbox that sends} While another process sends what is in the same file, this one
     * waits for its end, and then takes over.
     *
     * @throws PolicyException if {@code redeliver.*} properties are bad; it names all of them
     * @throws OutboxException if the database cannot be used
     */
    public Outbox open() {
      Outbox outbox = build();
      boolean begun = false;
      try {
        Objects.requireNonNull(outbox.sending()).start();
        begun = true;
      } finally {
        if (!begun) {
          outbox.close();
        }
      }
      return outbox;
    }

    /** {@return an outbox that would send, were it started} */
    Outbox build() {
      return new Outbox(this, true);
    }

    /**
     * {@return an outbox that takes messages and can be operated, and sends nothing}
     *
     * @throws PolicyException if {@code redeliver.*} properties are bad; it names all of them
     * @throws OutboxException if the database cannot be used
     */
    public Outbox connect() {
      return new Outbox(this, false);
    }

    private OutboxSettings settings() {
      OutboxSettings chosen =
          settings == null ? OutboxSettings.fromProperties(session.getProperties()) : settings;
      settings = chosen;
      return chosen;
    }

    private SenderSettings senderSettings() {
      return senderSettings == null
          ? SenderSettings.fromProperties(session.getProperties())
          : senderSettings;
    }

    private RetryPolicy policy() {
      return policy == null
          ? RetryPolicy.fromProperties(session.getProperties(), Profile.RFC5321)
          : policy;
    }

    private int connections() {
      SenderSettings sender = senderSettings();
      int relays = sender.isWeighted() ? sender.relays().size() : 1;
      return relays * sender.connections() + BESIDES_QUEUES;
    }
  }
}
