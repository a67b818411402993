package dev.redeliver.outbox;

import java.io.PrintWriter;
import java.io.Serial;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A process's connection to its database, which can be pulled: at the n-th moment before or after a
 * statement or a commit, or whenever somebody says so. From then on the process reaches nothing.
 */
final class Plug implements DataSource {
  private static final Set<String> STEPS =
      Set.of("execute", "executeQuery", "executeUpdate", "executeBatch", "commit");

  /** What a process meets that has been killed. Nothing catches it. */
  static final class Killed extends Error {
    @Serial private static final long serialVersionUID = 1L;

    Killed() {
      super("killed", null, false, false);
    }
  }

  private final DataSource source;
  private final AtomicInteger moments = new AtomicInteger();
  private volatile int last = Integer.MAX_VALUE;
  private volatile boolean pulled;

  Plug(DataSource source) {
    this.source = source;
  }

  /** Pulls it at the n-th moment from now, from 1. */
  void pullAt(int moment) {
    moments.set(0);
    last = moment;
  }

  void pull() {
    pulled = true;
  }

  boolean isPulled() {
    return pulled;
  }

  private void moment() {
    if (moments.incrementAndGet() >= last) {
      pulled = true;
    }
    if (pulled) {
      throw new Killed();
    }
  }

  @Override
  public Connection getConnection() throws SQLException {
    if (pulled) {
      throw new Killed();
    }
    return wrap(Connection.class, source.getConnection());
  }

  private <T> T wrap(Class<T> type, T target) {
    InvocationHandler handler = (proxy, method, arguments) -> call(target, method, arguments);
    return type.cast(
        Proxy.newProxyInstance(Plug.class.getClassLoader(), new Class<?>[] {type}, handler));
  }

  /** A killed process's transactions are rolled back by the database. */
  private @Nullable Object call(Object target, Method method, Object @Nullable [] arguments)
      throws Throwable {
    boolean step = STEPS.contains(method.getName());
    if (step) {
      moment();
    } else if (pulled
        && target instanceof Connection connection
        && method.getName().equals("setAutoCommit")) {
      if (!connection.getAutoCommit()) {
        connection.rollback();
      }
    }
    try {
      Object result = method.invoke(target, arguments);
      if (step) {
        moment();
      }
      if (result instanceof PreparedStatement statement) {
        return wrap(PreparedStatement.class, statement);
      }
      return result instanceof Statement statement ? wrap(Statement.class, statement) : result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public PrintWriter getLogWriter() throws SQLException {
    return source.getLogWriter();
  }

  @Override
  public void setLogWriter(PrintWriter out) throws SQLException {
    source.setLogWriter(out);
  }

  @Override
  public void setLoginTimeout(int seconds) throws SQLException {
    source.setLoginTimeout(seconds);
  }

  @Override
  public int getLoginTimeout() throws SQLException {
    return source.getLoginTimeout();
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    return source.unwrap(type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) throws SQLException {
    return source.isWrapperFor(type);
  }
}
