/** Counts and times deliveries in Micrometer registries. */
module dev.redeliver.metrics {
  requires transitive dev.redeliver.core;
  requires transitive micrometer.commons;
  requires transitive micrometer.core;
  requires transitive micrometer.observation;
  requires static org.jspecify;

  exports dev.redeliver.metrics;

  provides dev.redeliver.delivery.DeliveryListenerFactory with
      dev.redeliver.metrics.MetricsListenerFactory;
}
