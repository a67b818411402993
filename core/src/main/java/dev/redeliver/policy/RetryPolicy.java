package dev.redeliver.policy;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.smtp.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/**
 * Decides what happens to a recipient after an attempt that did not deliver. Immutable and
 * thread-safe.
 *
 * <p>Three words, told apart: an <em>attempt</em> is one SMTP transaction, the first included; a
 * <em>delay</em> lies between two attempts and follows the schedule of a lane; the
 * <em>deadline</em> bounds the whole delivery and counts from the hand-over. Attempts and deadline
 * both end a delivery, whichever comes first.
 */
public final class RetryPolicy {
  /** The value of {@link #maxAttempts()} when only the deadline bounds a delivery. */
  public static final int UNBOUNDED = Integer.MAX_VALUE;

  static final Duration SHORTEST_HINT = Duration.ofSeconds(1);
  static final Duration LONGEST_HINT = Duration.ofDays(1);

  private final String name;
  private final Profile profile;
  private final int maxAttempts;
  private final Duration deadline;
  private final double jitter;
  private final boolean allowList;
  private final UnknownOutcome unknownOutcome;
  private final boolean pipelining;
  private final Map<Lane, Backoff> lanes;
  private final int alertThreshold;
  private final Duration alertWindow;
  private final ReplyClassifier classifier;
  private final boolean enabled;
  private final String metricsRegistry;
  private final List<String> metricsDomains;
  private final GuardSettings guard;
  private final AddressLog logAddresses;

  private RetryPolicy(Builder builder) {
    name = builder.name;
    profile = builder.profile;
    maxAttempts = builder.maxAttempts;
    deadline = builder.deadline;
    jitter = builder.jitter;
    allowList = builder.allowList;
    unknownOutcome = builder.unknownOutcome;
    pipelining = builder.pipelining;
    lanes = Collections.unmodifiableMap(new EnumMap<>(builder.lanes));
    alertThreshold = builder.alertThreshold;
    alertWindow = builder.alertWindow;
    classifier = builder.classifier;
    enabled = builder.enabled;
    metricsRegistry = builder.metricsRegistry;
    metricsDomains = builder.metricsDomains;
    guard = builder.guard;
    logAddresses = builder.logAddresses;
  }

  /** {@return the policy of a profile, unchanged} */
  public static RetryPolicy of(Profile profile) {
    return builder(profile).build();
  }

  /** {@return a builder that starts from a profile} */
  public static Builder builder(Profile profile) {
    return new Builder(profile);
  }

  /**
   * Reads a policy from properties that start with {@code redeliver.}; all others are ignored. The
   * keys are listed in the README.
   *
   * @param properties the properties, with their defaults
   * @return the policy; the interactive profile where nothing is set
   * @throws PolicyException if keys are unknown or values are bad; it names all of them
   */
  public static RetryPolicy fromProperties(Properties properties) {
    return fromProperties(properties, Profile.INTERACTIVE);
  }

  /**
   * Reads a policy from properties, as {@link #fromProperties(Properties)} does.
   *
   * @param properties the properties, with their defaults
   * @param byDefault the profile where none is set
   * @return the policy
   * @throws PolicyException if keys are unknown or values are bad; it names all of them
   */
  public static RetryPolicy fromProperties(Properties properties, Profile byDefault) {
    return PolicyProperties.read(properties, byDefault);
  }

  /**
   * Decides. Pure: the same arguments always give the same decision.
   *
   * @param failure what the failure means
   * @param history what the recipient has been through, this attempt included
   * @param now the end of the attempt
   * @param random a uniform draw from 0 up to but not including 1; one for all recipients of an
   *     attempt keeps them together
   * @return what to do
   * @throws IllegalArgumentException if there is nothing to decide because the step succeeded
   */
  public Decision decide(
      Classification failure, AttemptHistory history, Instant now, double random) {
    Objects.requireNonNull(now, "now");
    if (!(random >= 0 && random < 1)) {
      throw new IllegalArgumentException(
          "random must be from 0 up to, but not including, 1, but is " + random);
    }
    Schedule schedule = new Schedule(failure, history, now, random);
    if (history.outcomeUnknown()) {
      return afterUnknownOutcome(history, schedule);
    }
    if (history.staleConnection() && history.reconnects() == 0) {
      return schedule.atOnce("the idle connection had been closed: go on with a fresh one");
    }
    return switch (failure.handling()) {
      case PROCEED -> throw new IllegalArgumentException("nothing failed: " + failure.evidence());
      case HOLD -> new Decision.Hold(failure.advice());
      case FAIL -> refused(failure, schedule);
      case RETRY ->
          allowList || failure.severity() != Severity.PERMANENT
              ? schedule.later(failure.lane(), failure.meaning())
              : refused(failure, schedule);
      case RESUME ->
          history.progress()
              ? schedule.atOnce("the server takes fewer recipients at a time: send the rest now")
              : schedule.later(failure.lane(), failure.meaning());
      case RECONNECT ->
          history.reconnects() == 0
              ? schedule.atOnce("the session is out of step: once more on a fresh connection")
              : refused(failure, schedule);
    };
  }

  /**
   * A 4yz is never final, whatever a rule says: the first digit decides (RFC 5321 section 4.2.1).
   */
  private static Decision refused(Classification failure, Schedule schedule) {
    return failure.severity() == Severity.PERMANENT
        ? new Decision.Fail(failure.meaning())
        : schedule.later(failure.lane(), failure.meaning());
  }

  private Decision afterUnknownOutcome(AttemptHistory history, Schedule schedule) {
    if (unknownOutcome == UnknownOutcome.RESEND && history.unknownOutcomes() == 0) {
      return schedule.later(
          Lane.CONNECTION, "the reply to the content never came: send once more, same Message-ID");
    }
    String why =
        unknownOutcome == UnknownOutcome.REPORT
            ? "the reply to the content never came; redeliver.unknown-outcome=report"
            : "the reply to the content never came, twice";
    return new Decision.GiveUp(
        Decision.Reason.UNKNOWN_OUTCOME, Lane.CONNECTION, Optional.empty(), why);
  }

  /** When a next try would be, and whether it still fits. */
  private final class Schedule {
    private final Classification failure;
    private final AttemptHistory history;
    private final Instant now;
    private final double random;

    Schedule(Classification failure, AttemptHistory history, Instant now, double random) {
      this.failure = failure;
      this.history = history;
      this.now = now;
      this.random = random;
    }

    Decision atOnce(String why) {
      return now.isAfter(lastMoment())
          ? giveUp(Decision.Reason.DEADLINE, Lane.IMMEDIATE, now, why)
          : new Decision.Retry(Lane.IMMEDIATE, Duration.ZERO, false, why);
    }

    /** A rule that asks for no wait at all would knock without end: a counted try has a pause. */
    Decision later(Lane wanted, String why) {
      Lane lane = wanted == Lane.IMMEDIATE ? Lane.TRANSIENT : wanted;
      Duration delay = delay(lane);
      Instant next = now.plus(delay);
      if (backoff(lane).deferred()) {
        return giveUp(Decision.Reason.DEFERRED, lane, next, why);
      }
      if (history.attempts() >= maxAttempts) {
        return giveUp(Decision.Reason.ATTEMPTS, lane, next, why);
      }
      if (next.isAfter(lastMoment())) {
        return giveUp(Decision.Reason.DEADLINE, lane, next, why);
      }
      return new Decision.Retry(lane, delay, true, why);
    }

    private Duration delay(Lane lane) {
      return failure
          .delayHint()
          .flatMap(hint -> hint.from(now))
          .map(RetryPolicy::clamp)
          .orElseGet(() -> backoff(lane).delay(history.failuresIn(lane) + 1, jitter, random));
    }

    private Instant lastMoment() {
      return history.startedAt().plus(deadline);
    }

    private Decision giveUp(Decision.Reason reason, Lane lane, Instant laterTry, String why) {
      return new Decision.GiveUp(reason, lane, Optional.of(laterTry), why);
    }
  }

  /**
   * {@return how long to leave a server alone that cannot be used at present} Pure. A delay that
   * the server names is honoured; else the lane's schedule applies, deferred or not. Wrong
   * credentials go by the lane {@link Lane#SLOW}, because servers lock accounts that try them again
   * and again.
   *
   * @param failure what the failure means
   * @param failures how many times in a row it could not be used, at least 1
   * @param now the time of the latest
   * @param random a uniform draw from 0 up to but not including 1
   */
  public Duration pause(Classification failure, int failures, Instant now, double random) {
    return failure
        .delayHint()
        .flatMap(hint -> hint.from(now))
        .map(RetryPolicy::clamp)
        .orElseGet(() -> backoff(laneOf(failure)).delay(failures, jitter, random));
  }

  /**
   * {@return the lane whose schedule tells how long to leave a server alone}
   *
   * @param failure why it cannot be used
   */
  public Lane laneOf(Classification failure) {
    if (failure.cause() == Cause.CREDENTIALS && failure.handling() == Handling.HOLD) {
      return Lane.SLOW;
    }
    return failure.lane() == Lane.IMMEDIATE ? Lane.TRANSIENT : failure.lane();
  }

  private static Duration clamp(Duration hint) {
    if (hint.compareTo(SHORTEST_HINT) < 0) {
      return SHORTEST_HINT;
    }
    return hint.compareTo(LONGEST_HINT) > 0 ? LONGEST_HINT : hint;
  }

  /** {@return the name under which deliveries are counted; {@code default} unless set} */
  public String name() {
    return name;
  }

  /** {@return the profile that the policy started from} */
  public Profile profile() {
    return profile;
  }

  /** {@return the most attempts per recipient, the first included, or {@link #UNBOUNDED}} */
  public int maxAttempts() {
    return maxAttempts;
  }

  /** {@return how long after the hand-over an attempt may still start} */
  public Duration deadline() {
    return deadline;
  }

  /**
   * {@return the largest share that is taken off a delay at random, 0 up to but not including 1}
   */
  public double jitter() {
    return jitter;
  }

  /** {@return whether a 5yz that the rules know to pass, such as a daily limit, is tried later} */
  public boolean allowList() {
    return allowList;
  }

  /** {@return what to do when the reply to the content never came} */
  public UnknownOutcome unknownOutcome() {
    return unknownOutcome;
  }

  /**
   * {@return whether a transport that records the dialogue may send commands in groups where the
   * server offers it (RFC 2920)}
   */
  public boolean pipelining() {
    return pipelining;
  }

  /**
   * {@return the schedule of a lane}
   *
   * @param lane any lane but {@link Lane#IMMEDIATE}, which has none
   * @throws IllegalArgumentException if the lane has no schedule
   */
  public Backoff backoff(Lane lane) {
    Backoff backoff = lanes.get(lane);
    if (backoff == null) {
      throw new IllegalArgumentException("lane " + lane + " has no schedule");
    }
    return backoff;
  }

  /** {@return how many reputation signals within the window raise an alert; at least 1} */
  public int alertThreshold() {
    return alertThreshold;
  }

  /** {@return the window in which reputation signals are counted, and how long quiet resolves} */
  public Duration alertWindow() {
    return alertWindow;
  }

  /** {@return what reads the replies} */
  public ReplyClassifier classifier() {
    return classifier;
  }

  /** {@return whether the adapter shall do anything at all; true unless switched off} */
  public boolean isEnabled() {
    return enabled;
  }

  /**
   * {@return where the metrics go that are bound by configuration alone: {@code none}, {@code
   * global}, or a static member as {@code com.example.Metrics#registry}}
   */
  public String metricsRegistry() {
    return metricsRegistry;
  }

  /** {@return the recipient domains that have a tag of their own in metrics} */
  public List<String> metricsDomains() {
    return metricsDomains;
  }

  /** {@return how destinations are treated that want less mail} */
  public GuardSettings guard() {
    return guard;
  }

  /** {@return how much of an address a log line shows} */
  public AddressLog logAddresses() {
    return logAddresses;
  }

  /** {@return a builder that starts from this policy} */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** {@return the settings that decide, on one line} */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder("RetryPolicy[").append(profile.token());
    line.append(", attempts ");
    line.append(maxAttempts == UNBOUNDED ? "unbounded" : Integer.toString(maxAttempts));
    line.append(", deadline ").append(Durations.format(deadline));
    line.append(", jitter ").append(jitter);
    line.append(allowList ? "" : ", no allow-list");
    line.append(", unknown outcome ").append(unknownOutcome.token());
    lanes.forEach((lane, backoff) -> append(line.append(", ").append(lane.token()), backoff));
    return line.append(']').toString();
  }

  private static void append(StringBuilder line, Backoff backoff) {
    line.append(' ').append(Durations.format(backoff.initial()));
    line.append(" x").append(backoff.multiplier());
    line.append(" up to ").append(Durations.format(backoff.cap()));
    line.append(backoff.deferred() ? " deferred" : "");
  }

  /** Builds policies. Setters check their value at once. Not thread-safe. */
  public static final class Builder {
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofDays(30);
    private static final int MOST_DOMAINS = 100;
    private static final Pattern DOMAIN =
        Pattern.compile("(?=.{1,253}$)[\\p{L}\\p{N}_-]{1,63}(?:\\.[\\p{L}\\p{N}_-]{1,63})*");

    private final Profile profile;
    private final EnumMap<Lane, Backoff> lanes;
    private String name;
    private int maxAttempts;
    private Duration deadline;
    private double jitter;
    private boolean allowList;
    private UnknownOutcome unknownOutcome;
    private boolean pipelining;
    private int alertThreshold;
    private Duration alertWindow;
    private ReplyClassifier classifier;
    private boolean enabled;
    private String metricsRegistry;
    private List<String> metricsDomains;
    private GuardSettings guard;
    private AddressLog logAddresses;

    private Builder(Profile profile) {
      this.profile = Objects.requireNonNull(profile, "profile");
      name = "default";
      maxAttempts = profile.maxAttempts();
      deadline = profile.deadline();
      lanes = new EnumMap<>(profile.lanes());
      jitter = 0.2;
      allowList = true;
      unknownOutcome = UnknownOutcome.RESEND;
      pipelining = true;
      alertThreshold = 3;
      alertWindow = Duration.ofMinutes(10);
      classifier = ReplyClassifier.standard();
      enabled = true;
      metricsRegistry = "none";
      metricsDomains = List.of();
      guard = GuardSettings.DEFAULT;
      logAddresses = AddressLog.MASKED;
    }

    private Builder(RetryPolicy policy) {
      profile = policy.profile;
      lanes = new EnumMap<>(policy.lanes);
      name = policy.name;
      maxAttempts = policy.maxAttempts;
      deadline = policy.deadline;
      jitter = policy.jitter;
      allowList = policy.allowList;
      unknownOutcome = policy.unknownOutcome;
      pipelining = policy.pipelining;
      alertThreshold = policy.alertThreshold;
      alertWindow = policy.alertWindow;
      classifier = policy.classifier;
      enabled = policy.enabled;
      metricsRegistry = policy.metricsRegistry;
      metricsDomains = policy.metricsDomains;
      guard = policy.guard;
      logAddresses = policy.logAddresses;
    }

    /**
     * Sets the name under which deliveries are counted.
     *
     * @param name 1 to 40 characters of {@code a-z}, {@code 0-9} and {@code -}
     * @return this builder
     */
    public Builder name(String name) {
      if (!name.matches("[a-z0-9-]{1,40}")) {
        throw new IllegalArgumentException(
            "name must be 1 to 40 characters of a-z, 0-9 and '-', but is '" + name + "'");
      }
      this.name = name;
      return this;
    }

    /**
     * Sets the most attempts per recipient, the first included.
     *
     * @param maxAttempts 1 (never retry) to 1000, or {@link RetryPolicy#UNBOUNDED}
     * @return this builder
     */
    public Builder maxAttempts(int maxAttempts) {
      if (maxAttempts != UNBOUNDED && (maxAttempts < 1 || maxAttempts > 1000)) {
        throw new IllegalArgumentException(
            "maxAttempts must be from 1 to 1000, or UNBOUNDED, but is " + maxAttempts);
      }
      this.maxAttempts = maxAttempts;
      return this;
    }

    /**
     * Sets how long after the hand-over an attempt may still start.
     *
     * @param deadline 1 second to 30 days
     * @return this builder
     */
    public Builder deadline(Duration deadline) {
      this.deadline = within("deadline", deadline);
      return this;
    }

    /**
     * Sets the largest share that is taken off a delay at random.
     *
     * @param jitter 0 (none) up to but not including 1
     * @return this builder
     */
    public Builder jitter(double jitter) {
      if (!(jitter >= 0 && jitter < 1)) {
        throw new IllegalArgumentException(
            "jitter must be from 0 up to, but not including, 1, but is " + jitter);
      }
      this.jitter = jitter;
      return this;
    }

    /**
     * Sets whether a 5yz that the rules know to pass, such as a daily limit, is tried later.
     *
     * @param allowList true by default; false makes every 5yz final
     * @return this builder
     */
    public Builder allowList(boolean allowList) {
      this.allowList = allowList;
      return this;
    }

    /**
     * Sets what to do when the reply to the content never came.
     *
     * @param unknownOutcome send once more, or report
     * @return this builder
     */
    public Builder unknownOutcome(UnknownOutcome unknownOutcome) {
      this.unknownOutcome = Objects.requireNonNull(unknownOutcome, "unknownOutcome");
      return this;
    }

    /**
     * Sets whether a transport that records the dialogue may send commands in groups where the
     * server offers it (RFC 2920); true by default.
     *
     * @param pipelining whether it may
     * @return this builder
     */
    public Builder pipelining(boolean pipelining) {
      this.pipelining = pipelining;
      return this;
    }

    /**
     * Sets the schedule of a lane.
     *
     * @param lane any lane but {@link Lane#IMMEDIATE}
     * @param backoff the schedule
     * @return this builder
     */
    public Builder lane(Lane lane, Backoff backoff) {
      if (lane == Lane.IMMEDIATE) {
        throw new IllegalArgumentException("lane IMMEDIATE has no schedule");
      }
      lanes.put(lane, Objects.requireNonNull(backoff, "backoff"));
      return this;
    }

    /**
     * Sets when reputation signals become an alert.
     *
     * @param threshold how many within the window; 1 alerts on the first
     * @param window in which they are counted, 1 second to 30 days
     * @return this builder
     */
    public Builder alert(int threshold, Duration window) {
      if (threshold < 1 || threshold > 1000) {
        throw new IllegalArgumentException(
            "alert threshold must be from 1 to 1000, but is " + threshold);
      }
      alertThreshold = threshold;
      alertWindow = within("alert window", window);
      return this;
    }

    /**
     * Sets what reads the replies.
     *
     * @param classifier the rules
     * @return this builder
     */
    public Builder classifier(ReplyClassifier classifier) {
      this.classifier = Objects.requireNonNull(classifier, "classifier");
      return this;
    }

    /**
     * Switches the adapter on or off; off, transports behave as if Redeliver were not there.
     *
     * @param enabled true by default
     * @return this builder
     */
    public Builder enabled(boolean enabled) {
      this.enabled = enabled;
      return this;
    }

    /**
     * Sets where the metrics go that are bound by configuration alone.
     *
     * @param metricsRegistry {@code none} (default), {@code global}, or a public static field or
     *     no-argument method as {@code com.example.Metrics#registry}
     * @return this builder
     */
    public Builder metricsRegistry(String metricsRegistry) {
      this.metricsRegistry = Objects.requireNonNull(metricsRegistry, "metricsRegistry");
      return this;
    }

    /**
     * Sets the recipient domains that have a tag of their own in metrics, where the provider
     * otherwise is.
     *
     * @param domains at most 100, each a domain name
     * @return this builder
     */
    public Builder metricsDomains(String... domains) {
      String all = String.join(", ", domains);
      if (domains.length > MOST_DOMAINS) {
        throw new IllegalArgumentException(
            "metrics domains must be at most 100, but is '" + all + "'");
      }
      List<String> names =
          Arrays.stream(domains).map(name -> name.strip().toLowerCase(Locale.ROOT)).toList();
      if (!names.stream().allMatch(name -> DOMAIN.matcher(name).matches())) {
        throw new IllegalArgumentException(
            "metrics domains must be domain names such as example.org, but is '" + all + "'");
      }
      metricsDomains = names.stream().distinct().toList();
      return this;
    }

    /**
     * Sets how destinations are treated that want less mail.
     *
     * @param guard the settings; {@link GuardSettings#DEFAULT} unless set
     * @return this builder
     */
    public Builder guard(GuardSettings guard) {
      this.guard = Objects.requireNonNull(guard, "guard");
      return this;
    }

    /**
     * Sets how much of an address a log line shows.
     *
     * @param logAddresses masked, unless set
     * @return this builder
     */
    public Builder logAddresses(AddressLog logAddresses) {
      this.logAddresses = Objects.requireNonNull(logAddresses, "logAddresses");
      return this;
    }

    private static Duration within(String what, Duration value) {
      if (value.compareTo(SHORTEST) < 0 || value.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(what + " must be from 1s to 30d, but is " + value);
      }
      return value;
    }

    /** {@return the policy} */
    public RetryPolicy build() {
      return new RetryPolicy(this);
    }
  }
}
