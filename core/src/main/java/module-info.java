/** What an SMTP reply means, what to do about it, and the loop that does it. */
module dev.redeliver.core {
  requires com.github.benmanes.caffeine;
  requires io.github.resilience4j.circuitbreaker;
  requires io.github.resilience4j.core;
  requires io.github.resilience4j.retry;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.redeliver.smtp;
  exports dev.redeliver.classify;
  exports dev.redeliver.policy;
  exports dev.redeliver.reputation;
  exports dev.redeliver.delivery;

  uses dev.redeliver.delivery.DeliveryListenerFactory;
}
