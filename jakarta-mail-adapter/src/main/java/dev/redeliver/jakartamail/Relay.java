package dev.redeliver.jakartamail;

import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.delivery.RelayStatus;
import dev.redeliver.policy.SenderSettings;
import dev.redeliver.smtp.SmtpFailure;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Lock;

/**
 * One relay: where it is, its connections, and whether it can be used. The fields are guarded by
 * the lock of the sender or courier; the methods are thread-safe.
 */
final class Relay {
  /** The messages that only this relay may have, because it may have them already. */
  final Set<Shipment> pinned = new LinkedHashSet<>();

  final RelayHealth health;
  final int weight;
  int busy;
  int credit;
  boolean closingIdle;

  private final int place;
  private final String server;
  private final String name;
  private final Connections connections;
  private final Redeliverer redeliverer;
  private final Lock lock;

  /**
   * Makes a relay without connections.
   *
   * @param place its place in the list, from 1
   * @param weight its share, 0 in an ordered list
   * @param session where its settings are; the sender's own copy
   * @param target its address, as far as that is not in the session
   */
  Relay(
      int place,
      int weight,
      Session session,
      Target target,
      SenderSettings settings,
      Redeliverer redeliverer,
      Lock lock) {
    this.place = place;
    this.weight = weight;
    this.redeliverer = redeliverer;
    this.lock = lock;
    String protocol = SenderSession.protocol(session);
    server = target.server(session, new URLName(protocol, null, -1, null, null, null));
    name = new SenderSettings.Relay(server, target.port(), 0).toString();
    health = new RelayHealth(settings.connections());
    connections =
        new Connections(
            settings,
            redeliverer.clock(),
            () ->
                new PooledConnection(
                    SenderSession.transport(session, protocol), target, redeliverer.clock()),
            reason -> redeliverer.tell(listener -> listener.connectionClosed(status(), reason)));
  }

  /** {@return whether one more message may be sent over it now} */
  boolean hasRoom() {
    return health.hasRoom(busy, connections.open());
  }

  String server() {
    return server;
  }

  /** {@return its host and, if the settings name one, its port} It tells relays of a host apart. */
  String name() {
    return name;
  }

  Connections connections() {
    return connections;
  }

  /** Opens a connection that was taken. {@return why it is not ready for MAIL; empty if it is} */
  Optional<SmtpFailure> open(PooledConnection connection) {
    Optional<SmtpFailure> failure = connections.open(connection);
    if (failure.isEmpty()) {
      redeliverer.tell(listener -> listener.connectionOpened(status()));
    }
    return failure;
  }

  RelayStatus status() {
    lock.lock();
    try {
      return new RelayStatus(
          place,
          server,
          health.state(),
          busy,
          connections.idle(),
          health.obstacle(),
          health.nextProbe());
    } finally {
      lock.unlock();
    }
  }
}
