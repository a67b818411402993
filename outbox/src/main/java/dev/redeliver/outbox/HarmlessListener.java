package dev.redeliver.outbox;

import dev.redeliver.delivery.DeliveryListener;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * A listener whose errors are exceptions, which change nothing. Whoever calls a transport learns of
 * an {@link Error} in a listener; here there is no such caller, and what an attempt led to would be
 * forgotten, again and again.
 */
final class HarmlessListener {
  private HarmlessListener() {}

  static DeliveryListener of(DeliveryListener listener) {
    return (DeliveryListener)
        Proxy.newProxyInstance(
            HarmlessListener.class.getClassLoader(),
            new Class<?>[] {DeliveryListener.class},
            (proxy, method, arguments) -> call(listener, method, arguments));
  }

  private static @Nullable Object call(
      DeliveryListener listener, Method method, Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(listener, arguments);
    } catch (InvocationTargetException e) {
      Throwable problem = e.getCause();
      throw problem instanceof Error
          ? new IllegalStateException(problem.toString(), problem)
          : problem;
    }
  }
}
