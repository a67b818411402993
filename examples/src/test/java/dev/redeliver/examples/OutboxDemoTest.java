package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.outbox.Entry;
import dev.redeliver.outbox.EntryState;
import dev.redeliver.outbox.Outbox;
import dev.redeliver.outbox.Selection;
import jakarta.mail.Session;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo through an outbox, in processes that are killed. */
@Timeout(240)
class OutboxDemoTest {
  private static final int KILLS = 3;

  /** Taken between two kills, of about 160. */
  private static final int STEP = 12;

  private static final Duration LOOK = Duration.ofMillis(5);

  private static final String SUMMARY =
      "summary messages=50 recipients=164 accepted=\\d+ refused=\\d+ unknown=\\d+ deferred=\\d+"
          + " lost=0 duplicated=0 unexplained=0 attempts=\\d+ twice=\\d+ unknown-attempts=\\d+";

  @TempDir private Path folder = Path.of("");

  private int runs;

  private Child demo() throws IOException {
    return Child.start(
        folder.resolve("output" + ++runs),
        "demo",
        "--speed",
        "4000",
        "--outbox",
        folder.resolve("demo").toString());
  }

  @Test
  void killedThreeTimes_goesOnAndLosesNothing() throws Exception {
    for (int kill = 1; kill <= KILLS; kill++) {
      int before = journal().size();
      try (Child demo = demo()) {
        while (journal().size() < before + STEP) {
          assertThat(demo.endsWithin(LOOK)).as(demo.output()).isFalse();
        }
        assertThat(demo.endsWithin(Duration.ZERO)).as("to be killed:%n%s", demo.output()).isFalse();
        demo.kill();
      }
    }

    String summary;
    try (Child demo = demo()) {
      assertThat(demo.await()).as(demo.output()).isZero();
      summary = demo.lastLine();
    }

    assertThat(summary).matches(SUMMARY);
    int twice = count(summary, "twice");
    int unknown = count(summary, "unknown-attempts");
    assertThat(twice).isLessThanOrEqualTo(unknown);
    assertThat(journal()).hasSize(journal().stream().distinct().toList().size() + twice);
    compareWithDatabase(journal(), unknown);

    try (Child demo = demo()) {
      assertThat(demo.await()).isZero();
      assertThat(demo.output()).contains("progress  50 of 50 messages were finished before");
      assertThat(demo.lastLine()).isEqualTo(summary);
    }
  }

  private void compareWithDatabase(List<String> journal, int unknown) {
    int counted = 0;
    for (Entry entry : entries()) {
      for (Entry.Recipient recipient : entry.recipients()) {
        String copy = entry.messageId() + "\t" + recipient.address();
        int copies = Collections.frequency(journal, copy);
        int least = recipient.state() == EntryState.ACCEPTED ? 1 : 0;
        assertThat(recipient.state().isFinal()).as(copy).isTrue();
        assertThat(copies)
            .as("%s: %s", copy, recipient)
            .isBetween(least, least + recipient.unknownAttempts());
        counted += recipient.unknownAttempts();
      }
    }
    assertThat(counted).isEqualTo(unknown);
  }

  private List<Entry> entries() {
    Outbox.Builder builder =
        Outbox.builder(Session.getInstance(new Properties()))
            .location(folder.resolve("demo/outbox.db").toString());
    try (Outbox outbox = builder.connect()) {
      List<Entry> entries = outbox.operations().list(Selection.ALL, "", 100);
      assertThat(entries).hasSize(50);
      return entries;
    }
  }

  private static int count(String summary, String name) {
    return Integer.parseInt(summary.replaceAll(".* " + name + "=(\\d+).*", "$1"));
  }

  /** {@return Message-ID and recipient of all that the server has taken} */
  private List<String> journal() throws IOException {
    Path file = folder.resolve("demo/journal.tsv");
    if (!Files.exists(file)) {
      return List.of();
    }
    String text = Files.readString(file, StandardCharsets.UTF_8);
    return text.substring(0, text.lastIndexOf('\n') + 1)
        .lines()
        .skip(1)
        .map(line -> line.substring(line.indexOf('\t') + 1))
        .toList();
  }

  @Test
  void demo_otherSeedInTheSameDirectory_isRefused() throws Exception {
    Path directory = folder.resolve("demo");
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("journal.tsv"), "seed\t1\n");

    Cli cli = Cli.run("demo", "--seed", "2", "--outbox", directory.toString());

    assertThat(cli.firstErrorLine())
        .isEqualTo(
            "--outbox: %s cannot be used: %s is of a demo with seed 1, not 2"
                .formatted(directory, directory.resolve("journal.tsv")));
    assertThat(cli.exitCode()).isEqualTo(64);
  }

  @Test
  void journal_lineWithoutItsEnd_wasNotAnswered() throws Exception {
    Path file = folder.resolve("journal.tsv");
    Files.writeString(file, "seed\t1\n2026-11-24T00:00:00Z\t<1@x>\ta@x.example\n2026-11-24T00");

    try (Journal journal = Journal.open(file, 1)) {
      assertThat(journal.copies()).containsExactly(new Reckoning.Copy("<1@x>", "a@x.example"));
    }
    assertThat(Files.readString(file)).endsWith("\ta@x.example\n");
  }
}
