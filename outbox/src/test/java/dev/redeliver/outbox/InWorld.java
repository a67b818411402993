package dev.redeliver.outbox;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests each of which has a world and a directory of its own. */
abstract class InWorld {
  @TempDir Path directory = Path.of("");
  private @Nullable World open;

  /** {@return a world that ends with the test} */
  World world(Dialect dialect) throws Exception {
    World world = World.of(dialect, directory);
    open = world;
    return world;
  }

  @AfterEach
  void closeWorld() {
    if (open != null) {
      open.close();
    }
  }
}
