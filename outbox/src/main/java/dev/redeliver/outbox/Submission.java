package dev.redeliver.outbox;

import dev.redeliver.delivery.Resumption;
import dev.redeliver.jakartamail.FrozenMessage;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * A message as it is handed over to the outbox. Immutable and thread-safe: the message is copied
 * when this is made.
 */
public final class Submission {
  private static final int LONGEST_KEY = 255;

  private final FrozenMessage message;
  private final Optional<String> idempotencyKey;
  private final Priority priority;
  private final Optional<Duration> deadline;
  private final Optional<Resumption> left;

  private Submission(
      FrozenMessage message,
      Optional<String> idempotencyKey,
      Priority priority,
      Optional<Duration> deadline,
      Optional<Resumption> left) {
    this.left = left;
    this.message = message;
    this.idempotencyKey = idempotencyKey;
    this.priority = priority;
    this.deadline = deadline;
  }

  /**
   * {@return a message for all recipients that its header names}
   *
   * @param message the message; it may be changed afterwards
   * @throws MessagingException if it cannot be written, or has no recipients
   */
  public static Submission of(Message message) throws MessagingException {
    return of(FrozenMessage.of(message));
  }

  /**
   * {@return a message for certain recipients}
   *
   * @param message the message; it may be changed afterwards
   * @param recipients whom for, whatever its header says
   * @throws MessagingException if it cannot be written, or there are no recipients
   */
  public static Submission of(Message message, Address[] recipients) throws MessagingException {
    return of(FrozenMessage.of(message, recipients));
  }

  /**
   * {@return a message that was copied before}
   *
   * @param message the message
   */
  public static Submission of(FrozenMessage message) {
    return new Submission(
        message, Optional.empty(), Priority.NORMAL, Optional.empty(), Optional.empty());
  }

  /**
   * {@return the same with a key: whatever is submitted with the same key again is the same message
   * and is not sent again, as long as the outbox remembers it}
   *
   * @param key 1 to 255 characters, such as the number of an order
   * @throws IllegalArgumentException if it has another length
   */
  public Submission withIdempotencyKey(String key) {
    if (key.isEmpty() || key.length() > LONGEST_KEY) {
      throw new IllegalArgumentException(
          "idempotencyKey must have from 1 to "
              + LONGEST_KEY
              + " characters, but has "
              + key.length());
    }
    return new Submission(message, Optional.of(key), priority, deadline, left);
  }

  /**
   * {@return the same with another priority; {@link Priority#NORMAL} by default}
   *
   * @param value the priority
   */
  public Submission withPriority(Priority value) {
    Objects.requireNonNull(value, "priority");
    return new Submission(message, idempotencyKey, value, deadline, left);
  }

  /**
   * {@return the same with its own deadline; the policy's by default}
   *
   * @param afterSubmission how long after the submission an attempt may still start, 1 second to 30
   *     days
   * @throws IllegalArgumentException if it is out of its bounds
   */
  public Submission withDeadline(Duration afterSubmission) {
    if (afterSubmission.compareTo(Duration.ofSeconds(1)) < 0
        || afterSubmission.compareTo(Duration.ofDays(30)) > 0) {
      throw new IllegalArgumentException(
          "deadline must be from 1s to 30d, but is " + afterSubmission);
    }
    return new Submission(message, idempotencyKey, priority, Optional.of(afterSubmission), left);
  }

  /** {@return the same, of which attempts were made before} */
  Submission leftBy(Resumption attempts) {
    return new Submission(message, idempotencyKey, priority, deadline, Optional.of(attempts));
  }

  Optional<Resumption> left() {
    return left;
  }

  FrozenMessage message() {
    return message;
  }

  Optional<String> idempotencyKey() {
    return idempotencyKey;
  }

  Priority priority() {
    return priority;
  }

  Optional<Duration> deadline() {
    return deadline;
  }
}
