package dev.redeliver.policy;

import dev.redeliver.classify.Lane;
import dev.redeliver.classify.ReplyClassifier;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads one policy from properties, and collects everything that is wrong with them. */
final class PolicyProperties {
  private static final Duration LONGEST = Duration.ofDays(30);

  private final Map<String, String> values = new TreeMap<>();
  private final List<String> errors = new ArrayList<>();

  private PolicyProperties(Properties properties) {
    for (String name : properties.stringPropertyNames()) {
      keep(name, properties.getProperty(name));
    }
    // Session properties are often put as objects; getProperty would silently overlook those.
    properties.forEach(
        (name, value) -> {
          if (!(value instanceof String)) {
            keep(String.valueOf(name), String.valueOf(value));
          }
        });
  }

  private void keep(String name, String value) {
    if (name.startsWith(PolicyKeys.PREFIX)) {
      values.put(name, value.strip());
    }
  }

  static RetryPolicy read(Properties properties) {
    return new PolicyProperties(properties).policy();
  }

  private RetryPolicy policy() {
    refuseUnknownKeys();
    RetryPolicy.Builder builder = RetryPolicy.builder(profile());
    set("enabled", PolicyProperties::bool, builder::enabled);
    set("name", Function.identity(), builder::name);
    set("retry.max-attempts", PolicyProperties::attempts, builder::maxAttempts);
    set("retry.deadline", Durations::parse, builder::deadline);
    set("retry.jitter", PolicyProperties::decimal, builder::jitter);
    set("unknown-outcome", PolicyProperties::unknownOutcome, builder::unknownOutcome);
    set("rules", PolicyProperties::rules, builder::classifier);
    set("metrics.registry", PolicyProperties::registry, builder::metricsRegistry);
    readAlert(builder);
    PolicyKeys.LANES.forEach(lane -> readLane(builder, lane));
    if (!errors.isEmpty()) {
      throw new PolicyException(errors);
    }
    return builder.build();
  }

  private void refuseUnknownKeys() {
    List<String> known = PolicyKeys.list().stream().map(PolicyKeys.Key::name).toList();
    for (String name : values.keySet()) {
      if (!known.contains(name)) {
        String nearest = PolicyKeys.nearest(name);
        errors.add(
            name + ": unknown key." + (nearest.isEmpty() ? "" : " Did you mean " + nearest + "?"));
      }
    }
  }

  private Profile profile() {
    Profile[] chosen = {Profile.INTERACTIVE};
    set(
        "profile",
        text -> oneOf(text, Profile.values(), Profile::token),
        profile -> chosen[0] = profile);
    return chosen[0];
  }

  private void readAlert(RetryPolicy.Builder builder) {
    RetryPolicy start = builder.build();
    int[] threshold = {start.alertThreshold()};
    Duration[] window = {start.alertWindow()};
    set(
        "alert.threshold",
        text -> text.equals("first") ? 1 : whole(text),
        value -> {
          builder.alert(value, window[0]);
          threshold[0] = value;
        });
    set("alert.window", Durations::parse, value -> builder.alert(threshold[0], value));
  }

  private void readLane(RetryPolicy.Builder builder, Lane lane) {
    String name = "lane." + lane.token();
    Backoff start = builder.build().backoff(lane);
    Duration[] delays = {start.initial(), start.cap()};
    double[] multiplier = {start.multiplier()};
    boolean[] defer = {start.deferred()};
    int before = errors.size();
    set(name + ".initial-delay", PolicyProperties::delay, value -> delays[0] = value);
    set(name + ".max-delay", PolicyProperties::delay, value -> delays[1] = value);
    set(name + ".multiplier", PolicyProperties::multiplier, value -> multiplier[0] = value);
    set(name + ".defer", PolicyProperties::bool, value -> defer[0] = value);
    if (errors.size() > before) {
      return;
    }
    if (delays[1].compareTo(delays[0]) < 0) {
      errors.add(
          PolicyKeys.PREFIX
              + name
              + ".max-delay: '"
              + Durations.format(delays[1])
              + "' is shorter than "
              + PolicyKeys.PREFIX
              + name
              + ".initial-delay ("
              + Durations.format(delays[0])
              + ").");
      return;
    }
    builder.lane(lane, new Backoff(delays[0], multiplier[0], delays[1], defer[0]));
  }

  private <T> void set(String key, Function<String, T> reader, Consumer<T> setter) {
    String name = PolicyKeys.PREFIX + key;
    String text = values.get(name);
    if (text == null) {
      return;
    }
    try {
      setter.accept(reader.apply(text));
    } catch (IllegalArgumentException | UncheckedIOException e) {
      errors.add(name + ": '" + text + "' " + rule(e));
    }
  }

  /** A setter's message names its own parameter; a reader's goes on after the value. */
  private static String rule(RuntimeException e) {
    String message = String.valueOf(e.getMessage());
    int must = message.indexOf(" must be ");
    int but = message.lastIndexOf(", but is ");
    return must < 0 || but < must
        ? message
        : "is not " + message.substring(must + " must be ".length(), but) + ".";
  }

  private static boolean bool(String text) {
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException("is not true or false.");
    }
    return text.equals("true");
  }

  private static int whole(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("is not a whole number.", e);
    }
  }

  private static int attempts(String text) {
    return text.equals("unbounded") ? RetryPolicy.UNBOUNDED : whole(text);
  }

  private static double decimal(String text) {
    try {
      return Double.parseDouble(text);
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
    if (value.isZero() || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("is not from 1ms to 30d.");
    }
    return value;
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
                        + "."));
  }

  private static ReplyClassifier rules(String text) {
    return ReplyClassifier.standard().withRules(Path.of(text));
  }

  private static String registry(String text) {
    if (!text.matches("none|global|[\\w$]+(\\.[\\w$]+)*#\\w+")) {
      throw new IllegalArgumentException(
          "is not none, global, or a static member as com.example.Metrics#registry.");
    }
    return text;
  }
}
