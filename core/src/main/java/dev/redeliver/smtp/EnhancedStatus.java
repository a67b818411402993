package dev.redeliver.smtp;

/**
 * An enhanced mail system status code (RFC 3463), such as {@code 4.7.1}. Immutable and thread-safe.
 *
 * @param classDigit 2 (success), 4 (persistent transient) or 5 (permanent)
 * @param subject what it is about, 0 to 999
 * @param detail the precise condition, 0 to 999
 */
public record EnhancedStatus(int classDigit, int subject, int detail) {
  /**
   * Checks the bounds of RFC 3463 section 2.
   *
   * @throws IllegalArgumentException if a part is out of its bounds
   */
  public EnhancedStatus {
    if (classDigit != 2 && classDigit != 4 && classDigit != 5) {
      throw new IllegalArgumentException("classDigit must be 2, 4 or 5, but is " + classDigit);
    }
    checkPart("subject", subject);
    checkPart("detail", detail);
  }

  private static void checkPart(String name, int value) {
    if (value < 0 || value > 999) {
      throw new IllegalArgumentException(name + " must be from 0 to 999, but is " + value);
    }
  }

  /** {@return whether the class digit says the same as the first digit of a basic code} */
  public boolean agreesWith(int basicCode) {
    return basicCode / 100 == classDigit;
  }

  /** {@return the dotted form, for example {@code 4.7.1}} */
  @Override
  public String toString() {
    return classDigit + "." + subject + "." + detail;
  }
}
