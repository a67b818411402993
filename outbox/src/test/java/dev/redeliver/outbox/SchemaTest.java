package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How the tables get from one release to the next. A later version stands beside this test. */
@Timeout(60)
class SchemaTest {
  @TempDir private Path directory = Path.of("");
  private @Nullable World open;

  @AfterEach
  void close() {
    if (open != null) {
      open.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void migrate_toALaterVersion_messagesAreKept(Dialect dialect) throws Exception {
    World world = World.of(dialect, directory);
    open = world;
    World.Node node = world.start();
    node.outbox.submit(world.message("one", BOB));
    Database database = node.outbox.store().database();

    new Schema(database, 2).migrate(world.clock.instant());
    new Schema(database, 2).migrate(world.clock.instant());

    assertThat(world.query("select version from redeliver_schema order by version"))
        .containsExactly("1", "2");
    assertThat(world.query("select note from redeliver_message")).containsExactly("migrated");
    node.run();
    assertThat(world.states()).containsExactly("ACCEPTED");
    assertThatThrownBy(() -> world.builder().dataSource(node.plug).connect())
        .isInstanceOf(OutboxException.class)
        .hasMessageContaining("version 2, which a newer release wrote")
        .hasMessageContaining("knows versions up to 1");
  }

  @ParameterizedTest
  @EnumSource
  void check_withoutTables_saysSo(Dialect dialect) throws Exception {
    World world = World.of(dialect, directory);
    open = world;
    Database database = world.database();
    assertThatThrownBy(() -> new Schema(database).check())
        .hasMessageContaining("there is no outbox in this database yet");
    assertThatThrownBy(() -> world.builder().dataSource(database.source()).existing().connect())
        .isInstanceOf(OutboxException.class)
        .hasMessageContaining("there is no outbox in this database yet");
    assertThatThrownBy(() -> new Schema(database).check())
        .hasMessageContaining("there is no outbox in this database yet");
  }
}
