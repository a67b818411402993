package dev.redeliver.metrics;

import dev.redeliver.delivery.DeliveryListener;
import dev.redeliver.delivery.DeliveryListenerFactory;
import dev.redeliver.policy.RetryPolicy;
import io.micrometer.core.instrument.Metrics;
import java.util.Optional;

/**
 * Binds metrics by configuration alone; found by {@link java.util.ServiceLoader}, not called by
 * applications. Stateless and thread-safe.
 *
 * <p>{@code redeliver.metrics.registry} says where the meters go: {@code none} (default); {@code
 * global} for {@link Metrics#globalRegistry}; or {@code com.example.App#registry}, a public static
 * field or a public static method without parameters that gives a registry, in a public class that
 * the thread's context class loader or this library's own sees. If there are both, the field is
 * meant. It is read once for each deliverer.
 */
public final class MetricsListenerFactory implements DeliveryListenerFactory {
  /** For {@link java.util.ServiceLoader}. */
  public MetricsListenerFactory() {}

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the value is none of the three, or names something that
   *     does not give a registry; the message says which
   */
  @Override
  public Optional<DeliveryListener> create(RetryPolicy policy) {
    String registry = policy.metricsRegistry();
    return switch (registry) {
      case "none" -> Optional.empty();
      case "global" -> Optional.of(RedeliverMetrics.boundTo(Metrics.globalRegistry, policy));
      default -> Optional.of(RedeliverMetrics.boundTo(RegistryReference.resolve(registry), policy));
    };
  }
}
