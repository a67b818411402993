package dev.redeliver.smtp;

/** What the first digit of a basic code says (RFC 5321 section 4.2.1). */
public enum Severity {
  /** 2yz: done. */
  SUCCESS,
  /** 3yz, and 1yz which RFC 5321 no longer has: go on. */
  INTERMEDIATE,
  /** 4yz, and every answer that has no usable code: the same request may succeed later. */
  TRANSIENT,
  /** 5yz: the same request will be refused again. */
  PERMANENT;

  static Severity ofCode(int basicCode) {
    return switch (basicCode / 100) {
      case 1, 3 -> INTERMEDIATE;
      case 2 -> SUCCESS;
      case 5 -> PERMANENT;
      default -> TRANSIENT;
    };
  }
}
