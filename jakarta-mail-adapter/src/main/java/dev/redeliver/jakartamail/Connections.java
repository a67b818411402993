package dev.redeliver.jakartamail;

import dev.redeliver.policy.SenderSettings;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.EvictionConfig;
import org.apache.commons.pool2.impl.EvictionPolicy;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;

/**
 * The connections to one relay, in a pool of Apache Commons. Thread-safe. The pool sees to it that
 * there are not too many and that nobody shares one; when one is too old is decided here, by the
 * sender's own clock.
 */
final class Connections {
  private final GenericObjectPool<PooledConnection> pool;
  private final SenderSettings settings;
  private final InstantSource clock;
  private final Supplier<PooledConnection> maker;
  private final Consumer<String> closed;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger idle = new AtomicInteger();

  /**
   * Makes an empty pool.
   *
   * @param maker makes connections that are not open yet
   * @param closed is told why a connection was closed
   */
  Connections(
      SenderSettings settings,
      InstantSource clock,
      Supplier<PooledConnection> maker,
      Consumer<String> closed) {
    this.settings = settings;
    this.clock = clock;
    this.maker = maker;
    this.closed = closed;
    GenericObjectPoolConfig<PooledConnection> config = new GenericObjectPoolConfig<>();
    // One idle connection at a time may be on its way out, which the pool still counts.
    config.setMaxTotal(settings.connections() + 1);
    config.setMaxIdle(settings.connections());
    config.setNumTestsPerEvictionRun(settings.connections());
    config.setTestOnBorrow(true);
    config.setBlockWhenExhausted(false);
    config.setJmxEnabled(false);
    pool = new GenericObjectPool<>(new Factory(), config);
  }

  /**
   * {@return a connection for one user at a time, the one last used if it is still good; it may
   * have to be opened}
   *
   * @throws IllegalStateException if all are in use: the dispatcher counts, too
   */
  PooledConnection take() {
    try {
      PooledConnection connection = pool.borrowObject();
      if (connection.take()) {
        idle.decrementAndGet();
      }
      return connection;
    } catch (NoSuchElementException e) {
      throw new IllegalStateException("more attempts than connections", e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Opens a connection that was taken. {@return why it is not ready for MAIL; empty if it is} */
  Optional<SmtpFailure> open(PooledConnection connection) {
    if (connection.wasOpen()) {
      open.decrementAndGet();
      closed.accept("broken");
    }
    Optional<SmtpFailure> failure = connection.open();
    if (failure.isEmpty()) {
      open.incrementAndGet();
    }
    return failure;
  }

  /** Takes a connection back, and closes it if it is of no more use. */
  void giveBack(PooledConnection connection) {
    Optional<String> end =
        connection.isOpen() ? connection.wornOutBy(settings) : Optional.of("broken");
    if (end.isPresent()) {
      connection.endBy(end.get());
      discard(connection);
    } else {
      connection.rest();
      idle.incrementAndGet();
      pool.returnObject(connection);
    }
  }

  private void discard(PooledConnection connection) {
    try {
      pool.invalidateObject(connection);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** {@return how many are open and not in use} The pool also counts those not opened yet. */
  int idle() {
    return idle.get();
  }

  /** {@return how many are open, in use or not} */
  int open() {
    return open.get();
  }

  /**
   * Closes those that are idle for too long. {@return when to look again; empty if none is left}
   */
  Optional<Duration> closeIdle() {
    IdleTime policy = new IdleTime(clock.instant());
    pool.setEvictionPolicy(policy);
    try {
      pool.evict();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return policy.next;
  }

  /** Closes all that are idle, and each other one when it is given back. */
  void close() {
    pool.close();
  }

  /** Goes by the sender's clock, where the pool's own policy goes by the system's. */
  private final class IdleTime implements EvictionPolicy<PooledConnection> {
    private final Instant now;
    private Optional<Duration> next = Optional.empty();

    IdleTime(Instant now) {
      this.now = now;
    }

    @Override
    public boolean evict(
        EvictionConfig config, PooledObject<PooledConnection> underTest, int idleCount) {
      Duration left = settings.idleClose().minus(underTest.getObject().idleFor(now));
      if (left.isNegative() || left.isZero()) {
        underTest.getObject().endBy("idle");
        return true;
      }
      next = next.filter(earlier -> earlier.compareTo(left) <= 0).or(() -> Optional.of(left));
      return false;
    }
  }

  private final class Factory extends BasePooledObjectFactory<PooledConnection> {
    @Override
    public PooledConnection create() {
      return maker.get();
    }

    @Override
    public PooledObject<PooledConnection> wrap(PooledConnection connection) {
      return new DefaultPooledObject<>(connection);
    }

    /** Asked before each use; the server is asked only after a rest. */
    @Override
    public boolean validateObject(PooledObject<PooledConnection> pooled) {
      PooledConnection connection = pooled.getObject();
      if (!connection.hasRested()) {
        return true;
      }
      Optional<String> end = connection.wornOutBy(settings);
      if (end.isEmpty()
          && connection.idleFor(clock.instant()).compareTo(settings.idleCheck()) > 0
          && !connection.answers()) {
        end = Optional.of("broken");
      }
      end.ifPresent(connection::endBy);
      return end.isEmpty();
    }

    @Override
    public void destroyObject(PooledObject<PooledConnection> pooled) {
      PooledConnection connection = pooled.getObject();
      if (connection.take()) {
        idle.decrementAndGet();
      }
      if (connection.wasOpen()) {
        open.decrementAndGet();
        connection.close();
        closed.accept(pool.isClosed() ? "closed" : connection.endedBy());
      }
    }
  }
}
