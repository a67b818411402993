package dev.redeliver.examples;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Keeps warnings off the screen about what a command provokes, and shows in its own way. */
final class QuietLog {
  private final Logger logger = Logger.getLogger("dev.redeliver.delivery");
  private final @Nullable Level before = logger.getLevel();

  private QuietLog() {}

  static QuietLog begin() {
    QuietLog quiet = new QuietLog();
    quiet.logger.setLevel(Level.SEVERE);
    return quiet;
  }

  void end() {
    logger.setLevel(before);
  }
}
