package dev.redeliver.policy;

import dev.redeliver.classify.Lane;
import dev.redeliver.classify.ReplyClassifier;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads one policy from properties, and collects everything that is wrong with them. */
final class PolicyProperties {
  private static final String IDENTIFIER =
      "\\p{javaJavaIdentifierStart}\\p{javaJavaIdentifierPart}*+";
  private static final String CLASSPATH = "classpath:";
  private static final String UNLIMITED = "unlimited";
  private static final Pattern REGISTRY =
      Pattern.compile(
          "none|global|"
              + IDENTIFIER
              + "(?:\\."
              + IDENTIFIER
              + ")*+#"
              + IDENTIFIER
              + "(?:\\(\\))?");

  private final Map<String, String> values = new TreeMap<>();
  private final Set<String> unreadable;
  private final List<String> errors = new ArrayList<>();

  private PolicyProperties(Properties properties) {
    for (String name : properties.stringPropertyNames()) {
      keep(name, properties.getProperty(name));
    }
    // Session properties are often put as objects; getProperty would silently overlook those.
    properties.forEach(
        (name, value) -> {
          if (!(value instanceof String)) {
            keep(String.valueOf(name), text(value));
          }
        });
    unreadable = unreadable(properties);
  }

  private void keep(String name, String value) {
    if (name.startsWith(PolicyKeys.PREFIX)) {
      values.put(name, value.strip());
    }
  }

  private static String text(Object value) {
    if (value instanceof Profile profile) {
      return profile.token();
    }
    if (value instanceof SenderSettings.BackPressure choice) {
      return choice.token();
    }
    if (value instanceof AddressLog choice) {
      return choice.token();
    }
    return value instanceof UnknownOutcome choice ? choice.token() : String.valueOf(value);
  }

  /** Objects among the defaults have a name that can be seen, and a value that cannot. */
  private Set<String> unreadable(Properties properties) {
    Set<String> names = new TreeSet<>();
    try {
      Enumeration<?> all = properties.propertyNames();
      while (all.hasMoreElements()) {
        names.add(String.valueOf(all.nextElement()));
      }
    } catch (ClassCastException e) {
      // A key that is no string, somebody else's, hides the names; all that can be read is read.
      return Set.of();
    }
    names.removeIf(name -> !name.startsWith(PolicyKeys.PREFIX) || values.containsKey(name));
    return names;
  }

  static RetryPolicy read(Properties properties, Profile byDefault) {
    PolicyProperties all = new PolicyProperties(properties);
    RetryPolicy.Builder policy = all.policy(byDefault);
    all.sender();
    all.outbox();
    all.throwErrors();
    return policy.build();
  }

  static SenderSettings readSender(Properties properties) {
    PolicyProperties all = new PolicyProperties(properties);
    all.policy(Profile.INTERACTIVE);
    SenderSettings settings = all.sender();
    all.outbox();
    all.throwErrors();
    return settings;
  }

  static OutboxSettings readOutbox(Properties properties) {
    PolicyProperties all = new PolicyProperties(properties);
    all.policy(Profile.INTERACTIVE);
    all.sender();
    OutboxSettings settings = all.outbox();
    all.throwErrors();
    return settings;
  }

  private void throwErrors() {
    if (!errors.isEmpty()) {
      throw new PolicyException(errors);
    }
  }

  private RetryPolicy.Builder policy(Profile byDefault) {
    refuseUnknownKeys();
    int unknown = errors.size();
    Profile profile = value("profile", PolicyProperties::profile, byDefault);
    boolean profileRead = errors.size() == unknown;
    RetryPolicy.Builder builder = RetryPolicy.builder(profile);
    set("enabled", PolicyProperties::bool, builder::enabled);
    set("name", Function.identity(), builder::name);
    set("retry.max-attempts", PolicyProperties::attempts, builder::maxAttempts);
    set("retry.deadline", Durations::parse, builder::deadline);
    set("retry.jitter", PolicyProperties::decimal, builder::jitter);
    set("retry.allow-list", PolicyProperties::bool, builder::allowList);
    set("unknown-outcome", PolicyProperties::unknownOutcome, builder::unknownOutcome);
    readRules(builder);
    set("pipelining", PolicyProperties::bool, builder::pipelining);
    set("metrics.registry", PolicyProperties::registry, builder::metricsRegistry);
    set("metrics.domains", PolicyProperties::list, builder::metricsDomains);
    set("log.addresses", PolicyProperties::addressLog, builder::logAddresses);
    readAlert(builder);
    readGuard(builder);
    PolicyKeys.LANES.forEach(lane -> readLane(builder, lane, profileRead));
    return builder;
  }

  private SenderSettings sender() {
    SenderSettings.Builder builder = SenderSettings.builder();
    set("sender.relays", PolicyProperties::list, builder::relays);
    set("sender.connections", PolicyProperties::whole, builder::connections);
    set("sender.messages-per-connection", PolicyProperties::whole, builder::messagesPerConnection);
    set("sender.connection-age", Durations::parse, builder::connectionAge);
    set("sender.idle-check", Durations::parse, builder::idleCheck);
    set("sender.idle-close", Durations::parse, builder::idleClose);
    set("sender.max-in-flight", PolicyProperties::whole, builder::maxInFlight);
    set("sender.back-pressure", PolicyProperties::backPressure, builder::backPressure);
    return builder.build();
  }

  private OutboxSettings outbox() {
    OutboxSettings settings = OutboxSettings.DEFAULT;
    settings = with(settings, "outbox", Function.identity(), OutboxSettings::withLocation);
    settings = with(settings, "outbox.poll", Durations::parse, OutboxSettings::withPoll);
    settings = with(settings, "outbox.lease", Durations::parse, OutboxSettings::withLease);
    settings = with(settings, "outbox.retention", Durations::parse, OutboxSettings::withRetention);
    settings =
        with(
            settings,
            "outbox.queues-per-destination",
            PolicyProperties::whole,
            OutboxSettings::withQueuesPerDestination);
    return with(settings, "outbox.dsn", PolicyProperties::bool, OutboxSettings::withDsn);
  }

  private <S, T> S with(
      S settings, String key, Function<String, T> reader, BiFunction<S, T, S> setter) {
    Optional<T> value = read(key, reader);
    try {
      return value.map(found -> setter.apply(settings, found)).orElse(settings);
    } catch (IllegalArgumentException e) {
      refuse(PolicyKeys.PREFIX + key, rule(String.valueOf(e.getMessage())));
      return settings;
    }
  }

  private void refuseUnknownKeys() {
    Set<String> known =
        PolicyKeys.list().stream().map(PolicyKeys.Key::name).collect(Collectors.toSet());
    Set<String> given = new TreeSet<>(values.keySet());
    given.addAll(unreadable);
    for (String name : given) {
      if (!known.contains(name)) {
        String nearest = PolicyKeys.nearest(name);
        errors.add(
            name + ": unknown key." + (nearest.isEmpty() ? "" : " Did you mean " + nearest + "?"));
      } else if (unreadable.contains(name)) {
        errors.add(name + ": is no string among the defaults, where only strings can be read.");
      }
    }
  }

  private void readAlert(RetryPolicy.Builder builder) {
    RetryPolicy start = builder.build();
    int threshold = value("alert.threshold", PolicyProperties::threshold, start.alertThreshold());
    builder.alert(threshold, start.alertWindow());
    set("alert.window", Durations::parse, window -> builder.alert(threshold, window));
  }

  private void readGuard(RetryPolicy.Builder builder) {
    setGuard(builder, "enabled", PolicyProperties::bool, GuardSettings::withEnabled);
    setGuard(builder, "pause", Durations::parse, GuardSettings::withPause);
    setGuard(builder, "max-rate", PolicyProperties::rate, GuardSettings::withMaxRate);
    setGuard(
        builder,
        "max-connections",
        PolicyProperties::connections,
        GuardSettings::withMaxConnections);
    setGuard(builder, "by-provider", PolicyProperties::bool, GuardSettings::withByProvider);
  }

  private <T> void setGuard(
      RetryPolicy.Builder builder,
      String key,
      Function<String, T> reader,
      BiFunction<GuardSettings, T, GuardSettings> setter) {
    set(
        "guard." + key,
        reader,
        value -> builder.guard(setter.apply(builder.build().guard(), value)));
  }

  private void readLane(RetryPolicy.Builder builder, Lane lane, boolean profileRead) {
    String name = "lane." + lane.token();
    Backoff start = builder.build().backoff(lane);
    int before = errors.size();
    Duration initial = value(name + ".initial-delay", PolicyProperties::delay, start.initial());
    Duration cap = value(name + ".max-delay", PolicyProperties::delay, start.cap());
    double factor = value(name + ".multiplier", PolicyProperties::multiplier, start.multiplier());
    boolean defer = value(name + ".defer", PolicyProperties::bool, start.deferred());
    if (errors.size() > before) {
      return;
    }
    if (cap.compareTo(initial) < 0) {
      compareDelays(name, initial, cap, profileRead ? builder.build().profile().token() : "");
    } else {
      builder.lane(lane, new Backoff(initial, factor, cap, defer));
    }
  }

  /** Blames the key that was set; where the profile is not known, neither are its defaults. */
  private void compareDelays(String lane, Duration initial, Duration cap, String profile) {
    String initialKey = PolicyKeys.PREFIX + lane + ".initial-delay";
    String capKey = PolicyKeys.PREFIX + lane + ".max-delay";
    boolean bothSet = values.containsKey(initialKey) && values.containsKey(capKey);
    if (!bothSet && profile.isEmpty()) {
      return;
    }
    String origin = bothSet ? ")." : ", the default of profile " + profile + ").";
    if (values.containsKey(capKey)) {
      refuse(capKey, "is shorter than " + initialKey + " (" + Durations.format(initial) + origin);
    } else {
      refuse(initialKey, "is longer than " + capKey + " (" + Durations.format(cap) + origin);
    }
  }

  private void refuse(String name, String rule) {
    errors.add(name + ": '" + values.get(name) + "' " + rule);
  }

  /** {@return what is set, or else the default; after an error too, so that reading goes on} */
  private <T> T value(String key, Function<String, T> reader, T byDefault) {
    return read(key, reader).orElse(byDefault);
  }

  private <T> void set(String key, Function<String, T> reader, Consumer<T> setter) {
    Optional<T> value = read(key, reader);
    try {
      value.ifPresent(setter);
    } catch (IllegalArgumentException e) {
      refuse(PolicyKeys.PREFIX + key, rule(String.valueOf(e.getMessage())));
    }
  }

  private <T> Optional<T> read(String key, Function<String, T> reader) {
    String name = PolicyKeys.PREFIX + key;
    Optional<String> text = Optional.ofNullable(values.get(name));
    try {
      return text.map(reader);
    } catch (IllegalArgumentException e) {
      refuse(name, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  /** A setter names its own parameter and the value; here key and value stand before the rule. */
  private static String rule(String message) {
    int must = message.indexOf(" must be ") + " must be ".length();
    return "is not " + message.substring(must, message.lastIndexOf(", but is ")) + ".";
  }

  private static boolean bool(String text) {
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException("is not true or false.");
    }
    return text.equals("true");
  }

  private static String[] list(String text) {
    return text.isEmpty() ? new String[0] : text.split(",", -1);
  }

  /** More than an int holds is out of every bound, and the setter names the bounds. */
  private static int whole(String text) {
    if (!text.matches("[+-]?\\d+")) {
      throw new IllegalArgumentException("is not a whole number.");
    }
    return new BigDecimal(text)
        .min(BigDecimal.valueOf(Integer.MAX_VALUE))
        .max(BigDecimal.valueOf(Integer.MIN_VALUE))
        .intValue();
  }

  private static SenderSettings.BackPressure backPressure(String text) {
    return oneOf(text, SenderSettings.BackPressure.values(), SenderSettings.BackPressure::token);
  }

  private static int attempts(String text) {
    return text.equals("unbounded") ? RetryPolicy.UNBOUNDED : upTo1000(text, "unbounded");
  }

  private static int threshold(String text) {
    return text.equals("first") ? 1 : upTo1000(text, "first");
  }

  private static double rate(String text) {
    return text.equals(UNLIMITED) ? Double.POSITIVE_INFINITY : decimal(text);
  }

  private static int connections(String text) {
    return text.equals(UNLIMITED) ? Integer.MAX_VALUE : upTo1000(text, UNLIMITED);
  }

  private static AddressLog addressLog(String text) {
    return oneOf(text, AddressLog.values(), AddressLog::token);
  }

  private static int upTo1000(String text, String word) {
    if (!text.matches("[+-]?\\d+")) {
      throw new IllegalArgumentException("is not a whole number, nor '" + word + "'.");
    }
    BigDecimal value = new BigDecimal(text);
    if (value.signum() <= 0 || value.compareTo(BigDecimal.valueOf(1000)) > 0) {
      throw new IllegalArgumentException("is not from 1 to 1000, nor '" + word + "'.");
    }
    return value.intValue();
  }

  private static double decimal(String text) {
    try {
      return new BigDecimal(text).doubleValue();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("is not a number.", e);
    }
  }

  private static double multiplier(String text) {
    double value = decimal(text);
    if (!(value >= 1.0 && value <= 10.0)) {
      throw new IllegalArgumentException("is not from 1.0 to 10.0. Use 1.0 for a fixed delay.");
    }
    return value;
  }

  private static Duration delay(String text) {
    Duration value = Durations.parse(text);
    if (value.compareTo(Backoff.SHORTEST) < 0 || value.compareTo(Backoff.LONGEST) > 0) {
      throw new IllegalArgumentException("is not from 1ms to 30d.");
    }
    return value;
  }

  private static Profile profile(String text) {
    return oneOf(text, Profile.values(), Profile::token);
  }

  private static UnknownOutcome unknownOutcome(String text) {
    return oneOf(text, UnknownOutcome.values(), UnknownOutcome::token);
  }

  private static <T> T oneOf(String text, T[] values, Function<T, String> token) {
    return Arrays.stream(values)
        .filter(value -> token.apply(value).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "is not one of: "
                        + Arrays.stream(values).map(token).collect(Collectors.joining(", "))
                        + " (in lower case)."));
  }

  private static String registry(String text) {
    if (!REGISTRY.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "is not none, global, or a static member as com.example.Metrics#registry.");
    }
    return text;
  }

  /** Every row that is wrong is an error of its own. */
  private void readRules(RetryPolicy.Builder builder) {
    String key = PolicyKeys.PREFIX + "rules";
    String location = values.get(key);
    if (location == null) {
      return;
    }
    try {
      builder.classifier(rules(location));
    } catch (InvalidPathException e) {
      refuse(key, "is no path: " + e.getReason() + ".");
    } catch (NoSuchFileException | FileNotFoundException e) {
      String slash = location.startsWith(CLASSPATH + "/") ? " Leave out the leading slash." : "";
      refuse(key, "cannot be read: there is no such file." + slash);
    } catch (IOException e) {
      refuse(key, "cannot be read: " + e + ".");
    } catch (IllegalArgumentException e) {
      String.valueOf(e.getMessage())
          .lines()
          .forEach(row -> errors.add(key + ": " + row + (row.endsWith("?") ? "" : ".")));
    }
  }

  private static ReplyClassifier rules(String location) throws IOException {
    if (location.isEmpty()) {
      throw new IllegalArgumentException("'' is empty. Name a file, or leave the key out");
    }
    if (!location.startsWith(CLASSPATH) && Files.isDirectory(Path.of(location))) {
      throw new IllegalArgumentException("'" + location + "' is a directory. Name a file");
    }
    byte[] table =
        location.startsWith(CLASSPATH)
            ? resource(location.substring(CLASSPATH.length()))
            : Files.readAllBytes(Path.of(location));
    return ReplyClassifier.standard().withRules(location, table);
  }

  /** The application's own class loader is asked first: it knows more than ours. */
  private static byte[] resource(String name) throws IOException {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    try (InputStream found = context == null ? null : context.getResourceAsStream(name);
        InputStream ours = PolicyProperties.class.getResourceAsStream("/" + name)) {
      InputStream table = found == null ? ours : found;
      if (table == null) {
        throw new FileNotFoundException(name);
      }
      return table.readAllBytes();
    }
  }
}
