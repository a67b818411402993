package dev.redeliver.metrics.elsewhere;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/** A public field that nobody outside can see, because its class is not public. */
final class NotPublic {
  public static final MeterRegistry FIELD = new SimpleMeterRegistry();

  private NotPublic() {}
}
