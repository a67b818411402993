package dev.redeliver.outbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * How the octets of messages are stored: as they are, or encrypted with AES-GCM under a key of the
 * application. Equal messages have equal names, so that they are stored once; with a key, the name
 * says nothing to those who do not have it. Thread-safe.
 */
final class ContentCipher {
  static final int PLAIN = 0;
  static final int AES_GCM = 1;

  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;

  private final @Nullable SecretKey key;
  private final @Nullable SecretKey nameKey;
  private final SecureRandom random = new SecureRandom();

  /**
   * Makes one.
   *
   * @param key an AES key of 128, 192 or 256 bits; null for no encryption
   */
  ContentCipher(@Nullable SecretKey key) {
    this.key = key;
    nameKey = key == null ? null : nameKey(key);
  }

  /** A key is for one purpose only. */
  private static SecretKey nameKey(SecretKey key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.getEncoded(), "HmacSHA256"));
      byte[] derived = mac.doFinal("redeliver outbox content name".getBytes(UTF_8));
      return new SecretKeySpec(derived, "HmacSHA256");
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the key cannot be used: it must be an AES key", e);
    }
  }

  /** {@return in which format it stores} */
  int format() {
    return key == null ? PLAIN : AES_GCM;
  }

  /** {@return what equal octets have in common, 32 octets} */
  byte[] name(byte[] content) {
    if (nameKey == null) {
      return Digests.sha256().digest(content);
    }
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(nameKey);
      return mac.doFinal(content);
    } catch (GeneralSecurityException e) {
      throw new OutboxException("content cannot be named", e);
    }
  }

  /** {@return what is stored} */
  byte[] seal(byte[] name, byte[] content) {
    if (key == null) {
      return content;
    }
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    byte[] sealed = Arrays.copyOf(nonce, NONCE + content.length + TAG_BITS / 8);
    try {
      cipher(Cipher.ENCRYPT_MODE, nonce, name).doFinal(content, 0, content.length, sealed, NONCE);
      return sealed;
    } catch (GeneralSecurityException e) {
      throw new OutboxException("content cannot be encrypted", e);
    }
  }

  /**
   * {@return the octets of what was stored}
   *
   * @throws OutboxException if that is not possible, or somebody changed it
   */
  byte[] open(byte[] name, int format, byte[] stored) {
    if (format == PLAIN) {
      return stored;
    }
    if (format != AES_GCM) {
      throw new OutboxException("content has format " + format + ", which a newer version wrote");
    }
    if (key == null) {
      throw new OutboxException("content is encrypted, and the outbox was opened without a key");
    }
    try {
      byte[] nonce = Arrays.copyOf(stored, NONCE);
      return cipher(Cipher.DECRYPT_MODE, nonce, name).doFinal(stored, NONCE, stored.length - NONCE);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new OutboxException("content cannot be decrypted: another key, or it was changed", e);
    }
  }

  private Cipher cipher(int mode, byte[] nonce, byte[] name) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(name);
    return cipher;
  }
}
