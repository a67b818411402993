package dev.redeliver.outbox;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.IntSupplier;
import org.jspecify.annotations.NullMarked;

/**
 * What an outbox asks its database again and again, whether anything is due or not. In this package
 * because nobody else can ask for it.
 */
@NullMarked
public final class PollCost implements AutoCloseable {
  private final Outbox outbox;

  /**
   * Opens an outbox that does nothing by itself.
   *
   * @param builder where, and how
   */
  public PollCost(Outbox.Builder builder) {
    outbox = builder.build();
  }

  /**
   * Medians in microseconds.
   *
   * @param wake to look for queues that nobody is going to look after in time
   * @param poll to look for queues that are due
   */
  public record Micros(double wake, double poll) {}

  /** {@return what one question takes, once queues that it finds are known} */
  public Micros median(int times) {
    return new Micros(
        median(times, () -> outbox.queues().neglected(Instant.now(), false).late().size()),
        median(times, this::due));
  }

  private static double median(int times, IntSupplier question) {
    long[] nanos = new long[times];
    int sum = 0;
    for (int i = -times; i < times; i++) {
      long start = System.nanoTime();
      sum += question.getAsInt();
      if (i >= 0) {
        nanos[i] = System.nanoTime() - start;
      }
    }
    if (sum < 0) {
      throw new IllegalStateException("less than nothing was found");
    }
    Arrays.sort(nanos);
    return nanos[times / 2] / 1e3;
  }

  /** As the scheduler does. */
  private int due() {
    Database database = outbox.store().database();
    return database.read(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  "select * from "
                      + Engine.TABLE
                      + " where picked = ? and execution_time <= ?"
                      + " order by priority desc, execution_time limit 10")) {
            select.setBoolean(1, false);
            database.dialect().customization().setInstant(select, 2, Instant.now());
            int found = 0;
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                found++;
              }
            }
            return found;
          }
        });
  }

  @Override
  public void close() {
    outbox.close();
  }
}
