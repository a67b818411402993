package dev.redeliver.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What an application could name in its configuration, rightly or wrongly. */
public final class Registries {
  public static final MeterRegistry FIELD = new SimpleMeterRegistry();
  public static final MeterRegistry BOTH = new SimpleMeterRegistry();
  public static final String TEXT = "text";
  public static final @Nullable MeterRegistry NOTHING = null;
  static final MeterRegistry HIDDEN = FIELD;
  public final MeterRegistry perInstance = FIELD;

  private static final MeterRegistry BY_METHOD = new SimpleMeterRegistry();

  private Registries() {}

  public static MeterRegistry method() {
    return BY_METHOD;
  }

  public static MeterRegistry BOTH() {
    return BY_METHOD;
  }

  public static MeterRegistry failing() {
    return Optional.<MeterRegistry>empty()
        .orElseThrow(() -> new IllegalStateException("no database"));
  }

  public static MeterRegistry withParameter(String name) {
    return FIELD;
  }

  public MeterRegistry instanceMethod() {
    return FIELD;
  }

  /** Cannot be initialized. */
  public static final class Broken {
    public static final MeterRegistry FIELD = failing();

    private Broken() {}
  }
}
