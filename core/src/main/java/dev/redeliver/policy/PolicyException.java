package dev.redeliver.policy;

import java.io.Serial;
import java.util.List;

/** A configuration was refused. It names every error, not only the first. Thread-safe. */
public final class PolicyException extends IllegalArgumentException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient List<String> errors;

  PolicyException(List<String> errors) {
    super(String.join(System.lineSeparator(), errors));
    this.errors = List.copyOf(errors);
  }

  /**
   * {@return one line per error: key, value, rule and, for an unknown key, the nearest known one}
   */
  public List<String> errors() {
    return errors == null ? List.of(String.valueOf(getMessage())) : errors;
  }
}
