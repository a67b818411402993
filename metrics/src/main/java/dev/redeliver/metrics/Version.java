package dev.redeliver.metrics;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of this library. A resource, because on the module path manifests are not read. */
final class Version {
  private static final String CURRENT = read("version.properties");

  private Version() {}

  static String current() {
    return CURRENT;
  }

  static String read(String resource) {
    try (InputStream in = Version.class.getResourceAsStream(resource)) {
      Properties properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      String version = properties.getProperty("version", "");
      return version.matches("[0-9A-Za-z.+-]{1,64}") ? version : "unknown";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
