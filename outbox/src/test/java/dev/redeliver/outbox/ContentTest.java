package dev.redeliver.outbox;

import static dev.redeliver.outbox.World.BOB;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How the octets of messages are stored. */
@Timeout(60)
class ContentTest extends InWorld {
  private static final SecretKey KEY = new SecretKeySpec(new byte[32], "AES");
  private static final SecretKey OTHER =
      new SecretKeySpec("0123456789abcdef".getBytes(UTF_8), "AES");

  @ParameterizedTest
  @EnumSource
  void encrypted_saysNothingAndIsSentAsItWas(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node node = world.start(builder -> builder.key(KEY));
    node.outbox.submit(world.message("secret", BOB));
    byte[] stored = world.octets("select content from redeliver_body");
    assertThat(stored).isNotEmpty();
    assertThat(new String(stored, ISO_8859_1)).doesNotContain("secret", "customer", "Subject");

    node.run();
    assertThat(world.server.accepted().get(0).text()).contains("this is secret.");
  }

  @ParameterizedTest
  @EnumSource
  void encrypted_withoutTheKey_isKept(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node writer = world.start(builder -> builder.key(KEY));
    writer.outbox.submit(world.message("secret", BOB));
    World.Node stranger = world.start(builder -> builder.key(OTHER));
    stranger.run();
    assertThat(world.server.accepted()).isEmpty();
    assertThat(world.states()).containsExactly("DEFERRED");
    assertThat(world.query("select decision from redeliver_recipient").get(0))
        .contains("cannot be decrypted");

    world.advance(Duration.ofMinutes(5));
    writer.run();
    assertThat(world.states()).containsExactly("ACCEPTED");
  }

  @ParameterizedTest
  @EnumSource
  void key_givenLater_readsWhatWasStoredBefore(Dialect dialect) throws Exception {
    World world = world(dialect);
    World.Node before = world.start();
    before.outbox.submit(world.message("plain", BOB));
    World.Node after = world.start(builder -> builder.key(KEY));
    after.outbox.submit(world.message("secret", BOB));
    after.run();
    assertThat(world.states()).containsExactly("ACCEPTED", "ACCEPTED");
  }

  @Test
  void seal_equalContent_sameNameOtherOctets() {
    ContentCipher cipher = new ContentCipher(KEY);
    byte[] content = "From: a@example.org\r\n\r\nHello\r\n".getBytes(UTF_8);
    byte[] name = cipher.name(content);
    assertThat(cipher.name(content.clone())).isEqualTo(name);
    assertThat(new ContentCipher(OTHER).name(content)).isNotEqualTo(name);
    byte[] once = cipher.seal(name, content);
    byte[] twice = cipher.seal(name, content);
    assertThat(once).isNotEqualTo(twice);
    assertThat(cipher.open(name, ContentCipher.AES_GCM, once)).isEqualTo(content);
    once[20] ^= 1;
    assertThatThrownBy(() -> cipher.open(name, ContentCipher.AES_GCM, once))
        .isInstanceOf(OutboxException.class)
        .hasMessageContaining("another key, or it was changed");
    assertThatThrownBy(() -> cipher.open(name, 7, twice))
        .hasMessageContaining("format 7, which a newer version wrote");
    assertThatThrownBy(() -> new ContentCipher(null).open(name, ContentCipher.AES_GCM, twice))
        .hasMessageContaining("opened without a key");
  }
}
