package dev.redeliver.outbox;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationGuard;
import dev.redeliver.reputation.DestinationStatus;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What all processes have to know of a destination: until when it wants no mail, and when the next
 * message may go if it gets so many a minute only. The rest is each process's own guard's.
 * Thread-safe.
 */
final class Destinations implements DeliveryListener {
  /** So much the processes' clocks may differ. */
  private static final Duration SKEW = Duration.ofMinutes(1);

  private final Database database;
  private final Supplier<DestinationGuard> guard;
  private final GuardSettings settings;
  private final InstantSource clock;

  /**
   * Makes one.
   *
   * @param guard this process's own, which may be made later
   */
  Destinations(
      Database database,
      Supplier<DestinationGuard> guard,
      GuardSettings settings,
      InstantSource clock) {
    this.database = database;
    this.guard = guard;
    this.settings = settings;
    this.clock = clock;
  }

  /** What one process finds out, all others go by. */
  @Override
  public void destinationChanged(DestinationStatus status) {
    boolean paused = status.state() == DestinationStatus.State.PAUSED;
    if (paused && status.destination().kind() != Destination.Kind.RELAY) {
      status.nextAt().ifPresent(until -> pause(status, until));
    }
  }

  private void pause(DestinationStatus status, Instant until) {
    int unused =
        database.transact(
            connection -> {
              try (PreparedStatement upsert =
                  connection.prepareStatement(
                      "insert into redeliver_destination (name, paused_until, why, changed_at, turn)"
                          + " values (?, ?, ?, ?, 0) on conflict (name) do update set"
                          + " paused_until = excluded.paused_until, why = excluded.why,"
                          + " changed_at = excluded.changed_at")) {
                upsert.setString(1, name(status.destination()));
                upsert.setLong(2, until.toEpochMilli());
                upsert.setString(3, status.why());
                upsert.setLong(4, clock.instant().toEpochMilli());
                return upsert.executeUpdate();
              }
            });
  }

  /** Forgets destinations of which nothing was found out since a time. {@return how many} */
  static int forget(Database database, Instant before) {
    return database.transact(
        connection -> {
          try (PreparedStatement delete =
              connection.prepareStatement(
                  "delete from redeliver_destination"
                      + " where paused_until < ? and changed_at < ? and turn < ?")) {
            for (int i = 1; i <= 3; i++) {
              delete.setLong(i, before.toEpochMilli());
            }
            return delete.executeUpdate();
          }
        });
  }

  private static String name(Destination destination) {
    return destination.kind() + "/" + destination.name();
  }

  /**
   * {@return when a destination may get its next message; empty if now} Takes its turn then.
   *
   * @param ask whether to look what other processes have found out
   */
  Optional<Instant> opensAt(Destination destination, Instant now, boolean ask) {
    if (!settings.enabled()) {
      return Optional.empty();
    }
    Instant own = guard.get().opensAt(destination);
    if (own.isAfter(now)) {
      return Optional.of(own);
    }
    Optional<Instant> paused =
        ask ? pausedUntil(destination, now).filter(until -> until.isAfter(now)) : Optional.empty();
    return paused.isPresent() || settings.maxRate() == Double.POSITIVE_INFINITY
        ? paused
        : takeTurn(destination, now);
  }

  /** What was found out in the future was found out by a clock that was wrong. */
  private Optional<Instant> pausedUntil(Destination destination, Instant now) {
    return database.read(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  "select paused_until from redeliver_destination where name = ?"
                      + " and changed_at <= ?")) {
            select.setString(1, name(destination));
            select.setLong(2, now.plus(SKEW).toEpochMilli());
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? Store.instant(row, "paused_until") : Optional.empty();
            }
          }
        });
  }

  /** One turn every so often, over all processes. */
  private Optional<Instant> takeTurn(Destination destination, Instant now) {
    Duration interval = Duration.ofNanos((long) (60e9 / settings.maxRate()));
    return database.transact(
        connection -> {
          try (PreparedStatement upsert =
              connection.prepareStatement(
                  "insert into redeliver_destination (name, paused_until, why, changed_at, turn)"
                      + " values (?, 0, '', ?, ?) on conflict (name) do update set"
                      + " turn = excluded.turn where redeliver_destination.turn <= ?")) {
            upsert.setString(1, name(destination));
            upsert.setLong(2, now.toEpochMilli());
            upsert.setLong(3, now.plus(interval).toEpochMilli());
            upsert.setLong(4, now.toEpochMilli());
            if (upsert.executeUpdate() > 0) {
              return Optional.empty();
            }
          }
          try (PreparedStatement select =
              connection.prepareStatement(
                  "select turn from redeliver_destination where name = ?")) {
            select.setString(1, name(destination));
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? Store.instant(row, "turn") : Optional.of(now.plus(interval));
            }
          }
        });
  }
}
