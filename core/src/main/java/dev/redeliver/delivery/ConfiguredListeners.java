package dev.redeliver.delivery;

import dev.redeliver.policy.RetryPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** Finds the listeners that a policy's configuration asks for. */
final class ConfiguredListeners {
  private ConfiguredListeners() {}

  static List<DeliveryListener> of(RetryPolicy policy) {
    if (policy.metricsRegistry().equals("none")) {
      return List.of();
    }
    List<DeliveryListener> found = new ArrayList<>();
    for (DeliveryListenerFactory factory : factories()) {
      factory.create(policy).ifPresent(found::add);
    }
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "redeliver.metrics.registry: '"
              + policy.metricsRegistry()
              + "' needs redeliver-metrics on the class path.");
    }
    return found;
  }

  /** In a container the application's loader sees more than ours; in a module graph ours does. */
  private static Iterable<DeliveryListenerFactory> factories() {
    ServiceLoader<DeliveryListenerFactory> seenByThread =
        ServiceLoader.load(DeliveryListenerFactory.class);
    return seenByThread.findFirst().isPresent()
        ? seenByThread
        : ServiceLoader.load(
            DeliveryListenerFactory.class, DeliveryListenerFactory.class.getClassLoader());
  }
}
