package dev.redeliver.delivery;

import java.util.List;
import java.util.function.Consumer;

/** Tells all listeners, whatever one of them throws. Immutable and thread-safe. */
final class Listeners {
  private static final System.Logger LOGGER = System.getLogger("dev.redeliver.delivery");

  private final List<DeliveryListener> all;

  Listeners(List<DeliveryListener> all) {
    this.all = List.copyOf(all);
  }

  void tell(Consumer<DeliveryListener> event) {
    for (DeliveryListener listener : all) {
      try {
        event.accept(listener);
      } catch (RuntimeException problem) {
        LOGGER.log(System.Logger.Level.WARNING, "a delivery listener failed", problem);
        tellOthers(listener, problem);
      }
    }
  }

  /** The one that failed is left out: telling it of its own failure could go on for ever. */
  private void tellOthers(DeliveryListener failed, RuntimeException problem) {
    for (DeliveryListener listener : all) {
      if (listener != failed) {
        try {
          listener.housekeepingFailed("listener", problem);
        } catch (RuntimeException again) {
          LOGGER.log(System.Logger.Level.WARNING, "a delivery listener failed", again);
        }
      }
    }
  }
}
