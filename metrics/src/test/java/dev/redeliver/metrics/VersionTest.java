package dev.redeliver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VersionTest {
  @Test
  void current_isTheBuildsVersion() {
    assertThat(Version.current()).matches("[0-9]+\\.[0-9]+\\.[0-9]+(-[A-Z0-9]+)?");
  }

  @Test
  void read_withoutResource_isUnknown() {
    assertThat(Version.read("no-such.properties")).isEqualTo("unknown");
  }

  /** As an IDE leaves it that does not filter resources. */
  @Test
  void read_unfiltered_isUnknown() {
    assertThat(Version.read("unfiltered-version.properties")).isEqualTo("unknown");
  }
}
