package dev.redeliver.reputation;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.smtp.SmtpFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Counts reputation signals per destination and cause, and turns them into alerts: raised once when
 * the threshold is reached within the window, resolved when a whole window passed without a signal.
 * Thread-safe.
 *
 * <p>It reads no clock: the caller says when. At most {@value #MAX_DESTINATIONS} pairs of
 * destination and cause are watched; beyond, the one that was quiet the longest is forgotten, and
 * resolved if it was raised, so that nobody waits for the end of an alert for ever.
 */
public final class ReputationMonitor {
  /** The most pairs of destination and cause that are watched at a time. */
  public static final int MAX_DESTINATIONS = 1000;

  private final int threshold;
  private final Duration window;
  private final Map<Key, Watch> watches = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Makes a monitor without history.
   *
   * @param threshold how many signals within the window raise an alert; at least 1
   * @param window how long a signal counts; positive
   */
  public ReputationMonitor(int threshold, Duration window) {
    if (threshold < 1) {
      throw new IllegalArgumentException("threshold must be at least 1, but is " + threshold);
    }
    if (window.isNegative() || window.isZero()) {
      throw new IllegalArgumentException("window must be positive, but is " + window);
    }
    this.threshold = threshold;
    this.window = window;
  }

  /**
   * Notes one failure, and what time has resolved meanwhile.
   *
   * @param destination the server that answered
   * @param failure its answer
   * @param classification what the answer means; ignored unless it is a reputation signal
   * @param now the time of the answer
   * @return the alerts that this raised or resolved, resolved ones first; usually none
   */
  public synchronized List<ReputationAlert> observe(
      String destination, SmtpFailure failure, Classification classification, Instant now) {
    Objects.requireNonNull(destination, "destination");
    Objects.requireNonNull(failure, "failure");
    List<ReputationAlert> changes = resolveQuiet(now);
    if (classification.reputationSignal()) {
      Key key = new Key(destination, classification.cause());
      Watch watch = watches.computeIfAbsent(key, unused -> new Watch());
      watch.add(new Signal(failure, classification.ruleId()), now);
      forgetBeyondLimit(changes);
      if (!watch.raised && watch.times.size() >= threshold) {
        watch.raised = true;
        changes.add(watch.alert(key, ReputationAlert.State.RAISED));
      }
    }
    return changes;
  }

  /**
   * Resolves the alerts that have been quiet for a window.
   *
   * @param now the time of asking
   * @return the alerts that this resolved
   */
  public synchronized List<ReputationAlert> resolveQuiet(Instant now) {
    List<ReputationAlert> resolved = new ArrayList<>();
    Instant horizon = now.minus(window);
    for (Iterator<Map.Entry<Key, Watch>> all = watches.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Key, Watch> entry = all.next();
      if (!entry.getValue().lastSeen.isAfter(horizon)) {
        all.remove();
        resolve(entry, resolved);
      }
    }
    return resolved;
  }

  private void forgetBeyondLimit(List<ReputationAlert> changes) {
    Iterator<Map.Entry<Key, Watch>> eldest = watches.entrySet().iterator();
    while (watches.size() > MAX_DESTINATIONS) {
      Map.Entry<Key, Watch> forgotten = eldest.next();
      eldest.remove();
      resolve(forgotten, changes);
    }
  }

  private static void resolve(Map.Entry<Key, Watch> ended, List<ReputationAlert> changes) {
    if (ended.getValue().raised) {
      changes.add(ended.getValue().alert(ended.getKey(), ReputationAlert.State.RESOLVED));
    }
  }

  private record Key(String destination, Cause cause) {}

  private record Signal(SmtpFailure failure, String ruleId) {}

  /**
   * The signals of one pair. Only the threshold's worth of times is kept: more says nothing new.
   */
  private final class Watch {
    private final Deque<Instant> times = new ArrayDeque<>();
    private int count;
    private boolean raised;
    private Instant firstSeen = Instant.MIN;
    private Instant lastSeen = Instant.MIN;
    private @Nullable Signal latest;

    void add(Signal signal, Instant now) {
      Instant horizon = now.minus(window);
      while (!times.isEmpty() && !times.peekFirst().isAfter(horizon)) {
        times.removeFirst();
      }
      if (count == 0) {
        firstSeen = now;
      }
      times.addLast(now);
      if (times.size() > threshold) {
        times.removeFirst();
      }
      count++;
      // Threads may bring their signals in late: time does not go back.
      lastSeen = now.isAfter(lastSeen) ? now : lastSeen;
      latest = signal;
    }

    ReputationAlert alert(Key key, ReputationAlert.State state) {
      Signal signal = Objects.requireNonNull(latest, "latest");
      return new ReputationAlert(
          state,
          key.destination(),
          key.cause(),
          signal.failure(),
          signal.ruleId(),
          count,
          firstSeen,
          lastSeen);
    }
  }
}
