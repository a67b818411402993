package dev.redeliver.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Follows {@code com.example.App#registry} to the registry it names. */
final class RegistryReference {
  private static final Pattern FORM = Pattern.compile("([^#\\s]+)#([^#\\s(]+)(\\(\\))?");

  private final String value;

  private RegistryReference(String value) {
    this.value = value;
  }

  static MeterRegistry resolve(String value) {
    return new RegistryReference(value).resolve();
  }

  private MeterRegistry resolve() {
    Matcher form = FORM.matcher(value);
    if (!form.matches()) {
      throw bad("is not none, global, or a class and member as in com.example.App#registry.", null);
    }
    Object found = read(load(form.group(1)), form.group(2));
    if (found instanceof MeterRegistry registry) {
      return registry;
    }
    throw bad(
        found == null
            ? "gives null. The registry must exist before the first mail is sent."
            : "gives a "
                + found.getClass().getName()
                + ", which is not a Micrometer MeterRegistry.",
        null);
  }

  private Class<?> load(String name) {
    Class<?> seenByThread = load(name, Thread.currentThread().getContextClassLoader());
    Class<?> found =
        seenByThread != null ? seenByThread : load(name, RegistryReference.class.getClassLoader());
    if (found == null) {
      throw bad("names a class that is not on the class path.", null);
    }
    return found;
  }

  private @Nullable Class<?> load(String name, @Nullable ClassLoader loader) {
    try {
      return Class.forName(name, true, loader);
    } catch (ClassNotFoundException e) {
      return null;
    } catch (LinkageError e) {
      throw bad("names a class that could not be loaded: " + e, e);
    }
  }

  private @Nullable Object read(Class<?> owner, String member) {
    try {
      Optional<Field> field = field(owner, member);
      return field.isPresent() ? field.get().get(null) : method(owner, member).invoke(null);
    } catch (IllegalAccessException e) {
      throw bad("cannot be read: the class is not public, or its package not exported.", e);
    } catch (InvocationTargetException e) {
      throw bad("failed: " + e.getCause(), e.getCause());
    } catch (LinkageError e) {
      throw bad("names a class that could not be loaded: " + e, e);
    }
  }

  private static Optional<Field> field(Class<?> owner, String member) {
    return Arrays.stream(owner.getFields())
        .filter(field -> field.getName().equals(member))
        .filter(field -> Modifier.isStatic(field.getModifiers()))
        .findFirst();
  }

  private Method method(Class<?> owner, String member) {
    return Arrays.stream(owner.getMethods())
        .filter(method -> method.getName().equals(member))
        .filter(method -> Modifier.isStatic(method.getModifiers()))
        .filter(method -> method.getParameterCount() == 0)
        .findFirst()
        .orElseThrow(
            () ->
                bad(
                    "names neither a public static field nor a public static method without"
                        + " parameters.",
                    null));
  }

  private IllegalArgumentException bad(String what, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "redeliver.metrics.registry: '" + value + "' " + what, cause);
  }
}
