package dev.redeliver.testkit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The scripts in effect, oldest first. Thread-safe. */
final class ScriptBook {
  private final List<SmtpScript> scripts = new CopyOnWriteArrayList<>();

  void add(SmtpScript script) {
    scripts.add(script);
  }

  void clear() {
    scripts.clear();
  }

  /** Uses up the first script that matches; {@return its actions, none if no script matches} */
  List<SmtpAction> take(Exchange exchange) {
    for (SmtpScript script : scripts) {
      if (script.claim(exchange)) {
        return script.actions();
      }
    }
    return List.of();
  }

  /** {@return the places in the content at which a script may want to act, in order} */
  List<Integer> contentOffsets() {
    return scripts.stream()
        .filter(script -> script.stage() == Stage.CONTENT && script.isPending())
        .map(SmtpScript::offset)
        .distinct()
        .sorted()
        .toList();
  }

  /** {@return the scripts with counted uses left, as text} */
  List<String> unused() {
    return scripts.stream().filter(SmtpScript::isUnused).map(SmtpScript::toString).toList();
  }
}
