package dev.redeliver.delivery;

import dev.redeliver.policy.RetryPolicy;
import java.util.Optional;

/**
 * Makes listeners from configuration alone. Found with {@link java.util.ServiceLoader} and asked
 * once for each {@link Redeliverer}.
 */
public interface DeliveryListenerFactory {
  /**
   * {@return a listener, if the policy's configuration asks for the one this factory makes}
   *
   * @param policy the configuration
   * @throws IllegalArgumentException if the configuration asks for it with a bad value
   */
  Optional<DeliveryListener> create(RetryPolicy policy);
}
