package dev.redeliver.policy;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.DelayHint;
import dev.redeliver.classify.Evidence;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.classify.Scope;
import dev.redeliver.smtp.Severity;
import java.time.Duration;
import java.util.Optional;

/** Classified failures, made without a reply. */
final class Failures {
  static final String MEANING = "what it means";
  static final String ADVICE = "what to do";

  private Failures() {}

  static Classification of(Severity severity, Handling handling, Lane lane) {
    return of(severity, handling, lane, Optional.empty());
  }

  static Classification transientIn(Lane lane) {
    return of(Severity.TRANSIENT, Handling.RETRY, lane);
  }

  static Classification hinted(Lane lane, Duration hint) {
    return of(Severity.TRANSIENT, Handling.RETRY, lane, Optional.of(hint));
  }

  static Classification of(
      Severity severity, Handling handling, Lane lane, Optional<Duration> hint) {
    return new Classification(
        severity,
        Cause.OTHER,
        Scope.RECIPIENT,
        lane,
        handling,
        false,
        hint.map(DelayHint.After::new),
        "rule",
        Evidence.none(),
        MEANING,
        ADVICE,
        "source");
  }
}
