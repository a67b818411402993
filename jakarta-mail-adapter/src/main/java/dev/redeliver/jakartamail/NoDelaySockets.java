package dev.redeliver.jakartamail;

import jakarta.mail.Session;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.util.Properties;
import javax.net.SocketFactory;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.angus.mail.util.MailSSLSocketFactory;

/**
 * Gives Angus sockets with TCP_NODELAY. Without it every body above 8 KiB waits some 40 ms for a
 * delayed acknowledgement, because its last part is a small write of its own.
 */
final class NoDelaySockets {
  private NoDelaySockets() {}

  /**
   * {@return a session for opening one connection: the same properties, with our socket factories}
   * The application's own session is not touched.
   */
  static Session sessionFor(Session original, String protocol, SessionLint lint) {
    Properties properties = new Properties(original.getProperties());
    properties.putAll(original.getProperties());
    lint.apply(properties);
    String prefix = "mail." + protocol;
    boolean ownSsl =
        replaceSsl(properties, prefix + ".ssl.socketFactory")
            || properties.getProperty(prefix + ".ssl.socketFactory.class") != null;
    if (!ownSsl) {
      replacePlain(properties, prefix, lint.isWriteTimeoutOurs());
    }
    return Session.getInstance(properties);
  }

  /** Angus asks a MailSSLSocketFactory about trust by its type, so that one stays as it is. */
  private static boolean replaceSsl(Properties properties, String key) {
    Object factory = properties.get(key);
    if (factory instanceof SSLSocketFactory ssl && !(factory instanceof MailSSLSocketFactory)) {
      properties.put(key, new NoDelaySslSocketFactory(ssl));
    }
    return factory instanceof SSLSocketFactory;
  }

  private static void replacePlain(
      Properties properties, String prefix, boolean writeTimeoutIsOurs) {
    String key = prefix + ".socketFactory";
    if (replaceSsl(properties, key) || properties.getProperty(key + ".class") != null) {
      return;
    }
    if (properties.get(key) instanceof SocketFactory own) {
      properties.put(key, new NoDelaySocketFactory(own::createSocket));
      return;
    }
    int limit = 0;
    if (writeTimeoutIsOurs) {
      limit = Integer.parseInt(String.valueOf(properties.remove(prefix + ".writetimeout")));
    }
    properties.put(key, new NoDelaySocketFactory(opener(properties, prefix, limit)));
    // With a factory, Angus would by default try a second time without it, and without our option.
    properties.put(key + ".fallback", "false");
  }

  /**
   * What Angus would have opened by itself.
   *
   * @param limit how long a write may take, in milliseconds; 0 if that is not our business
   */
  private static Opener opener(Properties properties, String prefix, int limit) {
    String socks = properties.getProperty(prefix + ".socks.host");
    if (socks != null && properties.getProperty(prefix + ".proxy.host") == null) {
      return () -> {
        Proxy proxy = new Proxy(Proxy.Type.SOCKS, socksAddress(properties, prefix, socks));
        return limit > 0 ? new WatchedSocket(proxy, limit) : new Socket(proxy);
      };
    }
    if (Boolean.parseBoolean(properties.getProperty(prefix + ".usesocketchannels"))) {
      return () -> SocketChannel.open().socket();
    }
    return limit > 0 ? () -> new WatchedSocket(limit) : Socket::new;
  }

  private static InetSocketAddress socksAddress(
      Properties properties, String prefix, String hostAndPort) {
    int colon = hostAndPort.indexOf(':');
    String host = colon < 0 ? hostAndPort : hostAndPort.substring(0, colon);
    String port = colon < 0 ? "1080" : hostAndPort.substring(colon + 1);
    return new InetSocketAddress(
        host, Integer.parseInt(properties.getProperty(prefix + ".socks.port", port)));
  }

  private interface Opener {
    Socket open() throws IOException;
  }

  private static Socket withoutDelay(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    return socket;
  }

  /** Angus uses the form without arguments only; the others complete the contract. */
  private static final class NoDelaySocketFactory extends SocketFactory {
    private final Opener opener;

    NoDelaySocketFactory(Opener opener) {
      this.opener = opener;
    }

    @Override
    public Socket createSocket() throws IOException {
      return withoutDelay(opener.open());
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
      return connected(new InetSocketAddress(host, port));
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
      return connected(new InetSocketAddress(host, port));
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort)
        throws IOException {
      return connected(new InetSocketAddress(host, port), new InetSocketAddress(local, localPort));
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
        throws IOException {
      return connected(new InetSocketAddress(host, port), new InetSocketAddress(local, localPort));
    }

    private Socket connected(InetSocketAddress remote) throws IOException {
      Socket socket = createSocket();
      socket.connect(remote);
      return socket;
    }

    private Socket connected(InetSocketAddress remote, InetSocketAddress local) throws IOException {
      Socket socket = createSocket();
      socket.bind(local);
      socket.connect(remote);
      return socket;
    }
  }

  /** Puts the option on the socket that carries the TLS connection. */
  private static final class NoDelaySslSocketFactory extends SSLSocketFactory {
    private final SSLSocketFactory delegate;

    NoDelaySslSocketFactory(SSLSocketFactory delegate) {
      this.delegate = delegate;
    }

    @Override
    public String[] getDefaultCipherSuites() {
      return delegate.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
      return delegate.getSupportedCipherSuites();
    }

    @Override
    public Socket createSocket() throws IOException {
      return withoutDelay(delegate.createSocket());
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose)
        throws IOException {
      return delegate.createSocket(withoutDelay(socket), host, port, autoClose);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
      return withoutDelay(delegate.createSocket(host, port));
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
      return withoutDelay(delegate.createSocket(host, port));
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort)
        throws IOException {
      return withoutDelay(delegate.createSocket(host, port, local, localPort));
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
        throws IOException {
      return withoutDelay(delegate.createSocket(host, port, local, localPort));
    }
  }
}
