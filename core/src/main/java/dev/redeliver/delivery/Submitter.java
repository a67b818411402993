package dev.redeliver.delivery;

import java.util.List;

/**
 * Makes one attempt: the bridge to a mail library. Called from one thread at a time per delivery.
 */
@FunctionalInterface
public interface Submitter {
  /**
   * Tries to hand the message over in one SMTP transaction, connecting first if need be.
   *
   * @param pending the recipients that still need the message; not empty
   * @return a result for each of them; failures are results, not exceptions. A recipient without
   *     one, and every recipient if this throws, is taken for unknown, because the server may have
   *     the message
   */
  AttemptResult attempt(List<Recipient> pending);
}
