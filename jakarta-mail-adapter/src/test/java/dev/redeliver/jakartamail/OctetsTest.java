package dev.redeliver.jakartamail;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OctetsTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2047, 2048, 2049, 4096, 100_000, 3_000_000})
  void writer_keepsWhatWasWritten(int size) throws IOException {
    byte[] octets = new byte[size];
    Random random = new Random(size);
    random.nextBytes(octets);
    Octets.Writer writer = new Octets.Writer();
    int done = 0;
    while (done < size) {
      int count = Math.min(size - done, random.nextInt(5000));
      writer.write(octets, done, count);
      done += count;
      if (done < size) {
        writer.write(octets[done++]);
      }
    }

    assertThat(bytes(writer)).isEqualTo(octets);
    assertThat(writer.octets().read().readAllBytes()).isEqualTo(octets);
  }

  @Test
  void writeln_isALineInUtf8() throws IOException {
    Octets.Writer writer = new Octets.Writer();
    writer.writeln("Subject: Grüße €");
    writer.writeln();
    writer.write(new byte[] {'x'});

    assertThat(new String(bytes(writer), UTF_8)).isEqualTo("Subject: Grüße €\r\n\r\nx");
  }

  @ParameterizedTest
  @CsvSource({
    "'', 0",
    "a, 3",
    "'a\r\n', 3",
    "'a\n', 3",
    "'a\r', 3",
    "'a\nb\r\nc\rd', 12",
    "'\n\r', 4",
    "'\r\r\n', 4"
  })
  void sizeOnWire_countsLineEndsAsTwo(String text, long size) {
    Octets.Writer writer = new Octets.Writer();
    writer.write(text.getBytes(UTF_8));

    assertThat(writer.octets().sizeOnWire()).isEqualTo(size);
  }

  private static byte[] bytes(Octets.Writer writer) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    writer.octets().writeTo(bytes);
    return bytes.toByteArray();
  }
}
