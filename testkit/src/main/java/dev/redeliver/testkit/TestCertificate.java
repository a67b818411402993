package dev.redeliver.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Objects;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The self-signed certificate of the server, whose key everybody has: good for tests only. */
final class TestCertificate {
  private static final String RESOURCE = "localhost.p12";
  private static final String ALIAS = "localhost";
  private static final String PASSWORD = "testkit";

  private TestCertificate() {}

  static SSLContext serverContext() {
    try {
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(load(), PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot use " + RESOURCE + ": " + e.getMessage(), e);
    }
  }

  static SSLContext clientContext() {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry(ALIAS, certificate());
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot trust " + RESOURCE + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make an empty key store", e);
    }
  }

  static X509Certificate certificate() {
    try {
      return (X509Certificate) Objects.requireNonNull(load().getCertificate(ALIAS), ALIAS);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot read " + RESOURCE + ": " + e.getMessage(), e);
    }
  }

  private static KeyStore load() throws GeneralSecurityException {
    try (InputStream in =
        Objects.requireNonNull(TestCertificate.class.getResourceAsStream(RESOURCE), RESOURCE)) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      return store;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
  }
}
