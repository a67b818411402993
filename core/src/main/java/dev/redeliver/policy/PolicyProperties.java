package dev.redeliver.policy;

import java.util.List;
import java.util.Properties;

/** Reads policies from properties. */
final class PolicyProperties {
  private PolicyProperties() {}

  static RetryPolicy read(Properties properties) {
    if (properties.stringPropertyNames().stream().anyMatch(key -> key.startsWith("redeliver."))) {
      throw new PolicyException(List.of("properties are not read yet"));
    }
    return RetryPolicy.of(Profile.INTERACTIVE);
  }
}
