package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.delivery.AttemptResult;
import dev.redeliver.delivery.DeliveryListenerFactory;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.smtp.SmtpReply;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsListenerFactoryTest {
  private static final String REGISTRIES = "dev.redeliver.metrics.Registries";

  private final MetricsListenerFactory factory = new MetricsListenerFactory();

  @Test
  void serviceLoader_findsIt() {
    assertThat(ServiceLoader.load(DeliveryListenerFactory.class))
        .hasAtLeastOneElementOfType(MetricsListenerFactory.class);
  }

  @Test
  void none_makesNoListener() {
    assertThat(factory.create(policy("none", "none"))).isEmpty();
  }

  @Test
  void global_countsInMicrometersOwnRegistry() {
    SimpleMeterRegistry part = new SimpleMeterRegistry();
    Metrics.addRegistry(part);
    try {
      deliverOne(policy("global", "by-global"));
      assertThat(acceptedIn(part, "by-global")).isEqualTo(1);
    } finally {
      Metrics.removeRegistry(part);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"FIELD", "method", "method()", "BOTH"})
  void member_countsInItsRegistry(String member) {
    String mailer = "by-" + member.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
    if (member.endsWith("()")) {
      mailer += "-called";
    }
    deliverOne(policy(REGISTRIES + "#" + member, mailer));

    MeterRegistry registry =
        switch (member) {
          case "FIELD" -> Registries.FIELD;
          case "BOTH" -> Registries.BOTH;
          default -> Registries.method();
        };
    assertThat(acceptedIn(registry, mailer)).isEqualTo(1);
  }

  @Test
  void member_whereTheThreadsLoaderSeesNothing_isFoundByOurs() throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader blind = new URLClassLoader(new URL[0], null)) {
      thread.setContextClassLoader(blind);
      assertThat(factory.create(policy(REGISTRIES + "#FIELD", "blind"))).isPresent();
      thread.setContextClassLoader(null);
      assertThat(factory.create(policy(REGISTRIES + "#FIELD", "blind"))).isPresent();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          Global | is not none, global, or a class and member as in com.example.App#registry.
          "" | is not none, global, or a class and member as in com.example.App#registry.
          dev.redeliver.metrics.Registries | is not none, global, or a class and member as in com.example.App#registry.
          dev.redeliver.metrics.Registries# | is not none, global, or a class and member as in com.example.App#registry.
          no.such.Name#registry | names a class that is not on the class path.
          dev.redeliver.metrics.Registries#nothingSoNamed | names neither a public static field nor a public static method without parameters.
          dev.redeliver.metrics.Registries#HIDDEN | names neither a public static field nor a public static method without parameters.
          dev.redeliver.metrics.Registries#perInstance | names neither a public static field nor a public static method without parameters.
          dev.redeliver.metrics.Registries#instanceMethod | names neither a public static field nor a public static method without parameters.
          dev.redeliver.metrics.Registries#withParameter | names neither a public static field nor a public static method without parameters.
          dev.redeliver.metrics.Registries#TEXT | gives a java.lang.String, which is not a Micrometer MeterRegistry.
          dev.redeliver.metrics.Registries#NOTHING | gives null. The registry must exist before the first mail is sent.
          dev.redeliver.metrics.Registries#failing | failed: java.lang.IllegalStateException: no database
          dev.redeliver.metrics.elsewhere.NotPublic#FIELD | cannot be read: the class is not public, or its package not exported.
          """)
  void badValue_isNamedWithTheRule(String value, String rule) {
    assertThatThrownBy(() -> factory.create(policy(value, "bad")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("redeliver.metrics.registry: '" + value + "' " + rule);
  }

  @Test
  void classThatCannotBeInitialized_isNamedWithItsError() {
    assertThatThrownBy(() -> factory.create(policy(REGISTRIES + "$Broken#FIELD", "bad")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "redeliver.metrics.registry: '"
                + REGISTRIES
                + "$Broken#FIELD' names a class that could not be loaded: ")
        .hasCauseInstanceOf(LinkageError.class);
  }

  @Test
  void badValue_stopsTheDelivererFromBeingBuilt() {
    assertThatThrownBy(() -> Redeliverer.builder(policy("no.such.Name#registry", "bad")).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "redeliver.metrics.registry: 'no.such.Name#registry' names a class that is not on the"
                + " class path.");
  }

  private static RetryPolicy policy(String registry, String mailer) {
    return Events.policy(mailer).toBuilder().metricsRegistry(registry).build();
  }

  private static void deliverOne(RetryPolicy policy) {
    Envelope envelope = Envelope.of("<1@example.test>", List.of("ann@example.test"));
    Redeliverer.builder(policy)
        .build()
        .deliver(
            envelope,
            due ->
                new AttemptResult(
                    "relay.example.test",
                    false,
                    Map.of(due.get(0), new RecipientResult.Accepted(SmtpReply.parse("250 ok")))));
  }

  private static long acceptedIn(MeterRegistry registry, String mailer) {
    return registry
        .get("redeliver.delivery")
        .tags("mailer", mailer, "outcome", "accepted")
        .timer()
        .count();
  }
}
