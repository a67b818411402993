package dev.redeliver.outbox;

import dev.redeliver.jakartamail.DeferredMessages;
import dev.redeliver.jakartamail.DeferredMessagesFactory;
import dev.redeliver.policy.OutboxSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import jakarta.mail.Session;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/**
 * The outboxes that mail sessions ask for by {@code redeliver.outbox}: one for each location, with
 * the settings of the session that asked first. They send as long as the process lives, and do not
 * keep it from ending. Thread-safe.
 */
public final class SharedOutboxes implements DeferredMessagesFactory {
  private static final Map<String, Outbox> BY_LOCATION = new HashMap<>();

  /** What these say is about the attempts within the process. */
  private static final String[] IN_PROCESS = {
    "redeliver.profile", "redeliver.retry.max-attempts", "redeliver.retry.deadline"
  };

  private static final String LANES = "redeliver.lane.";

  /** Made by {@link java.util.ServiceLoader}. */
  public SharedOutboxes() {}

  @Override
  public DeferredMessages open(Session session) {
    String location = OutboxSettings.fromProperties(session.getProperties()).location();
    synchronized (BY_LOCATION) {
      return BY_LOCATION.computeIfAbsent(location, unused -> make(session));
    }
  }

  private static Outbox make(Session session) {
    Outbox outbox =
        Outbox.builder(session).policy(policy(session.getProperties())).inBackground().open();
    Runtime.getRuntime().addShutdownHook(new Thread(outbox::close, "redeliver-outbox-close"));
    return outbox;
  }

  /** Days, where the session's own profile is for seconds. */
  static RetryPolicy policy(Properties ofSession) {
    Properties properties = new Properties();
    ofSession
        .stringPropertyNames()
        .forEach(name -> properties.setProperty(name, ofSession.getProperty(name)));
    properties.putAll(ofSession);
    for (String key : IN_PROCESS) {
      properties.remove(key);
    }
    properties.keySet().removeIf(key -> String.valueOf(key).startsWith(LANES));
    return RetryPolicy.fromProperties(properties, Profile.RFC5321);
  }
}
